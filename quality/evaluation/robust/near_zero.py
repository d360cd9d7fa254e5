"""Prices near zero, as those of rates and of the cheapest shares: steps tell what is usual, not shares of a price."""

import numpy as np

from quality.evaluation.robust.windows import Places, gather, median
from quality.panel.grid import FloatMatrix, Integers

# A ticker's prices are near zero if those of so many sessions lie within so many of its usual steps of it.
SIGN_SESSIONS, _NEAR_STEPS = 20, 10
# A leap to the other side of zero, of so many usual steps, is kept in mind for so many sessions.
CROSSING_SESSIONS, _LEAST_CROSSING = 60, 30
# Of prices above zero, within so many of their middle steps, which is the case of none that is quieter than this.
_NEAR_MIDDLE_STEPS, LEAST_VOLATILITY = 15, 0.05
# Wrong prices make large steps, so the usual one is the lower quartile.
_LOWER_QUARTILE, _MIDDLE = 4, 2


def around_zero(prices: FloatMatrix, places: Places) -> tuple[FloatMatrix, Integers]:
    """Say of prices that are not above zero whether they came there by usual steps, and how many of the last were not.

    They did where the last ones are near zero, where today's step is none that they never make, and where none of the
    last ones was above zero. Prices that came below zero by a leap of many more steps count for nothing: they are no
    rates, however long they stay.

    Returns:
        1 for usual and 0 for not, and the number of prices of the last `SIGN_SESSIONS` sessions.

    """
    window = gather(prices, places, -CROSSING_SESSIONS, -1)
    window = np.where(np.isfinite(window), window, np.nan)
    recent = window[:, -SIGN_SESSIONS:]
    below, known = np.count_nonzero(recent <= 0, axis=1), np.count_nonzero(~np.isnan(recent), axis=1)
    with np.errstate(invalid="ignore"):
        usual, count = _step(recent, _LOWER_QUARTILE)
        near = (count > 0) & (median(np.abs(recent))[0] <= _NEAR_STEPS * usual)
        crosses = (window[:, 1:] <= 0) != (window[:, :-1] <= 0)
        across = np.where(crosses, np.abs(np.diff(window, axis=1)), np.nan)
        leapt = (across > _LEAST_CROSSING * _step(window, _LOWER_QUARTILE)[0][:, np.newaxis]).any(axis=1)
        small = (count > 0) & (np.abs(places.of(prices) - _last(recent)) <= _NEAR_STEPS * usual)
    came = near | (~leapt & (small | ((known > 0) & (below == known))))
    return came.astype(np.float64), np.where(leapt, 0, below)


def steps_near_zero(prices: FloatMatrix, places: Places) -> FloatMatrix:
    """Give the middle step between the last `SIGN_SESSIONS` prices where those are near zero, NaN elsewhere."""
    recent = gather(prices, places, -SIGN_SESSIONS, -1)
    recent = np.where(np.isfinite(recent), recent, np.nan)
    middle, count = _step(recent, _MIDDLE)
    with np.errstate(invalid="ignore"):
        near = (count > 0) & (median(np.abs(recent))[0] <= _NEAR_MIDDLE_STEPS * middle)
    return np.where(near, middle, np.nan)


def _last(window: FloatMatrix) -> FloatMatrix:
    """Give the last value of each window, NaN for none."""
    at = window.shape[1] - 1 - np.argmax(~np.isnan(window[:, ::-1]), axis=1)
    last: FloatMatrix = window[np.arange(len(window)), at]
    return last


def _step(window: FloatMatrix, part: int) -> tuple[FloatMatrix, Integers]:
    """Give the step between prices above which all but one in so many lie, and their number; stand-stills are none."""
    steps = np.abs(np.diff(window, axis=1))
    steps = np.sort(np.where(steps > 0, steps, np.nan), axis=1)
    count = (~np.isnan(steps)).sum(axis=1)
    return steps[np.arange(len(steps)), count // part], count
