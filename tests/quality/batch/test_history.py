"""The runs before: found again by their address, and removed when they are old."""

import datetime as dt
import shutil
from dataclasses import replace

import pytest

from quality.batch.config import Task
from quality.batch.history import earlier_runs, forget, forget_published
from quality.settings import Settings
from quality.storage import open_store

DAYS = [dt.date(2022, 1, number) for number in (1, 2, 10)]


@pytest.fixture(params=["local", "s3"])
def place(request, tmp_path):
    return str(tmp_path) if request.param == "local" else request.getfixturevalue("bucket")


@pytest.fixture
def task(place):
    task = Task("us", ("check", "scan"), "panel", f"{place}/runs/{{panel}}/{{date}}", keep_days=5)
    for job in task.jobs:
        for day in DAYS:
            run = open_store(task.on(day, job).run)
            run.write("findings/year=2022/findings.parquet", b"")
            run.write("summary.json", b"{}")
            run.write("notes.txt", b"mine")
    open_store(f"{place}/runs/us/2022-01-03/check").write("anomalies.csv", b"unfinished")
    open_store(f"{place}/runs/us/latest/check").write("summary.json", b"{}")
    return task


def test_finished_runs_are_found_by_job_and_day(task):
    found = earlier_runs(task, "check", Settings(), dt.date(2022, 1, 10))
    assert [past.day for past in found] == DAYS[:2]
    assert found[0].run.address == task.on(DAYS[0], "check").run


def test_a_place_without_a_date_has_no_history(place):
    assert earlier_runs(Task("us", ("scan",), "panel", f"{place}/run"), "scan", Settings()) == []


def test_what_is_older_than_is_kept_is_removed_and_nothing_else(task, place):
    gone = forget(task, "check", dt.date(2022, 1, 10), Settings())
    assert gone == [task.on(day, "check").run for day in DAYS[:2]]
    assert [past.day for past in earlier_runs(task, "check", Settings())] == DAYS[2:]
    assert [past.day for past in earlier_runs(task, "scan", Settings())] == DAYS
    assert open_store(task.on(DAYS[0], "check").run).read("notes.txt") == b"mine"
    if not place.startswith("s3://"):
        shutil.rmtree(place)


def test_old_published_runs_are_removed_but_never_the_latest(place):
    root = open_store(f"{place}/quality/us")
    ids = ["20260101T183000000Z-aaaaaa", "20260201T183000000Z-bbbbbb", "20260301T183000000Z-cccccc"]
    for run in ids:
        root.write(f"{run}/findings/year=2026/findings.parquet", b"")
        root.write(f"{run}/summary.json", b"{}")
        root.write(f"{run}/report.html", b"")
    root.write("notes/summary.json", b"{}")
    root.write("latest.json", f'{{"run_id": "{ids[0]}"}}'.encode())
    task = Task("us", ("check",), "panel", "run", publish=f"{place}/quality/{{panel}}/{{run}}", keep_published_days=20)
    now = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
    assert forget_published(task, "check", Settings(), now) == [f"{root.address}/{ids[1]}"]
    assert {entry.key.partition("/")[0] for entry in root.entries()} == {ids[0], ids[2], "latest.json", "notes"}
    assert forget_published(replace(task, keep_published_days=None), "check", Settings(), now) == []
