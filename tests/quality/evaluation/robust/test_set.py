"""The rule set `robust` as a whole: what must hold for every panel, whatever rules stand beside it."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.engine.connection import Connection, EngineOptions, open_engine
from quality.evaluation.robust.set import Robust
from quality.panel.grid import Grid
from quality.rules.loading import load_ruleset
from quality.rules.model import RuleSet

MINE = """-- name: {name}
-- severity: {severity}
-- message: mine
-- parameters: {parameters}
-- look-back: 120
{hindsight}select date, ticker, price, expected, deviation from metrics where {condition}
"""
START = np.datetime64("2020-11-02")


def grid_of(prices: np.ndarray, present: np.ndarray | None = None, *, judged: slice = slice(None)) -> Grid:
    """Give a panel of tickers by sessions, all in it judged but what is said otherwise."""
    count = prices.shape[1]
    present = np.ones(prices.shape, dtype=np.bool_) if present is None else present
    judged = slice(*judged.indices(count)[:2])
    names = tuple(f"T{number:03}" for number in range(len(prices)))
    seen = np.ones(len(prices), dtype=np.int64)
    return Grid(np.busday_offset(START, np.arange(count)), names, prices, present, judged, 1, seen)


def panel(seed: int, tickers: int = 14, count: int = 260) -> Grid:
    """Draw a panel with every kind of fault: gaps, nulls, late and stopped tickers, repeats, odd numbers."""
    draw = np.random.default_rng(seed)
    sigma = draw.choice([0.005, 0.02, 0.06], (tickers, 1))
    paths = np.exp(np.cumsum(draw.normal(0, sigma, (tickers, count)), axis=1))
    prices = np.round(draw.choice([0.5, 20.0, 300.0], (tickers, 1)) * paths, 2)

    def some(share: float) -> np.ndarray:
        return draw.random(prices.shape) < share

    repeats = some(0.05)
    repeats[:, 0] = False
    prices[repeats] = prices[:, :-1][repeats[:, 1:]]
    prices[some(0.01)] *= draw.choice([0.01, 0.5, 0.7, 1.4, 2.0, 10.0, 100.0])
    prices[0, 120:] *= 0.5
    prices[1, 150:] *= 0.73
    prices[2, 130:140] *= 100
    for odd in (0.0, -1.5, np.inf, -np.inf):
        prices[some(0.002)] = odd
    present = ~some(0.02)
    present[3, :90], present[4, 170:], present[5, 100:145] = False, False, False
    prices[some(0.01) | ~present] = np.nan
    # A wrong price that is repeated: only the days after show that the repeat is wrong.
    prices[6, 150:], present[6, 150:] = (
        50 + 0.1 * np.arange(count - 150) + 0.01 * draw.integers(0, 9, count - 150),
        True,
    )
    prices[6, 202:204] = 90.0
    return grid_of(prices, present)


@pytest.fixture(scope="module")
def engine() -> Iterator[Connection]:
    with open_engine(EngineOptions()) as opened:
        yield opened


def findings(engine: Connection, grid: Grid, ruleset: RuleSet) -> pl.DataFrame:
    evaluated = Robust().evaluate(engine, grid, ruleset, dt.date.min, dt.date.max)
    return pl.DataFrame(pl.from_arrow(evaluated.findings))


@pytest.mark.parametrize("hindsight", ["", "-- look-ahead: 15\n-- retrospective: yes\n"])
@settings(max_examples=6, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    severity=st.sampled_from(["error", "warning", "info"]),
    condition=st.sampled_from(
        ["true", "price is null", "own_move < $own_move", "volatility > 0.01 and usable = 7", "price = previous"]
    ),
)
def test_a_rule_of_the_users_changes_no_finding_of_the_others(
    engine: Connection,
    tmp_path_factory: pytest.TempPathFactory,
    hindsight: str,
    seed: int,
    severity: str,
    condition: str,
) -> None:
    folder = tmp_path_factory.mktemp("rules")
    parameters = "own_move = 0.001" if "$own_move" in condition else "none"
    for name in ("a_first", "zz_last"):
        text = MINE.format(
            name=name, severity=severity, parameters=parameters, hindsight=hindsight, condition=condition
        )
        Path(folder, f"{name}.sql").write_text(text)
    grid = panel(seed)
    alone, beside = (findings(engine, grid, load_ruleset("robust", folders)) for folders in ([], [folder]))
    is_mine = pl.col("rule").is_in(["a_first", "zz_last"])
    assert beside.filter(is_mine).height > 0
    assert "hindsight" in alone.get_column("status")
    assert beside.filter(~is_mine).equals(alone)
