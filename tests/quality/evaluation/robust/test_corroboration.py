"""What volume and an adjusted close say of a price: stale rows, natural repeats, splits that are no errors."""

import datetime as dt
import itertools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.engine.connection import Connection, EngineOptions, open_engine
from quality.evaluation.robust.corroboration import split_shares
from quality.evaluation.robust.margins import LOOK_AHEAD, LOOK_BACK
from quality.evaluation.robust.set import Robust
from quality.panel.actions import CorporateActions
from quality.panel.grid import FloatMatrix, Grid
from quality.rules.loading import load_ruleset
from quality.rules.model import RuleSet
from tests.random_panels import draw_panel, make_grid, part_of

TICKERS, SESSIONS, AT = 12, 220, 180


@pytest.fixture(scope="module")
def engine() -> Iterator[Connection]:
    with open_engine(EngineOptions()) as opened:
        yield opened


def findings(engine: Connection, grid: Grid, ruleset: RuleSet) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(Robust().evaluate(engine, grid, ruleset, dt.date.min, dt.date.max).findings))


def lively() -> tuple[FloatMatrix, FloatMatrix]:
    """Prices of cents that move one per cent a day, and volumes of single shares."""
    draw = np.random.default_rng(11)
    moves = np.cumsum(draw.normal(0, 0.01, (TICKERS, SESSIONS)), axis=1)
    prices = np.round(np.linspace(50, 400, TICKERS)[:, np.newaxis] * np.exp(moves), 2)
    return prices, np.rint(np.exp(draw.normal(13, 0.5, prices.shape)))


def said(engine: Connection, prices: FloatMatrix, **extras: FloatMatrix) -> list[tuple[int, str, str]]:
    """Scan, and give session, ticker and rule of what was found, info too."""
    grid = replace(make_grid(prices, np.ones(prices.shape, dtype=np.bool_)), extras=extras)
    found = findings(engine, grid, load_ruleset("robust"))
    sessions = np.searchsorted(grid.sessions, found["date"].to_numpy())
    return list(zip(sessions.tolist(), found["ticker"], found["rule"], strict=True))


def test_a_price_that_comes_again_with_its_volume_is_a_stale_row(engine: Connection) -> None:
    prices, volumes = lively()
    for step in range(3):
        prices[4, AT + step], volumes[4, AT + step] = prices[4, AT - 1], volumes[4, AT - 1]
    assert said(engine, prices, volume=volumes) == [(AT + step, "T004", "stale_row") for step in range(3)]


@pytest.mark.parametrize("traded", [0.0, 12_345.0])
def test_a_price_that_comes_again_without_trades_or_with_others_is_natural(engine: Connection, traded: float) -> None:
    prices, volumes = lively()
    prices[4, AT : AT + 4] = prices[4, AT - 1]
    assert {rule for _, _, rule in said(engine, prices)} == {"frozen_run"}
    volumes[4, AT : AT + 4] = traded * np.arange(1, 5)
    assert said(engine, prices, volume=volumes) == []


@pytest.mark.parametrize("volume", [np.nan, 0.0])
def test_where_no_volume_came_or_is_ever_kept_the_price_alone_is_asked(engine: Connection, volume: float) -> None:
    prices, volumes = lively()
    prices[4, AT : AT + 4], volumes[4] = prices[4, AT - 1], volume
    assert {rule for _, _, rule in said(engine, prices, volume=volumes)} == {"frozen_run"}


def test_few_round_lots_that_come_again_prove_nothing(engine: Connection) -> None:
    prices, volumes = lively()
    prices[4, AT], volumes[4, AT - 1 : AT + 1] = prices[4, AT - 1], 200.0
    assert said(engine, prices, volume=volumes) == []


def split_prices(factor: float) -> tuple[FloatMatrix, FloatMatrix]:
    adjusted, _ = lively()
    prices = adjusted.copy()
    prices[4, :AT] *= factor
    return np.round(prices, 2), adjusted


@pytest.mark.parametrize(("factor", "ratio"), [(2, "2:1"), (1.5, "3:2"), (1.25, "5:4"), (0.1, "1:10"), (10, "10:1")])
def test_a_split_that_the_adjusted_close_knows_is_no_alarm(engine: Connection, factor: float, ratio: str) -> None:
    prices, adjusted = split_prices(factor)
    grid = replace(make_grid(prices, np.ones(prices.shape, dtype=np.bool_)), extras={"adjusted_close": adjusted})
    (finding,) = findings(engine, grid, load_ruleset("robust")).iter_rows(named=True)
    assert (finding["rule"], finding["severity"]) == ("confirmed_split", "info")
    assert f"Corporate action, {ratio}: " in finding["message"]


def test_a_jump_that_the_adjusted_close_makes_too_is_no_split(engine: Connection) -> None:
    prices, _ = split_prices(2)
    adjusted = prices * 0.9
    assert "likely_split" in {rule for _, _, rule in said(engine, prices)}
    first, *others = said(engine, prices, adjusted_close=adjusted)
    assert first == (AT, "T004", "level_shift")
    assert {rule for _, _, rule in others} == {"level_held"}


def test_an_adjusted_close_that_is_the_price_says_nothing(engine: Connection) -> None:
    prices, _ = split_prices(2)
    assert said(engine, prices, adjusted_close=prices) == said(engine, prices)


def test_a_price_that_halves_for_days_and_returns_is_an_error_whatever_the_adjusted_close_says(
    engine: Connection,
) -> None:
    adjusted, _ = lively()
    prices = adjusted.copy()
    prices[4, AT : AT + 5] = np.round(prices[4, AT : AT + 5] / 2, 2)
    rules = [rule for at, _, rule in said(engine, prices, adjusted_close=adjusted * 0.9) if at < AT + 5]
    assert rules == ["block_error"] * 5


@pytest.mark.parametrize(
    ("size", "shares"), [(2.0, (2, 1)), (1.5, (3, 2)), (7.02, (7, 1)), (1.25, (5, 4)), (1.37, None), (5.5, None)]
)
def test_ratios_are_simple(size: float, shares: tuple[int, int] | None) -> None:
    assert split_shares(size) == shares


def with_everything(seed: int) -> Grid:
    """Random prices with volumes and adjusted closes, listed actions that were made, missed or shifted, closed days."""
    grid = draw_panel(seed)
    draw = np.random.default_rng(seed)
    shape = grid.prices.shape
    volume = np.rint(np.exp(draw.normal(6, 3, shape)))
    again = draw.random(shape) < 0.3
    volume[:, 1:][again[:, 1:]] = volume[:, :-1][again[:, 1:]]
    volume[draw.random(shape) < 0.2], volume[draw.random(shape) < 0.1] = 0, np.nan
    steps = np.where(draw.random(shape) < 0.01, draw.choice([0.5, 1.5, 2.0, 10.0], shape), 1.0)
    keys = sorted({(int(row), int(at)) for row, at in draw.integers(0, (shape[0], shape[1]), (40, 2))})
    rows, at = np.array(keys).T
    ratios = draw.choice([2.0, 1.5, 0.1, 1.05, 10.0], len(keys))
    for row, place, ratio in zip(rows, at, ratios, strict=True):
        if draw.random() < 0.7:
            grid.prices[row, place:] /= ratio
    dates = grid.sessions[at] + draw.integers(-2, 3, len(keys))
    closed = np.zeros(shape, dtype=np.bool_)
    closed[: shape[0] // 2] = draw.random(shape[1]) < 0.1
    return replace(
        grid,
        extras={"volume": volume, "adjusted_close": grid.prices * np.cumprod(steps, axis=1)},
        actions=CorporateActions(tuple(grid.tickers[row] for row in rows), dates, ratios),
        closed=closed,
    )


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 1_000_000), cut=st.integers(1, 250))
def test_parts_of_a_grid_and_a_day_alone_find_what_the_whole_says(engine: Connection, seed: int, cut: int) -> None:
    grid, ruleset = with_everything(seed), load_ruleset("robust")
    count = len(grid.sessions)
    cut = min(cut, count - 1)
    whole = findings(engine, grid, ruleset)
    assert {"corporate_action", "unseen_action"} < set(whole["rule"].cast(pl.String))
    assert grid.closed is not None
    closed = zip(*np.nonzero(grid.closed), strict=True)
    keys = {(grid.sessions[at].item(), grid.tickers[row]) for row, at in closed}
    assert keys.isdisjoint(whole.select("date", pl.col("ticker").cast(pl.String)).rows())
    parts = [
        findings(engine, part_of(grid, first, last, LOOK_BACK, LOOK_AHEAD), ruleset)
        for first, last in itertools.pairwise((0, cut, count))
    ]
    assert pl.concat(parts).equals(whole)
    on_the_day = ["date", "ticker", "first_rule", "price", "expected", "deviation", "lower", "upper"]
    known = whole.filter((pl.col("date") == grid.sessions[cut]) & pl.col("first_rule").is_not_null())
    checked = findings(engine, part_of(grid, cut, cut + 1, ruleset.causal.look_back, 0), ruleset.causal)
    assert checked.select(on_the_day).sort(on_the_day).equals(known.select(on_the_day).sort(on_the_day))
