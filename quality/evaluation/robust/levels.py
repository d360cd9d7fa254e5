"""The level of a price: what is expected of it after the prices before, and in the light of those that follow."""

import numpy as np

from quality.evaluation.robust.moves import Moves
from quality.evaluation.robust.windows import Places, first_of, gather, median
from quality.panel.grid import FloatMatrix, Integers

# The expected price is the median of the nearest 7 usable prices, none of them further than 10 sessions away.
LEVEL_PRICES, LEVEL_SESSIONS = 7, 10
# The level a few months ago: sessions that lie this far back.
EARLIER_FIRST, EARLIER_LAST = 90, 81


def levels_before(moves: Moves, places: Places) -> tuple[FloatMatrix, Integers]:
    """Give the median of the last usable prices, each grown with the market to today, and how many they are."""
    market = moves.market
    grown = np.ones((len(market), LEVEL_SESSIONS))
    for step in range(1, LEVEL_SESSIONS + 1):
        before = grown[:, step - 2] if step > 1 else np.ones(len(market))
        shifted = np.concatenate([np.ones(step - 1), market])[: len(market)]
        grown[:, step - 1] = before * shifted
    return _level(moves.usable, places, grown, -1)


def levels_after(moves: Moves, places: Places) -> tuple[FloatMatrix, Integers]:
    """Give the median of the next usable prices, each brought back with the market to today, and how many."""
    market = moves.market
    shrunk = np.ones((len(market), LEVEL_SESSIONS))
    for step in range(1, LEVEL_SESSIONS + 1):
        before = shrunk[:, step - 2] if step > 1 else np.ones(len(market))
        shifted = np.concatenate([market, np.ones(step)])[step:]
        shrunk[:, step - 1] = before / shifted
    return _level(moves.usable, places, shrunk, 1)


def earlier_levels(moves: Moves, places: Places) -> FloatMatrix:
    """Give the level about four months before, grown with nothing."""
    return median(gather(moves.usable, places, -EARLIER_FIRST, -EARLIER_LAST))[0]


def _level(usable: FloatMatrix, places: Places, factors: FloatMatrix, direction: int) -> tuple[FloatMatrix, Integers]:
    """Give the median of the nearest prices in one direction, each by the factor of its distance, and how many."""
    nearest = _nearest(usable, places, LEVEL_PRICES, direction)
    nearest *= factors[places.sessions, :LEVEL_PRICES]
    holes = np.asarray(np.isnan(nearest).any(axis=1))
    if holes.any():
        few = places.only(holes)
        wider = _nearest(usable, few, LEVEL_SESSIONS, direction) * factors[few.sessions]
        nearest[holes] = first_of(wider, LEVEL_PRICES)
    return median(nearest)


def _nearest(usable: FloatMatrix, places: Places, count: int, direction: int) -> FloatMatrix:
    """Give the prices of so many sessions before or after, the nearest first."""
    if direction > 0:
        return gather(usable, places, 1, count)
    return gather(usable, places, -count, -1)[:, ::-1]
