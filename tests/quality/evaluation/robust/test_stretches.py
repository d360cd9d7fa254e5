"""Errors that last, swapped tickers and whole days: named once, with beginning, end and factor."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from quality.panel.partitions import SCHEMA, write_year
from quality.rules.loading import load_ruleset
from quality.scan.run import ScanOptions, scan
from quality.scoring.score import read_run
from quality.storage import open_store

SESSIONS, TICKERS, AT = 260, 14, 180
DAYS = np.busday_offset(np.datetime64("2023-01-02"), np.arange(SESSIONS))
Change = Callable[[np.ndarray], None]


def lively() -> np.ndarray:
    """Prices of cents that move about one per cent a day, tickers by sessions."""
    draw = np.random.default_rng(5)
    levels = np.linspace(20, 400, TICKERS)[:, np.newaxis]
    return np.asarray(np.round(levels * np.exp(np.cumsum(draw.normal(0, 0.01, (TICKERS, SESSIONS)), axis=1)), 2))


def found(folder: Path, change: Change, *, until: int = SESSIONS) -> pl.DataFrame:
    """Scan a panel after a change; NaN stands for no row."""
    prices = lively()
    change(prices)
    prices = prices[:, :until]
    ticker, session = np.nonzero(np.isfinite(prices))
    names = pl.Series([f"T{number:02}" for number in ticker])
    rows = pl.DataFrame({"date": DAYS[session], "ticker": names, "price": prices[ticker, session]}, schema=SCHEMA)
    panel, run = open_store(folder / "panel"), open_store(folder / "run")
    for year in rows.with_columns(year=pl.col("date").dt.year()).partition_by("year", include_key=False):
        write_year(panel, year.sort("ticker", "date"))
    scan(panel, run, load_ruleset("robust"), ScanOptions(formats=("parquet",)))
    return read_run(run)[1]


def day(at: int) -> dt.date:
    return DAYS[at].item()


def times(factor: float, sessions: int, ticker: int = 3) -> Change:
    def change(prices: np.ndarray) -> None:
        prices[ticker, AT : AT + sessions] *= factor

    return change


@pytest.mark.parametrize(("factor", "sessions"), [(100, 15), (0.01, 2), (10, 4), (0.8, 8), (2, 12), (1 / 3, 5)])
def test_a_block_is_one_error_with_beginning_end_and_factor(tmp_path: Path, factor: float, sessions: int) -> None:
    errors = found(tmp_path, times(factor, sessions)).filter(pl.col("rule") == "block_error")
    assert errors.get_column("date").to_list() == [day(at) for at in range(AT, AT + sessions)]
    assert errors.get_column("covered").to_list() == [False] + [True] * (sessions - 1)
    first = errors.row(0, named=True)
    assert (first["first_date"], first["last_date"], first["severity"]) == (day(AT), day(AT + sessions - 1), "error")
    assert first["factor"] == pytest.approx(factor, rel=0.03)


def test_on_the_day_of_return_a_check_says_what_was_wrong_and_later_that_it_is_over(tmp_path: Path) -> None:
    back = AT + 6
    today = found(tmp_path / "today", times(100, 6), until=back + 1).filter(pl.col("date") == day(back))
    assert today.select("rule", "severity", "first_date", "last_date", "factor", "status").row(0) == (
        "block_error", "error", day(AT), day(back - 1), 100.0, "provisional",
    )  # fmt: skip
    later = found(tmp_path / "later", times(100, 6)).filter(pl.col("date") == day(back))
    assert later.select("rule", "severity", "first_rule").rows() == [("back_to_level", "info", "block_error")]


def test_a_level_that_stays_is_no_block(tmp_path: Path) -> None:
    shifted = found(tmp_path, times(0.7, SESSIONS)).filter(pl.col("ticker") == "T03")
    assert shifted.select("rule", "severity").rows() == [("level_shift", "info")]


@pytest.mark.parametrize("sessions", [1, 15])
def test_swapped_tickers_name_each_other_and_nothing_else_is_said(tmp_path: Path, sessions: int) -> None:
    def swap(prices: np.ndarray) -> None:
        prices[[2, 9], AT : AT + sessions] = prices[[9, 2], AT : AT + sessions]

    said = found(tmp_path, swap).filter(pl.col("severity") != "info")
    assert set(said.get_column("rule")) == {"swapped_tickers"}
    assert said.height == 2 * sessions
    counting = said.filter(~pl.col("covered"))
    assert [(row["ticker"], row["date"]) for row in counting.iter_rows(named=True)] == [
        ("T02", day(AT)),
        ("T09", day(AT)),
    ]
    assert ["T09" in counting.item(0, "message"), "T02" in counting.item(1, "message")] == [True, True]


def test_prices_that_stand_still_are_one_run(tmp_path: Path) -> None:
    def stand(prices: np.ndarray) -> None:
        prices[6, AT : AT + 7] = prices[6, AT - 1]

    runs = found(tmp_path, stand).filter(pl.col("rule") == "frozen_run")
    assert runs.get_column("covered").to_list() == [False] + [True] * 6
    first = runs.row(0, named=True)
    assert (first["date"], first["first_date"], first["last_date"]) == (day(AT), day(AT), day(AT + 6))
    assert "for 7 sessions" in first["message"]


def test_a_ticker_that_often_stands_still_has_no_run(tmp_path: Path) -> None:
    def idle(prices: np.ndarray) -> None:
        for at in range(1, SESSIONS):
            if at % 5 in (1, 2, 3):
                prices[4, at] = prices[4, at - 1]

    rules = set(found(tmp_path, idle).filter(pl.col("ticker") == "T04").get_column("rule"))
    assert not rules & {"frozen_run", "frozen_price"}


def test_prices_that_lost_their_decimals_are_one_run(tmp_path: Path) -> None:
    def rounding(prices: np.ndarray) -> None:
        prices[11, AT : AT + 10] = np.rint(prices[11, AT : AT + 10])

    runs = found(tmp_path, rounding).filter(pl.col("rule") == "rounded_prices")
    assert runs.get_column("date").to_list() == [day(at) for at in range(AT, AT + 10)]
    assert runs.item(3, "first_rule") == "rounded_prices"  # on the fourth day it is told
    assert runs.item(0, "message").startswith("Prices have 0 decimals for 10 sessions")


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("stale_day", lambda prices: np.copyto(prices[:, AT], prices[:, AT - 1])),
        ("incomplete_session", lambda prices: np.copyto(prices[:6, AT], np.nan)),
        ("misaligned_file", lambda prices: np.copyto(prices[:, AT], np.roll(prices[:, AT], 1))),
        ("vendor_incident", lambda prices: np.multiply(prices[:6, AT], 100, out=prices[:6, AT])),
    ],
)
def test_a_whole_day_is_one_finding_and_its_cells_are_covered(tmp_path: Path, rule: str, change: Change) -> None:
    said = found(tmp_path, change).filter(pl.col("date") == day(AT))
    counting = said.filter(~pl.col("covered"))
    assert counting.select("ticker", "rule", "severity").rows() == [("__SESSION__", rule, "error")]
    assert said.height > 6
    assert set(said.get_column("rule")) == {rule}


def test_after_a_day_in_another_unit_nothing_is_said_of_the_return(tmp_path: Path) -> None:
    def units(prices: np.ndarray) -> None:
        prices[:6, AT] *= 100

    assert found(tmp_path, units).filter(pl.col("date") == day(AT + 1)).height == 0


def test_a_missing_ticker_is_said_once_and_then_still_missing(tmp_path: Path) -> None:
    def gone(prices: np.ndarray) -> None:
        prices[7, AT : AT + 5] = np.nan

    missing = found(tmp_path, gone).filter(pl.col("rule") == "missing_ticker")
    assert missing.get_column("covered").to_list() == [False, True, True, True, True]
    assert missing.get_column("message").to_list()[:2] == [
        "Ticker is missing, for 1 session now",
        "Ticker is missing, for 2 sessions now",
    ]


def test_a_ticker_that_is_often_missing_is_no_alarm(tmp_path: Path) -> None:
    def often(prices: np.ndarray) -> None:
        prices[7, 100:AT:7] = np.nan

    late = found(tmp_path, often).filter(pl.col("date") > day(140))
    assert set(late.get_column("severity")) == {"info"}
    assert set(late.get_column("rule")) == {"habitually_absent"}


def test_rates_that_cross_zero_are_no_alarm_and_a_wrong_sign_is(tmp_path: Path) -> None:
    def rates(prices: np.ndarray) -> None:
        steps = np.random.default_rng(1).integers(-3, 4, SESSIONS).cumsum()
        prices[0] = np.round(0.01 * (steps - steps.mean().round()), 2)
        prices[5, AT] *= -1

    said = found(tmp_path, rates).filter((pl.col("rule") == "negative_price") & (pl.col("date") > day(40)))
    assert said.get_column("ticker").to_list() == ["T05"]
