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
    return _level(moves, places, grown, -1)


def plain_levels(moves: Moves, places: Places) -> FloatMatrix:
    """Give the median of the last usable prices as they were: what is expected of a ticker that knows no market."""
    return _level(moves, places, None, -1)[0]


def levels_after(moves: Moves, places: Places) -> tuple[FloatMatrix, Integers]:
    """Give the median of the next usable prices, each brought back with the market to today, and how many."""
    market = moves.market
    shrunk = np.ones((len(market), LEVEL_SESSIONS))
    for step in range(1, LEVEL_SESSIONS + 1):
        before = shrunk[:, step - 2] if step > 1 else np.ones(len(market))
        shifted = np.concatenate([market, np.ones(step)])[step:]
        shrunk[:, step - 1] = before / shifted
    return _level(moves, places, shrunk, 1)


def earlier_levels(moves: Moves, places: Places) -> FloatMatrix:
    """Give the level about four months before, grown with nothing."""
    return median(gather(moves.usable, places, -EARLIER_FIRST, -EARLIER_LAST))[0]


def _level(moves: Moves, places: Places, factors: FloatMatrix | None, direction: int) -> tuple[FloatMatrix, Integers]:
    """Give the median of the nearest prices in one direction, each by the factor of its distance, and how many."""
    level, count = np.empty(len(places)), np.full(len(places), LEVEL_PRICES)
    nearest = _scaled(moves, places, factors, LEVEL_PRICES * direction)
    holes = np.isnan(nearest.sum(axis=1))
    nearest.sort(axis=1)
    level[:] = nearest[:, LEVEL_PRICES // 2]
    if holes.any():
        wider = _scaled(moves, places.only(holes), factors, LEVEL_SESSIONS * direction)[:, ::direction]
        level[holes], count[holes] = median(first_of(wider, LEVEL_PRICES))
    return level, count


def _scaled(moves: Moves, places: Places, factors: FloatMatrix | None, sessions: int) -> FloatMatrix:
    """Give the prices of so many sessions before (negative) or after, oldest first, each by its distance's factor."""
    count = abs(sessions)
    first, last = (1, count) if sessions > 0 else (-count, -1)
    window = gather(moves.usable, places, first, last)
    if moves.money is not None:
        window = moves.money.of_windows(places, window, first)
    if factors is not None:
        by_distance = factors[:, :count] if sessions > 0 else factors[:, count - 1 :: -1]
        window *= np.ascontiguousarray(by_distance).take(places.sessions, axis=0)
    return window
