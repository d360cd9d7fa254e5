"""Prices that lost decimals, however many they had; tickers that never had more are no case."""

import numpy as np
import pytest

from quality.evaluation.robust.margins import LOOK_AHEAD, LOOK_BACK
from quality.evaluation.robust.moves import measure_moves
from quality.evaluation.robust.oddities import measure_rounded

SESSIONS, AT = LOOK_BACK + 60 + LOOK_AHEAD, LOOK_BACK + 20


@pytest.mark.parametrize(
    ("level", "has", "left"), [(300.0, 2, 0), (20.0, 2, 1), (1.1, 4, 2), (0.8, 5, 3), (0.03, 6, 4)]
)
def test_prices_that_lost_decimals_are_found(level: float, has: int, left: int) -> None:
    draw = np.random.default_rng(1)
    prices = np.round(level * np.exp(np.cumsum(draw.normal(0, 0.02, (3, SESSIONS)), axis=1)), has)
    prices[1, AT : AT + 12] = np.round(prices[1, AT : AT + 12], left)
    prices[2] = np.round(prices[2], left)  # it has no more at any time
    _, found = measure_rounded(measure_moves(prices, slice(0, 0)), slice(LOOK_BACK, SESSIONS - LOOK_AHEAD))
    assert set(found.runs.places.tickers.tolist()) == {1}
    assert set(range(AT, AT + 12)) <= set(found.runs.places.sessions.tolist())
    assert set(found.decimals.tolist()) == {left}
