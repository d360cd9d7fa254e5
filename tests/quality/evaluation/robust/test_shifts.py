"""Prices beside their tickers: found among rates that are near to each other, too; a market that moves is no shift."""

import numpy as np
import pytest

from quality.evaluation.robust.shifts import are_shifted

VOLATILITY = 0.01
# Rates by maturity: each near to the next.
RATES = np.array([1.10, 1.18, 1.31, 1.42, 1.60, 1.88, 2.04, 2.31, 2.60, 2.81, 2.95, 3.02])
MOVES = VOLATILITY * np.array([0.6, -1.1, 0.2, 1.4, -0.3, -0.8, 0.9, 0.1, -1.5, 0.4, 1.0, -0.2])


def shifted(price: np.ndarray, *, own: np.ndarray | None = None) -> list[int]:
    """Give the tickers whose prices stand beside them, after `RATES`; `own`: how far each is from its own last ones."""
    now, before = np.log(price), np.log(RATES)
    distance = np.abs(now - before) if own is None else own
    return np.flatnonzero(are_shifted(now, before, distance, np.full(len(RATES), VOLATILITY))).tolist()


@pytest.mark.parametrize("columns", [1, -1, 2, -3])
def test_half_a_file_that_is_shifted_is_found(columns: int) -> None:
    price = RATES * np.exp(MOVES)
    price[3:9] = np.roll(price[3:9], columns)
    assert set(shifted(price)) <= set(range(3, 9))
    assert len(shifted(price)) >= 3


def test_rates_that_move_as_ever_are_not_shifted() -> None:
    assert shifted(RATES * np.exp(3 * MOVES)) == []


def test_a_market_that_falls_is_not_shifted() -> None:
    assert shifted(RATES * np.exp(MOVES - 0.08)) == []


def test_prices_that_come_back_are_not_shifted() -> None:
    # The session before was shifted by a column: the prices of this one are near those of two sessions before.
    assert shifted(np.roll(RATES, 1) * np.exp(MOVES), own=np.abs(MOVES)) == []
