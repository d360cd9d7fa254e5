"""How wild a ticker is: the standard deviation of its daily log moves, outliers left out."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from quality.evaluation.robust.moves import Moves
from quality.evaluation.robust.windows import Places, gather, spread
from quality.panel.grid import BoolMatrix, FloatMatrix

# Volatility is that of the last month or the last quarter, whichever was wilder; fewer moves than five tell nothing.
MONTH_SESSIONS, QUARTER_SESSIONS, LEAST_MOVES = 30, 60, 5
# Moves beyond so many robust standard deviations are no habit.
_OUTLIERS = 6
# Windows that are laid out at once: what they take stays in the processor's cache.
_AT_ONCE = 1024
_UNKNOWN = -1.0


@dataclass(frozen=True)
class Volatility:
    """The volatility before some cells, measured once for all that ask for it, and before others when they are asked.

    Attributes:
        moves: The moves of the grid.
        places: The cells whose volatility is known.
        values: By such cell, its volatility, NaN where there are too few moves.

    """

    moves: Moves
    places: Places
    values: FloatMatrix

    def before(self, places: Places) -> FloatMatrix:
        """Give the volatility before some cells, NaN where there are too few moves."""
        found = places.look_up(self.places, self.values, _UNKNOWN)
        unknown = found == _UNKNOWN
        if unknown.any():
            found[unknown] = _volatilities(self.moves, places.only(unknown))
        return found

    def exceeded(self, places: Places, sizes: FloatMatrix, sigmas: float) -> tuple[BoolMatrix, FloatMatrix]:
        """Say which moves are larger than so many times the volatility before them, and give that of those.

        It is 0 where there are too few moves to tell. The last month alone tells most of what is smaller.

        Args:
            places: The cells that moved.
            sizes: By how much, as a logarithm of any sign.
            sigmas: How many times the volatility.

        """
        known = places.look_up(self.places, np.ones(len(self.places), dtype=np.bool_), fill=False)
        large = known.copy()
        large[~known] = ~_are_small(self.moves, places.only(~known), np.abs(sizes[~known]), sigmas)
        volatility = np.nan_to_num(self.before(places.only(large)))
        exceeds = np.abs(sizes[large]) > sigmas * volatility
        large[large] = exceeds
        return large, volatility[exceeds]


def measure_volatility(moves: Moves, places: Places) -> Volatility:
    """Measure the volatility before some cells."""
    return Volatility(moves, places, _volatilities(moves, places))


def _volatilities(moves: Moves, places: Places) -> FloatMatrix:
    """Give the standard deviation of the daily log moves before, NaN for fewer than five.

    Of a ticker that often stands still, the days on which it moved count: it is as wild as those are.
    """
    found = np.empty(len(places))
    for part, some in _portions(places):
        sizes = _sizes(moves, some, QUARTER_SESSIONS)
        of_quarter, moved = spread(sizes, _OUTLIERS)
        of_month, moved_lately = spread(sizes[:, -MONTH_SESSIONS:], _OUTLIERS)
        wilder = np.maximum(of_quarter, np.where(moved_lately > 0, of_month, 0))
        few = np.flatnonzero(moved < LEAST_MOVES)
        known = ~np.isnan(gather(moves.growth, Places(some.at[few], some.width), -QUARTER_SESSIONS, -1))
        wilder[few[(np.count_nonzero(known, axis=1) < LEAST_MOVES) | (moved[few] == 0)]] = np.nan
        found[part] = wilder
    return found


def _are_small(moves: Moves, places: Places, sizes: FloatMatrix, sigmas: float) -> BoolMatrix:
    """Say which moves are no larger than so many times the last month's volatility: the quarter's only adds to it."""
    small = np.empty(len(places), dtype=np.bool_)
    for part, some in _portions(places):
        of_month, moved = spread(_sizes(moves, some, MONTH_SESSIONS), _OUTLIERS)
        small[part] = (moved >= LEAST_MOVES) & (sigmas * of_month >= sizes[part])
    return small


def _sizes(moves: Moves, places: Places, sessions: int) -> FloatMatrix:
    """Give the logarithms of the moves of so many sessions before, NaN where the price stood still."""
    sizes = np.log(gather(moves.growth, places, -sessions, -1))
    sizes.put(np.flatnonzero(sizes == 0), np.nan)
    return sizes


def _portions(places: Places) -> Iterator[tuple[slice, Places]]:
    for start in range(0, len(places), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        yield part, Places(places.at[part], places.width)
