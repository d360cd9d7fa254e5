"""The Prometheus text file of a batch."""

import datetime as dt

from quality.batch.config import BatchConfig, Task
from quality.batch.run import run_batch
from quality.settings import Settings


def test_a_batch_is_counted(flat_panel, tmp_path):
    tasks = (
        Task("flat", ("scan",), flat_panel.address, str(tmp_path / "flat")),
        Task("lost", ("scan",), str(tmp_path / "none"), str(tmp_path / "lost")),
    )
    metrics = tmp_path / "metrics" / "pricewatch.prom"
    run_batch(BatchConfig(tasks, metrics=str(metrics)), Settings(), [dt.date(2022, 1, 10)])
    lines = set(metrics.read_text().splitlines())
    assert {
        "pricewatch_batch_exit_code 3.0",
        'pricewatch_failed{panel="flat"} 0.0',
        'pricewatch_failed{panel="lost"} 1.0',
        'pricewatch_cells{job="scan",panel="flat"} 30.0',
        'pricewatch_last_session_timestamp_seconds{job="scan",panel="flat"} 1.6417728e+09',
    } <= lines
