"""Realistic faults: the log is what changed, stretches keep their distance, and swapped tickers name each other."""

import numpy as np
import polars as pl
import pytest

from quality.scoring.realism.classes import generated_samples
from quality.scoring.realism.days import inject_days
from quality.scoring.realism.inject import Injected, inject_realistic
from quality.scoring.realism.sample import Sample


@pytest.fixture(scope="module")
def sample() -> Sample:
    return generated_samples(tickers=30, sessions=500, seed=2)[0]


@pytest.fixture(scope="module")
def injected(sample: Sample) -> Injected:
    return inject_realistic(sample, episodes=4, seed=9)


def test_the_log_says_what_changed(sample: Sample, injected: Injected) -> None:
    day = {date: at for at, date in enumerate(sample.sessions.tolist())}
    ticker = {name: at for at, name in enumerate(sample.tickers)}
    for row in injected.truth.filter(~pl.col("anomaly_type").str.starts_with("split")).iter_rows(named=True):
        at = ticker[row["ticker"]], day[row["date"]]
        now = injected.sample.prices[at]
        assert now == row["new_value"] or (np.isnan(now) and row["new_value"] is None)
        assert row["first_date"] <= row["date"] <= row["last_date"]


def test_what_no_fault_touched_is_as_it_was(sample: Sample, injected: Injected) -> None:
    split = set(injected.truth.filter(pl.col("anomaly_type").str.starts_with("split")).get_column("ticker"))
    untouched = [at for at, name in enumerate(sample.tickers) if name not in split]
    differs = injected.sample.prices[untouched] != sample.prices[untouched]
    names = [sample.tickers[at] for at in untouched]
    logged = injected.truth.filter(pl.col("ticker").is_in(names)).select("date", "ticker").n_unique()
    assert int(differs.sum()) == logged


def test_swapped_tickers_name_each_other(injected: Injected) -> None:
    swaps = injected.truth.filter(pl.col("anomaly_type") == "swap_month")
    pairs = set(swaps.select("ticker", "partner").rows())
    assert pairs
    assert {(partner, ticker) for ticker, partner in pairs} == pairs


def test_faults_of_whole_days_leave_the_other_days_alone(sample: Sample) -> None:
    injected = inject_days(sample, seed=1)
    days = injected.truth.group_by("date").agg(pl.col("anomaly_type").unique())
    assert days.get_column("anomaly_type").list.len().max() == 1
    assert set(injected.truth.get_column("anomaly_type")) == {
        "stale_file", "incomplete_file", "misaligned_file", "vendor_units",
    }  # fmt: skip
    changed = (injected.sample.prices != sample.prices).any(axis=0)
    assert set(sample.sessions[changed].tolist()) == set(days.get_column("date"))
