"""Prices that repeat by nature: a tick that adjusted prices hide shows in changes that are equal to within rounding."""

import numpy as np
import pytest

from quality.evaluation.robust.moves import measure_moves
from quality.evaluation.robust.stale import STEPS, chances
from quality.evaluation.robust.windows import Places

SESSIONS = 100


def chance_of_last(prices: np.ndarray) -> float:
    """Give the chance of a price that repeats the one of the last session but one, the median of many tickers."""
    prices[:, -1] = prices[:, -2]
    moves = measure_moves(prices, slice(0, 0))
    step, _ = chances(moves, Places(np.arange(1, len(prices) + 1) * SESSIONS - 1, SESSIONS))
    return float(np.median(2.0 ** ((step - (STEPS - 1)) / 4)))


@pytest.mark.parametrize(
    ("tick", "factor", "digits", "chance"),
    [
        (0.01, 1.0, 2, 0.0003),  # cents, of a price of a thousand
        (0.5, 1.0, 1, 0.013),  # half pennies
        (0.5, 0.871, 3, 0.013),  # the same, adjusted for dividends since, and rounded
        (0.001, 1.0, 3, 0.0003),  # three decimals of a price that has no tick: no more than cents would make it
    ],
)
def test_a_tick_that_adjusting_hides_is_seen(tick: float, factor: float, digits: int, chance: float) -> None:
    draw = np.random.default_rng(3)
    walk = 1000 * np.exp(np.cumsum(draw.normal(0, 0.015, (40, SESSIONS)), axis=1))
    prices = np.round(np.round(walk / tick) * tick * factor, digits)
    assert chance_of_last(prices) == pytest.approx(chance, rel=0.5)
