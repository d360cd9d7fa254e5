"""Errors that last, swapped tickers and whole days: named once, with beginning, end and factor."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from quality.check.job import CheckJob, run_check
from quality.panel.partitions import SCHEMA, write_year
from quality.rules.loading import load_ruleset
from quality.scan.run import ScanOptions, scan
from quality.scoring.score import read_run
from quality.storage import Store, open_store

SESSIONS, TICKERS, AT = 260, 14, 180
DAYS = np.busday_offset(np.datetime64("2023-01-02"), np.arange(SESSIONS))
Change = Callable[[np.ndarray], None]


def lively() -> np.ndarray:
    """Prices of cents that move about one per cent a day, tickers by sessions."""
    draw = np.random.default_rng(5)
    levels = np.linspace(20, 400, TICKERS)[:, np.newaxis]
    return np.asarray(np.round(levels * np.exp(np.cumsum(draw.normal(0, 0.01, (TICKERS, SESSIONS)), axis=1)), 2))


def panel_of(folder: Path, prices: np.ndarray, until: int) -> Store:
    """Write prices as a panel; NaN stands for no row."""
    ticker, session = np.nonzero(np.isfinite(prices[:, :until]))
    names = pl.Series([f"T{number:02}" for number in ticker])
    rows = pl.DataFrame({"date": DAYS[session], "ticker": names, "price": prices[ticker, session]}, schema=SCHEMA)
    panel = open_store(folder / "panel")
    for year in rows.with_columns(year=pl.col("date").dt.year()).partition_by("year", include_key=False):
        write_year(panel, year.sort("ticker", "date"))
    return panel


def found(folder: Path, change: Change, *, until: int = SESSIONS) -> pl.DataFrame:
    """Scan a panel after a change; NaN stands for no row."""
    prices = lively()
    change(prices)
    panel, run = panel_of(folder, prices, until), open_store(folder / "run")
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


def test_a_block_is_found_while_the_market_falls(tmp_path: Path) -> None:
    def change(prices: np.ndarray) -> None:
        prices[:, AT:] *= 0.98 ** np.minimum(np.arange(1, SESSIONS - AT + 1), 10)
        prices[3, AT : AT + 9] *= 0.8

    errors = found(tmp_path, change).filter(pl.col("rule") == "block_error", ~pl.col("covered"))
    assert errors.select("date", "last_date").rows() == [(day(AT), day(AT + 8))]
    assert errors.item(0, "factor") == pytest.approx(0.8, rel=0.03)


@pytest.mark.parametrize(("factor", "blocks"), [(0.8, 0), (100, 2)])
def test_before_anything_is_known_of_a_ticker_only_a_large_jump_makes_a_block(
    tmp_path: Path, factor: float, blocks: int
) -> None:
    def change(prices: np.ndarray) -> None:
        prices[3, :AT] = np.nan
        prices[3, AT + 2 : AT + 4] *= factor

    errors = found(tmp_path, change).filter(pl.col("rule") == "block_error")
    assert len(errors) == blocks


def test_on_the_day_of_return_a_check_says_what_was_wrong_and_later_that_it_is_over(tmp_path: Path) -> None:
    back = AT + 6
    today = found(tmp_path / "today", times(100, 6), until=back + 1).filter(pl.col("date") == day(back))
    assert today.select("rule", "severity", "first_date", "last_date", "factor", "status").row(0) == (
        "block_error", "error", day(AT), day(back - 1), 100.0, "provisional",
    )  # fmt: skip
    later = found(tmp_path / "later", times(100, 6)).filter(pl.col("date") == day(back))
    assert later.select("rule", "severity", "first_rule").rows() == [("back_to_level", "info", "block_error")]


@pytest.mark.parametrize("next_price", [np.nan, 0, 0.4])
def test_a_return_is_over_whatever_is_wrong_with_the_next_price(tmp_path: Path, next_price: float) -> None:
    def change(prices: np.ndarray) -> None:
        prices[3, AT : AT + 6] *= 100
        prices[3, AT + 7] *= next_price

    back = found(tmp_path, change).filter(pl.col("date") == day(AT + 6), pl.col("ticker") == "T03")
    assert back.select("rule", "severity", "first_rule").rows() == [("back_to_level", "info", "block_error")]


@pytest.mark.parametrize(("factor", "rule"), [(-1, "negative_price"), (0, "zero_price")])
def test_a_price_below_zero_that_came_there_by_a_leap_never_becomes_usual(
    tmp_path: Path, factor: float, rule: str
) -> None:
    errors = found(tmp_path, times(factor, 30)).filter(pl.col("rule") == rule)
    assert errors.get_column("date").to_list() == [day(at) for at in range(AT, AT + 30)]
    assert set(errors.get_column("severity")) == {"error"}


@pytest.mark.parametrize("factor", [100, 0.01, 10, 0.1])
def test_a_wrong_unit_is_as_wrong_on_each_later_day(tmp_path: Path, factor: float) -> None:
    """As a check of each day says it: an error, since when, and by how much."""
    lasting = found(tmp_path, times(factor, SESSIONS)).filter(pl.col("severity") == "error")
    assert set(lasting.get_column("ticker")) == {"T03"}
    assert lasting.get_column("date").to_list() == [day(at) for at in range(AT, AT + 76)]
    assert lasting.get_column("first_rule").to_list() == ["unit_error"] + ["still_in_wrong_unit"] * 75
    assert lasting.get_column("covered").to_list() == [False] + [True] * 75
    assert lasting.select("first_date", "factor").unique().rows() == [(day(AT), factor)]
    assert lasting.item(0, "last_date") == day(AT + 25)


def test_a_wrong_unit_lasts_until_the_price_is_back(tmp_path: Path) -> None:
    rows = found(tmp_path, times(100, 70)).filter(pl.col("severity") == "error")
    assert rows.get_column("date").to_list() == [day(at) for at in range(AT, AT + 70)]


def test_a_large_move_is_doubted_until_its_level_has_held(tmp_path: Path) -> None:
    young = found(tmp_path / "young", times(2.3, SESSIONS), until=AT + 3).filter(pl.col("severity") == "warning")
    assert young.get_column("rule").to_list() == ["price_spike"] + ["still_off_level"] * 2
    old = found(tmp_path / "old", times(2.3, SESSIONS))
    assert old.select("rule", "first_rule", "severity").rows() == [
        ("level_shift", "price_spike", "info"), *[("level_held", "still_off_level", "info")] * 3,
    ]  # fmt: skip


@pytest.mark.parametrize("tickers", [6, 9, TICKERS])
def test_a_file_in_another_unit_is_one_finding_a_day_for_as_long_as_it_lasts(tmp_path: Path, tickers: int) -> None:
    def change(prices: np.ndarray) -> None:
        prices[:tickers, AT : AT + 4] *= 100

    alarms = found(tmp_path, change).filter(pl.col("severity") != "info", ~pl.col("covered"))
    alarms = alarms.filter(~pl.col("rule").str.starts_with("frozen"))
    assert alarms.select("date", "ticker", "rule").rows() == [
        (day(at), "__SESSION__", "vendor_incident") for at in range(AT, AT + 4)
    ]


def test_a_swap_without_an_end_is_said_every_day(tmp_path: Path) -> None:
    def swap(prices: np.ndarray) -> None:
        prices[[2, 9], AT:] = prices[[9, 2], AT:]

    rows = found(tmp_path, swap, until=AT + 6).filter(pl.col("severity") == "error")
    assert rows.select("ticker", "date", "rule").sort("ticker", "date").rows() == [
        (ticker, day(at), "swapped_tickers") for ticker in ("T02", "T09") for at in range(AT, AT + 6)
    ]
    assert rows.filter(~pl.col("covered")).get_column("date").unique().to_list() == [day(AT)]


def test_a_level_that_stays_is_no_block(tmp_path: Path) -> None:
    shifted = found(tmp_path, times(0.7, SESSIONS)).filter(pl.col("ticker") == "T03")
    assert shifted.select("rule", "severity").rows() == [("level_shift", "info")]


@pytest.mark.parametrize(("factor", "said"), [(2 / 3, ("price_drop", "warning")), (0.62, ("level_shift", "info"))])
def test_a_fall_to_two_thirds_stays_an_alarm_since_it_may_be_a_split(
    tmp_path: Path, factor: float, said: tuple[str, str]
) -> None:
    fallen = found(tmp_path, times(factor, SESSIONS)).filter(pl.col("ticker") == "T03")
    assert fallen.select("rule", "severity").rows() == [said]


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

    findings = found(tmp_path, stand).filter(pl.col("ticker") == "T06")
    assert findings.select("date").is_unique().all()
    runs = findings.filter(pl.col("rule") == "frozen_run")
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


@pytest.mark.parametrize("sessions", [1, 2, 5])
def test_a_price_that_was_appended_is_no_less_wrong_on_the_days_after(tmp_path: Path, sessions: int) -> None:
    """Days are checked and appended one after another, as every evening; the last is the day of return."""
    prices = lively()
    prices[3, AT : AT + sessions] *= 100
    panel = panel_of(tmp_path, prices, AT)
    said = []
    for at in range(AT, AT + sessions + 1):
        file = tmp_path / f"{day(at)}.csv"
        file.write_text("date,ticker,price\n" + "".join(f"{day(at)},T{n:02},{prices[n, at]}\n" for n in range(TICKERS)))
        ran = run_check(CheckJob(str(file), panel.address, load_ruleset("robust"), str(tmp_path / "run"), append=True))
        findings = ran.result.findings.filter(pl.col("severity") == "error", ~pl.col("covered"))
        said.append(findings.select("ticker", "rule").rows())
    still = [[("T03", "still_in_wrong_unit")]] * (sessions - 1)
    assert said == [[("T03", "unit_error")], *still, [("T03", "block_error")] if sessions > 1 else []]
