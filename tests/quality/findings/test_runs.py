"""Runs: one at an address, or all below it, in the order of time."""

import datetime as dt

import pytest

from quality.errors import InputError
from quality.findings.runs import find_runs
from quality.findings.summary import encode
from quality.storage import open_store


def make(folder, name, **summary):
    store = open_store(folder / name)
    store.write("findings/year=2022/findings.parquet", b"")
    if summary:
        store.write("summary.json", encode({"job": "check", **summary}))
    return store


def test_a_run_is_itself(tmp_path):
    store = make(tmp_path, "run", first_session="2022-01-03", last_session="2022-01-04")
    (run,) = find_runs(store.address)
    assert (run.name, run.is_finished) == (store.address, True)
    assert (run.first_session, run.last_session) == (dt.date(2022, 1, 3), dt.date(2022, 1, 4))
    assert run.findings == {"findings/year=2022/findings.parquet": 2022}


def test_a_folder_of_runs_is_a_history_in_the_order_of_time(tmp_path):
    make(tmp_path, "a", last_session="2022-01-05")
    make(tmp_path, "deep/b", last_session="2022-01-04")
    make(tmp_path, "c", last_session="2022-01-01", started="2022-02-01T00:00:00Z")
    make(tmp_path, "stopped")
    open_store(tmp_path).write("a/score/total.parquet", b"")
    runs = find_runs(str(tmp_path))
    assert [run.name for run in runs] == ["stopped", "deep/b", "a", "c"]
    assert [run.is_finished for run in runs] == [False, True, True, True]
    assert runs[1].store.read("summary.json")


def test_on_s3_too(bucket):
    store = open_store(f"{bucket}/runs")
    store.write("one/summary.json", encode({"job": "scan"}))
    store.write("one/findings/year=2022/findings.parquet", b"x")
    (run,) = find_runs(store.address)
    assert (run.name, run.store.address, run.summary["job"]) == ("one", f"{bucket}/runs/one", "scan")


def test_no_run_is_an_error_that_says_what_to_do(tmp_path):
    (tmp_path / "score").mkdir()
    with pytest.raises(InputError, match=r"no finished run at .*: neither it nor a folder in it has a summary\.json"):
        find_runs(str(tmp_path))
