"""Tickers judged a group at a time, with what a first pass says of all: what one grid of them all finds."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.engine.connection import Connection, EngineOptions, open_engine
from quality.evaluation.protocol import Group
from quality.evaluation.robust.first_pass import RobustFirstPass
from quality.evaluation.robust.margins import LOOK_AHEAD, LOOK_BACK
from quality.evaluation.robust.set import Robust
from quality.panel.grid import Grid
from quality.rules.loading import load_ruleset
from tests.random_panels import draw_panel, part_of

RULES = load_ruleset("robust")
NOBODY = np.zeros(0, dtype=np.int64)


@pytest.fixture(scope="module")
def engine() -> Iterator[Connection]:
    with open_engine(EngineOptions()) as opened:
        yield opened


def rows(grid: Grid, first: int, last: int) -> Grid:
    """Give some tickers of a grid."""
    kept = slice(first, last)
    return replace(
        grid,
        tickers=grid.tickers[kept],
        prices=np.ascontiguousarray(grid.prices[kept]),
        present=np.ascontiguousarray(grid.present[kept]),
        first_seen=grid.first_seen[kept],
    )


def in_groups(engine: Connection, grid: Grid, cuts: Sequence[int], years: Sequence[int]) -> pl.DataFrame:
    """Judge a grid in parts of some sessions and some tickers."""
    count = len(grid.sessions)
    groups, parts = list(pairwise(cuts)), list(pairwise(years))
    first_pass = RobustFirstPass()

    def measured(first: int, last: int) -> object:
        part = part_of(grid, first, last, first_pass.look_back, 0)
        return first_pass.measure(lambda: (rows(part, *group) for group in groups))

    common = first_pass.conclude([measured(*part) for part in parts])
    assert len(common.days) == count
    found = []
    for part in parts:
        for number, group in enumerate(groups):
            some = rows(part_of(grid, *part, LOOK_BACK, LOOK_AHEAD), *group)
            known = Group(number == 0, NOBODY, NOBODY, NOBODY, common.of_tickers(some.tickers))
            evaluated = Robust().evaluate(engine, some, RULES, dt.date.min, dt.date.max, group=known)
            found.append(pl.DataFrame(pl.from_arrow(evaluated.findings)))
    return pl.concat([part.cast({"ticker": pl.String}) for part in found if part.height]).sort(
        "date", "ticker", maintain_order=True
    )


def with_incidents(grid: Grid, seed: int) -> Grid:
    """Plant what several tickers have in common: a session in another unit, shifted, stale, swaps, a holiday."""
    draw = np.random.default_rng(seed)
    count, tickers = len(grid.sessions), len(grid.tickers)
    session = draw.integers(1, count, 6)
    prices, present = grid.prices, grid.present
    prices[draw.random(tickers) < 0.7, session[0]] *= draw.choice([0.01, 10.0, 1000.0])
    prices[:, session[1]] = np.roll(prices[:, session[1]], 1)
    prices[:, session[2]] = prices[:, session[2] - 1]
    for start in session[3:5]:
        one, other = draw.choice(tickers, 2, replace=False)
        for column in range(start, min(start + draw.choice([1, 1, 4]), count)):
            prices[[one, other], column] = prices[[other, one], column]
    present[draw.random(tickers) < 0.6, session[5]] = False
    prices[~present] = np.nan
    return grid


@settings(max_examples=5, deadline=None)
@given(
    seed=st.integers(0, 1_000_000),
    cuts=st.lists(st.integers(1, 39), max_size=4, unique=True),
    years=st.lists(st.integers(1, 259), max_size=2, unique=True),
)
def test_groups_of_tickers_give_the_findings_of_the_whole(
    engine: Connection, seed: int, cuts: list[int], years: list[int]
) -> None:
    grid = with_incidents(draw_panel(seed, tickers=40), seed)
    count = len(grid.sessions)
    whole = Robust().evaluate(engine, grid, RULES, dt.date.min, dt.date.max).findings
    expected = pl.DataFrame(pl.from_arrow(whole)).cast({"ticker": pl.String})
    edges = sorted({0, count, *(year for year in years if year < count)})
    assert in_groups(engine, grid, [0, *sorted(cuts), 40], edges).equals(expected)
