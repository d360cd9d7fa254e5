"""The rule set `robust`: each rule on a few prices, then what must hold for every panel."""

import datetime as dt
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.check.day import Day, Entry
from quality.check.run import check
from quality.errors import UsageError
from quality.panel.block import Block, to_table
from quality.panel.partitions import write_year
from quality.rules.files import read_rule
from quality.rules.loading import load_ruleset
from quality.rules.model import Thresholds
from quality.scan.run import ScanOptions, scan
from quality.scoring.score import read_run
from quality.storage import open_store
from quality.synthetic.faults import draw_faults, faulty_blocks
from quality.synthetic.market import Market, price_blocks

GAP, NULL = "no row", None
START = dt.date(2024, 1, 1)


def weekdays(count: int) -> list[dt.date]:
    days = (START + dt.timedelta(days=day) for day in range(2 * count))
    return [day for day in days if day.weekday() < 5][:count]


def quiet(count: int, seed: int = 1, level: float = 100.0) -> list[float]:
    """Prices that move about one per cent a day and never repeat."""
    moves = np.random.default_rng(seed).uniform(0.004, 0.014, count) * np.where(np.arange(count) % 2, 1, -1)
    return [round(price, 2) for price in level * np.exp(np.cumsum(moves))]


def write(folder: Path, columns: dict[str, Sequence[object]], days: Sequence[dt.date] | None = None) -> Path:
    days = days or weekdays(max(map(len, columns.values())))
    rows = [
        (day, ticker, price)
        for ticker, prices in columns.items()
        for day, price in zip(days, prices, strict=False)
        if price != GAP
    ]
    panel = pl.DataFrame(rows, schema={"date": pl.Date, "ticker": pl.String, "price": pl.Float64}, orient="row")
    for (_,), year in panel.sort("ticker", "date").group_by(pl.col("date").dt.year(), maintain_order=True):
        write_year(open_store(folder / "panel"), year)
    return folder / "panel"


def scanned(panel: Path, rows_a_chunk: int = 1_000_000, **thresholds: Thresholds) -> pl.DataFrame:
    run = panel.parent / f"run{rows_a_chunk}"
    options = ScanOptions(formats=("parquet",), rows_a_chunk=rows_a_chunk)
    scan(open_store(panel), open_store(run), load_ruleset("robust", thresholds=thresholds), options)
    return read_run(open_store(run))[1]


def said(found: pl.DataFrame) -> list[tuple[int, str, str]]:
    """What was found: position of the session from 0, ticker, rule."""
    position = {day: at for at, day in enumerate(weekdays(400))}
    return [(position[row["date"]], row["ticker"], row["rule"]) for row in found.iter_rows(named=True)]


def with_change(at: int, price: object, count: int = 60) -> dict[str, Sequence[object]]:
    prices: list[object] = list(quiet(count))
    prices[at] = price
    return {"A": prices, "B": quiet(count, seed=2)}


@pytest.mark.parametrize(
    ("price", "rule"),
    [
        (NULL, "missing_price"),
        (0.0, "zero_price"),
        (-100.0, "negative_price"),
        (float("inf"), "non_finite_price"),
        (float("-inf"), "non_finite_price"),
        (GAP, "missing_ticker"),
        (150.0, "price_spike"),
        (70.0, "price_drop"),
        (10_000.0, "unit_error"),
        (1.0, "unit_error"),
    ],
)
def test_one_wrong_price_is_one_finding(tmp_path: Path, price: object, rule: str) -> None:
    assert said(scanned(write(tmp_path, with_change(30, price)))) == [(30, "A", rule)]


@pytest.mark.parametrize("price", [108.0, 115.0, 85.0])
def test_a_price_within_its_limits_is_none(tmp_path: Path, price: float) -> None:
    found = scanned(write(tmp_path, with_change(30, price)))
    assert said(found.filter(pl.col("first_rule").is_not_null())) == []
    assert said(found) == [(30, "A", "spike_reverted")]  # what the next day says is another matter


def test_a_spike_says_what_was_expected_and_its_limits(tmp_path: Path) -> None:
    found = scanned(write(tmp_path, with_change(30, 150.0))).row(0, named=True)
    assert found["lower"] < found["expected"] < found["upper"] < found["price"] == 150
    assert found["deviation"] == pytest.approx(150 / found["expected"] - 1)
    assert found["message"].startswith("Price 150.0 is ")
    assert (found["status"], found["first_rule"]) == ("confirmed", "price_spike")


def test_a_spike_does_not_spoil_the_days_after_it(tmp_path: Path) -> None:
    prices = quiet(60)
    prices[20] *= 5
    prices[23] /= 5
    assert [rule for _, _, rule in said(scanned(write(tmp_path, {"A": prices})))] == ["price_spike", "price_drop"]


def test_a_ticker_is_missed_for_nineteen_sessions_and_stops_on_the_twentieth(tmp_path: Path) -> None:
    panel = write(tmp_path, {"A": quiet(80), "B": [*quiet(30, seed=2), *[GAP] * 50]})
    missing = [(at, "B", "missing_ticker") for at in range(30, 49)]
    assert said(scanned(panel)) == [*missing, (49, "B", "ticker_stopped")]


def test_a_ticker_that_comes_back_after_it_stopped_was_not_expected(tmp_path: Path) -> None:
    prices = quiet(80, seed=2)
    panel = write(tmp_path, {"A": quiet(80), "B": [*prices[:30], *[GAP] * 20, *prices[50:]]})
    assert said(scanned(panel))[-1] == (50, "B", "unexpected_ticker")


def test_a_new_ticker_is_unexpected_once_there_is_history(tmp_path: Path) -> None:
    columns = {"A": quiet(40), "B": [GAP] * 3 + quiet(37, seed=2), "C": [GAP] * 20 + quiet(20, seed=3)}
    assert said(scanned(write(tmp_path, columns))) == [(20, "C", "unexpected_ticker")]


def test_the_whole_market_moving_is_one_finding(tmp_path: Path) -> None:
    columns = {f"T{number}": quiet(60, seed=number) for number in range(12)}
    for prices in columns.values():
        prices[30:] = [round(price * 0.7, 2) for price in prices[30:]]
    assert said(scanned(write(tmp_path, columns))) == [(30, "__MARKET__", "market_move")]


def test_on_a_day_of_the_market_tickers_scatter_by_as_much(tmp_path: Path) -> None:
    """Two fall by a quarter more than the others: too far on a quiet day, and not where all fall by a third."""
    columns = {f"T{number:02}": quiet(60, seed=number) for number in range(14)}
    for day, fall in ((30, 1.0), (45, 0.66)):
        for number, prices in enumerate(columns.values()):
            factor = fall * (0.75 if number < 2 else 1)
            prices[day:] = [round(price * factor, 2) for price in prices[day:]]
    found = scanned(write(tmp_path, columns)).filter(pl.col("first_rule") == "price_drop")
    assert [(at, ticker) for at, ticker, _ in said(found)] == [(30, "T00"), (30, "T01")]


def test_few_tickers_are_no_market(tmp_path: Path) -> None:
    columns = {f"T{number}": quiet(60, seed=number) for number in range(3)}
    for prices in columns.values():
        prices[30] *= 0.5
    assert {rule for _, _, rule in said(scanned(write(tmp_path, columns)))} == {"price_drop"}


def test_frozen_prices_are_found_where_repeats_are_many(tmp_path: Path) -> None:
    moves = np.random.default_rng(5).normal(0, 0.02, (120, 20))
    prices = np.round(200 * np.exp(np.cumsum(moves, axis=0)), 2)
    columns = {f"T{number:02}": list(prices[:, number]) for number in range(20)}
    frozen = [(at, f"T{at % 20:02}") for at in range(20, 110, 2)]
    for at, ticker in frozen:
        columns[ticker][at] = columns[ticker][at - 1]
    found = {(at, ticker) for at, ticker, rule in said(scanned(write(tmp_path, columns))) if rule == "frozen_price"}
    assert len(found & set(frozen)) > 0.9 * len(frozen)
    assert len(found - set(frozen)) < 4  # natural repeats, of which there are some too


def test_one_repeat_in_a_small_panel_proves_nothing(tmp_path: Path) -> None:
    prices = quiet(120)
    prices[60] = prices[59]
    assert said(scanned(write(tmp_path, {"A": prices}))) == []


def test_coarse_ticks_repeat_by_nature(tmp_path: Path) -> None:
    moves = np.random.default_rng(5).normal(0, 0.02, (200, 20))
    prices = np.round(20 * np.exp(np.cumsum(moves, axis=0)) * 4) / 4
    columns = {f"T{number:02}": list(prices[:, number]) for number in range(20)}
    repeats = int((prices[1:] == prices[:-1]).sum())
    found = [rule for _, _, rule in said(scanned(write(tmp_path, columns))) if rule.startswith("frozen")]
    assert repeats > 200
    assert len(found) < 0.05 * repeats


@pytest.mark.parametrize(("factor", "ratio"), [(0.5, "2:1"), (1 / 3, "3:1"), (1 / 20, "20:1"), (5, "1:5")])
def test_a_split_is_named_by_the_days_that_follow(tmp_path: Path, factor: float, ratio: str) -> None:
    prices = quiet(150)
    prices[120:] = [round(price * factor, 2) for price in prices[120:]]
    found = scanned(write(tmp_path, {"A": prices}))
    assert said(found.filter(~pl.col("covered"))) == [(120, "A", "likely_split")]
    assert found.item(0, "status") == "reclassified"
    assert found.item(0, "first_rule") == ("price_spike" if factor > 1 else "price_drop")
    assert ratio in found.item(0, "message")


def test_a_level_that_stays_was_a_real_move(tmp_path: Path) -> None:
    prices = quiet(100)
    prices[60:] = [round(price * 0.72, 2) for price in prices[60:]]
    found = scanned(write(tmp_path, {"A": prices}))
    assert said(found) == [(60, "A", "level_shift")]
    assert found.select("severity", "status", "first_rule").row(0) == ("info", "reclassified", "price_drop")


@pytest.mark.parametrize(
    ("moves", "at", "course"),
    [
        # News that fades: the first prices after it are far from it, and none is where it was.
        ([1.8, 1.5, 1.4, *[1.35] * 37], 60, "kept 5. % of the way"),
        # A dip of a few days, there and back in steps, each twice the limit.
        ([0.7, 0.45, 0.6, 0.8], 61, "was on the way the session before and after, too"),
    ],
)
def test_a_move_that_leaves_something_behind_was_real(tmp_path: Path, moves: list[float], at: int, course: str) -> None:
    prices = quiet(100)
    prices[60 : 60 + len(moves)] = [round(price * move, 2) for price, move in zip(prices[60:], moves, strict=False)]
    (finding,) = scanned(write(tmp_path, {"A": prices})).filter(pl.col("date") == weekdays(100)[at]).to_dicts()
    assert (finding["rule"], finding["severity"], finding["status"]) == ("level_shift", "info", "reclassified")
    assert re.search(course, finding["message"])


def test_what_is_six_times_too_high_is_no_news_that_fades(tmp_path: Path) -> None:
    prices = quiet(100)
    prices[60:] = [round(price * move, 2) for price, move in zip(prices[60:], [9, 6, *[4] * 38], strict=True)]
    findings = scanned(write(tmp_path, {"A": prices})).filter(pl.col("date") == weekdays(100)[60])
    assert findings.get_column("severity").to_list() == ["warning"]


def test_the_last_days_are_still_provisional(tmp_path: Path) -> None:
    assert scanned(write(tmp_path, with_change(59, 150.0))).item(0, "status") == "provisional"


def test_thresholds_below_the_defaults_are_honoured(tmp_path: Path) -> None:
    panel = write(tmp_path, with_change(30, 109.0))
    lower = Thresholds({"limit": 0.05, "own_move": 0.05, "sigmas": 2})
    assert [rule for _, _, rule in said(scanned(panel))] == ["spike_reverted"]
    assert said(scanned(panel, price_spike=lower)) == [(30, "A", "price_spike")]


HEADER = "-- name: mine\n-- severity: info\n-- message: m\n-- parameters: none\n-- look-back: 0\n"
SELECT = "select date, ticker, price, null as expected, null as deviation from metrics\n"


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("-- look-ahead: 3\n", "'look-ahead' is for a rule with '-- retrospective: yes'"),
        ("-- reclassifies: price_drop\n", "'reclassifies' is for a rule with '-- retrospective: yes'"),
        ("-- retrospective: no\n", "'retrospective' is for a rule with '-- retrospective: yes'"),
        ("-- retrospective: yes\n", "says how many sessions it needs"),
        ("-- retrospective: yes\n-- look-ahead: 0\n", "look-ahead '0' is not a number of sessions"),
        ("-- retrospective: yes\n-- look-ahead: 3\n-- reclassifies: A b\n", "is not a list of rule names"),
    ],
)
def test_hindsight_is_declared_strictly(tmp_path: Path, lines: str, problem: str) -> None:
    path = tmp_path / "mine.sql"
    path.write_text(HEADER + lines + SELECT)
    with pytest.raises(UsageError, match=r"mine\.sql:[678]: ") as error:
        read_rule(path)
    assert problem in str(error.value)


def test_a_rule_of_the_day_cannot_see_the_days_after(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "mine.sql").write_text(HEADER + SELECT + "where expected_after > 0\n")
    panel, run = write(tmp_path, {"A": quiet(30)}), open_store(tmp_path / "run")
    with pytest.raises(UsageError, match="expected_after"):
        scan(open_store(panel), run, load_ruleset("robust", [folder]))


def test_rules_of_the_user_see_every_cell(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "mine.sql").write_text(HEADER + SELECT)
    run = open_store(tmp_path / "run")
    summary = scan(open_store(write(tmp_path, {"A": quiet(30)})), run, load_ruleset("robust", [folder]))
    assert summary["by_rule"] == {"mine": 30}


def faulty_panel(folder: Path, days: int, stocks: int, seed: int, rate: float) -> Path:
    market = Market(days, stocks, dt.date(2021, 6, 1), seed)
    blocks = [
        Block(sessions, prices, np.zeros(prices.shape, dtype=np.bool_)) for sessions, prices in price_blocks(market)
    ]
    faults = draw_faults(len(market.sessions), stocks, rate, seed)
    for block in faulty_blocks(blocks, faults):
        write_year(open_store(folder / "panel"), to_table(block, market.tickers))
    return folder / "panel"


CAUSAL = ("date", "ticker", "first_rule", "price", "expected", "deviation", "lower", "upper")


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 10_000), rate=st.sampled_from([0.02, 0.2]), back=st.integers(1, 150))
def test_a_check_says_what_the_scan_says_of_that_day(
    tmp_path_factory: pytest.TempPathFactory, seed: int, rate: float, back: int
) -> None:
    panel = faulty_panel(tmp_path_factory.mktemp("check"), 300, 12, seed, rate)
    rows = pl.concat([pl.read_parquet(path) for path in sorted(panel.rglob("*.parquet"))])
    day = rows.get_column("date").unique().sort()[-back]
    arrived = rows.filter(pl.col("date") == day)
    entries = tuple(Entry(at, ticker, price) for at, (_, ticker, price) in enumerate(arrived.iter_rows()))
    checked = check(Day(day, 1, entries), open_store(panel), load_ruleset("robust")).findings
    checked = checked.filter(pl.col("first_rule").is_not_null())  # that the panel holds the day already is no rule
    known = scanned(panel).filter((pl.col("date") == day) & pl.col("first_rule").is_not_null()).select(CAUSAL)
    assert checked.select(CAUSAL).sort(CAUSAL).rows() == known.sort(CAUSAL).rows()


@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 10_000), rate=st.sampled_from([0.02, 0.2]))
def test_chunks_change_no_bit(tmp_path_factory: pytest.TempPathFactory, seed: int, rate: float) -> None:
    panel = faulty_panel(tmp_path_factory.mktemp("chunks"), 1300, 15, seed, rate)
    assert scanned(panel).equals(scanned(panel, rows_a_chunk=1))


def test_the_notebook_knows_no_limits_and_no_hindsight(tmp_path: Path) -> None:
    run = open_store(tmp_path / "run")
    scan(open_store(write(tmp_path, with_change(30, 150.0))), run, load_ruleset("notebook"))
    _, found = read_run(run)
    assert found.select("lower", "upper", "status", "first_rule").unique().rows() == [(None, None, None, None)]


def test_a_pattern_of_tickers_has_its_own_limit(tmp_path: Path) -> None:
    columns = {"AA1": quiet(60), "BB1": quiet(60, seed=2)}
    for prices in columns.values():
        prices[40] *= 1.5
    panel = write(tmp_path, columns)
    spikes = [ticker for _, ticker, rule in said(scanned(panel)) if rule == "price_spike"]
    assert spikes == ["AA1", "BB1"]
    own = scanned(panel, price_spike=Thresholds(by_ticker={"AA*": {"limit": 9.0}}))
    spikes = [ticker for _, ticker, rule in said(own) if rule == "price_spike"]
    assert spikes == ["BB1"]
