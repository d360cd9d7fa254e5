"""Closed cells: without a price, with a row if the ticker had one before, and without a finding."""

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
from quality.evaluation.robust.margins import LOOK_AHEAD, LOOK_BACK
from quality.evaluation.robust.open_days import without_closed_days
from quality.evaluation.robust.set import Robust
from quality.panel.grid import Grid
from quality.rules.loading import load_ruleset
from quality.rules.model import RuleSet
from tests.random_panels import draw_panel, make_grid, part_of


@pytest.fixture(scope="module")
def engine() -> Iterator[Connection]:
    with open_engine(EngineOptions()) as opened:
        yield opened


def findings(engine: Connection, grid: Grid, ruleset: RuleSet) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(Robust().evaluate(engine, grid, ruleset, dt.date.min, dt.date.max).findings))


def test_a_closed_cell_has_no_price_and_is_there_if_its_ticker_was() -> None:
    prices = np.array([[1.0, 2.0, np.nan, np.nan, 5.0], [np.nan, 2.0, 3.0, np.nan, np.nan]])
    grid = replace(make_grid(prices, ~np.isnan(prices)), closed=np.array([[False, True, True, False, False]] * 2))
    opened = without_closed_days(grid)
    assert opened.prices[0].tolist()[0::4] == [1.0, 5.0]
    assert np.isnan(opened.prices[:, 1:3]).all()
    assert opened.present.tolist() == [[True, True, True, False, True], [False, False, False, False, False]]


def closed_days(seed: int) -> Grid:
    grid = draw_panel(seed)
    draw = np.random.default_rng(seed)
    closed = np.zeros(grid.prices.shape, dtype=np.bool_)
    closed[: len(closed) // 2] = draw.random(closed.shape[1]) < 0.1
    return replace(grid, closed=closed)


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 1_000_000), cut=st.integers(1, 250))
def test_parts_of_a_grid_and_a_day_alone_find_what_the_whole_says(engine: Connection, seed: int, cut: int) -> None:
    grid, ruleset = closed_days(seed), load_ruleset("robust")
    count = len(grid.sessions)
    cut = min(cut, count - 1)
    whole = findings(engine, grid, ruleset)
    assert grid.closed is not None
    on_closed_days = {
        (grid.sessions[at].item(), grid.tickers[row]) for row, at in zip(*np.nonzero(grid.closed), strict=True)
    }
    assert on_closed_days.isdisjoint(whole.select("date", "ticker").rows())
    parts = [
        findings(engine, part_of(grid, first, last, LOOK_BACK, LOOK_AHEAD), ruleset)
        for first, last in itertools.pairwise((0, cut, count))
    ]
    assert pl.concat(parts).equals(whole)
    on_the_day = ["date", "ticker", "first_rule", "price", "expected", "deviation", "lower", "upper"]
    known = whole.filter((pl.col("date") == grid.sessions[cut]) & pl.col("first_rule").is_not_null())
    checked = findings(engine, part_of(grid, cut, cut + 1, ruleset.causal.look_back, 0), ruleset.causal)
    assert checked.select(on_the_day).sort(on_the_day).equals(known.select(on_the_day).sort(on_the_day))
