"""The plan of a batch, made without changing anything."""

import datetime as dt

from quality.batch.config import BatchConfig, Task
from quality.batch.plan import plan_batch
from quality.settings import Settings

FRIDAY, SATURDAY = dt.date(2022, 1, 14), dt.date(2022, 1, 15)


def test_the_plan_says_what_would_be_read_written_and_told(flat_panel, tmp_path):
    task = Task(
        "flat",
        ("check",),
        flat_panel.address,
        str(tmp_path / "runs" / "{date}"),
        file=str(tmp_path / "{date}.csv"),
        append=True,
        fail_on="error",
        calendar="weekdays",
        publish="s3://bucket/quality/{run}",
        keep_days=30,
    )
    before = sorted(tmp_path.rglob("*"))
    friday, saturday = plan_batch(BatchConfig((task,)), Settings(), [FRIDAY, SATURDAY])
    assert friday["steps"] == [
        f"read {tmp_path}/2022-01-14.csv (not there yet)",
        f"check it against {flat_panel.address} by robust",
        f"write {tmp_path}/runs/2022-01-14",
        f"append the day to {flat_panel.address}, unless findings reach error",
        "publish to s3://bucket/quality/{run}, then s3://bucket/quality/latest.json",
        "remove runs older than 30 days",
    ]
    assert saturday["steps"] == ["nothing: no session of weekdays"]
    assert sorted(tmp_path.rglob("*")) == before
