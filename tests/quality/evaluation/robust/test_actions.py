"""Listed corporate actions explain the moves that they make, and say where they do not show."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from quality.engine.connection import Connection, EngineOptions, open_engine
from quality.evaluation.robust.set import Robust
from quality.panel.actions import CorporateActions
from quality.panel.grid import FloatMatrix, Grid
from quality.rules.loading import load_ruleset
from quality.rules.model import RuleSet
from tests.random_panels import make_grid

TICKERS, SESSIONS, AT = 12, 220, 180


@pytest.fixture(scope="module")
def engine() -> Iterator[Connection]:
    with open_engine(EngineOptions()) as opened:
        yield opened


def findings(engine: Connection, grid: Grid, ruleset: RuleSet) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(Robust().evaluate(engine, grid, ruleset, dt.date.min, dt.date.max).findings))


def split(ratio: float) -> FloatMatrix:
    """Prices of cents that move one per cent a day; one ticker's shares are split."""
    moves = np.cumsum(np.random.default_rng(11).normal(0, 0.01, (TICKERS, SESSIONS)), axis=1)
    prices = np.linspace(50, 400, TICKERS)[:, np.newaxis] * np.exp(moves)
    prices[4, :AT] *= ratio
    return np.asarray(np.round(prices, 2))


def said(engine: Connection, prices: FloatMatrix, ratio: float, *, days: int = 0, known: bool = True) -> list[tuple]:
    """Scan with an action that is listed so many calendar days from the session: sessions, rules, severities."""
    grid = make_grid(prices, np.ones(prices.shape, dtype=np.bool_))
    dates = grid.sessions[[AT]] + np.timedelta64(days, "D")
    listed = CorporateActions(("T004",), dates, np.array([ratio])) if known else CorporateActions()
    found = findings(engine, replace(grid, actions=listed), load_ruleset("robust"))
    sessions = np.searchsorted(grid.sessions, found["date"].to_numpy())
    return list(zip(sessions.tolist(), found["rule"], found["severity"], strict=True))


@pytest.mark.parametrize(("ratio", "days"), [(2, 1), (1.5, 0), (1.25, -1), (0.1, 0), (10, 0)])
def test_a_listed_action_is_said_once_and_is_no_alarm(engine: Connection, ratio: float, days: int) -> None:
    assert said(engine, split(ratio), ratio, known=False) != []
    assert said(engine, split(ratio), ratio, days=days) == [(AT, "corporate_action", "info")]


def test_the_message_says_ratio_date_and_prices(engine: Connection) -> None:
    prices = split(1.5)
    grid = make_grid(prices, np.ones(prices.shape, dtype=np.bool_))
    grid = replace(grid, actions=CorporateActions(("T004",), grid.sessions[[AT]], np.array([1.5])))
    (message,) = findings(engine, grid, load_ruleset("robust"))["message"]
    before, after = prices[4, AT - 1 : AT + 1]
    day = grid.sessions[AT]
    assert message == f"Corporate action, 3:2, as listed for {day}: price went from {before} to {after}"


@pytest.mark.parametrize("made", [1.0, 4.0])
def test_an_action_that_was_not_applied_or_twice_is_said_on_the_next_session(engine: Connection, made: float) -> None:
    found = said(engine, split(made), 2)
    assert (AT + 1, "unseen_action", "warning") in found
    assert "corporate_action" not in {rule for _, rule, _ in found}
    assert said(engine, split(1.0), 1.05) == []  # too small to tell


@pytest.mark.parametrize("later", [1, 2, 4])
def test_levels_know_of_the_action_so_that_nothing_echoes_and_errors_are_seen(engine: Connection, later: int) -> None:
    prices = split(10)
    prices[4, AT + later] = np.round(prices[4, AT + later] * 1.5, 2)
    found = [(at, rule) for at, rule, severity in said(engine, prices, 10) if severity != "info"]
    assert found == [(AT + later, "price_spike")]


def test_a_move_beside_the_action_is_still_an_alarm(engine: Connection) -> None:
    prices = split(4)
    prices[4, AT] = np.round(prices[4, AT] * 0.76, 2)
    assert {rule for at, rule, _ in said(engine, prices, 4) if at == AT} == {"corporate_action", "price_drop"}
