"""The bench of realistic faults: it puts in what it logs, counts what is found, and is the same each time."""

import numpy as np
import polars as pl
import pytest

from quality.scoring.realism.bench import RIGHT_RULES, Realism, level_alarms, measure_realism, pooled
from quality.scoring.realism.classes import generated_samples
from quality.scoring.realism.sample import Sample

SMALL = {"tickers": 20, "sessions": 320, "seed": 3}


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    return generated_samples(**SMALL)


@pytest.fixture(scope="module")
def measured(samples: list[Sample]) -> Realism:
    # Of seed 1, ten times too high for a day comes within fifty sessions after a split by ten, and seems to end it.
    return measure_realism([samples[0], samples[3]], episodes=3, seed=2)


def test_faults_that_leave_no_doubt_are_found_on_the_day(measured: Realism) -> None:
    found = {row["kind"]: row for row in pooled(measured.kinds).to_dicts()}
    for kind in ("zero", "null", "no_row", "sign_flip"):
        assert (found[kind]["onset_check"], found[kind]["onset_scan"], found[kind]["named"]) == (1, 1, 1), kind
    # Of the six, one ends a split of 10:1 that nobody listed by a day in the unit of before: as if it had been wrong.
    assert found["unit_day"]["onset_check"] >= 5 / 6
    assert found["unit_day"]["onset_scan"] == 1


def test_every_kind_is_measured(measured: Realism) -> None:
    kinds = measured.kinds.group_by("kind").agg(pl.col("episodes").sum())
    assert set(RIGHT_RULES) - set(kinds.get_column("kind")) <= {"vendor_units"}  # the fourth needs more sessions
    assert kinds.get_column("episodes").min() >= 3


def test_clean_prices_of_equities_raise_few_level_alarms(measured: Realism) -> None:
    alarms = level_alarms(measured.alarms).filter(pl.col("sample") == "generated equities")
    assert alarms.item(0, "check") <= 10
    assert alarms.item(0, "scan") <= 3


def test_generated_samples_are_the_same_each_time_and_unlike_each_other(samples: list[Sample]) -> None:
    again = generated_samples(**SMALL)
    assert [sample.name for sample in again] == [sample.name for sample in samples]
    for one, other in zip(samples, again, strict=True):
        assert np.array_equal(one.prices, other.prices, equal_nan=True)
    by_name = {sample.name.removeprefix("generated "): sample for sample in samples}
    assert (by_name["yields"].prices < 0).any()
    assert (np.diff(by_name["penny shares"].prices) == 0).mean() > 0.2
    assert not by_name["two calendars"].present.all()
    assert len({day.astype(object).weekday() for day in by_name["crypto"].sessions}) == 7
