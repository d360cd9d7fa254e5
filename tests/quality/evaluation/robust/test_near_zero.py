"""Prices near zero: rates cross it by usual steps, a wrong sign does not, and shares of such a price say nothing."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from quality.panel.partitions import SCHEMA, write_year
from quality.rules.loading import load_ruleset
from quality.scan.run import ScanOptions, scan
from quality.scoring.score import read_run
from quality.storage import open_store

START = dt.date(2024, 1, 1)
# Two up, one down: rates that rise from -0.6 to 0.6 within the year, by one or two hundredths a day.
RISING = [round(-0.6 + 0.01 * at + 0.01 * (at % 2), 3) for at in range(120)]
# Below zero, but for the last five: no five moves of theirs are known.
RISEN = [*(round(-0.4 + 0.01 * at, 3) for at in range(35)), -0.04, -0.02, 0.01, 0.02, 0.01, 0.02, 0.01]


def alarms(folder: Path, prices: Sequence[float]) -> list[tuple[int, str]]:
    days = [START + dt.timedelta(days=at) for at in range(len(prices))]
    rows = {"date": days, "ticker": ["A"] * len(days), "price": list(prices)}
    panel, run = open_store(folder / "panel"), open_store(folder / "run")
    write_year(panel, pl.DataFrame(rows, schema=SCHEMA))
    scan(panel, run, load_ruleset("robust"), ScanOptions(formats=("parquet",)))
    found = read_run(run)[1].filter(pl.col("first_rule").is_not_null(), pl.col("severity") != "info")
    return [((row["date"] - START).days, row["first_rule"]) for row in found.iter_rows(named=True)]


@pytest.mark.parametrize("prices", [RISING, [-price for price in RISING]])
def test_rates_below_zero_are_said_until_a_step_of_theirs_is_known(tmp_path: Path, prices: list[float]) -> None:
    below_at_first = [] if prices[0] > 0 else [(0, "negative_price")]
    found = alarms(tmp_path, [price or 0.001 for price in prices])
    assert [alarm for alarm in found if alarm[1] == "negative_price"] == below_at_first


@pytest.mark.parametrize("at", [20, 100])
def test_a_wrong_sign_is_no_usual_step(tmp_path: Path, at: int) -> None:
    prices = [price + 3 for price in RISING]
    prices[at] *= -1
    assert alarms(tmp_path, prices) == [(at, "negative_price")]


@pytest.mark.parametrize(
    ("price", "rules"),
    [
        # Six times as much, by as many steps as such rates go in a few days.
        (0.06, []),
        (0.4, ["price_spike"]),
        # Ten times is wrong near zero, too.
        (0.1, ["unit_error"]),
    ],
)
def test_near_zero_a_price_is_told_by_its_steps(tmp_path: Path, price: float, rules: list[str]) -> None:
    found = alarms(tmp_path, [*RISEN, price])
    assert [rule for at, rule in found if at == len(RISEN)] == rules


@pytest.mark.parametrize(
    ("price", "rules"),
    [(0.001, []), (0.004, []), (0.02, ["unit_error"]), (0.2, ["unit_error"]), (0.009, ["price_spike"])],
)
def test_a_price_that_never_moved_is_told_by_its_last_digit(tmp_path: Path, price: float, rules: list[str]) -> None:
    """One to three ticks are no alarm, however large a share; more are."""
    found = alarms(tmp_path, [0.002] * 80 + [price])
    assert [rule for at, rule in found if at == 80] == rules
