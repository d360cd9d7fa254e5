"""The runs before: found again by their address, and removed when they are old."""

import datetime as dt
import shutil

import pytest

from quality.batch.config import Task
from quality.batch.history import earlier_runs, forget
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
