"""Finds tickers whose prices came in each other's place: each has the price that was expected of the other.

Two prices that jump apart and into each other's place may do so by chance, and the more so the more jumps of their size
a session holds. How far they may be off is set so that this chance is the same on every session, quiet or wild.
"""

from collections.abc import Callable

import numpy as np

from quality.evaluation.robust.jumps import LARGE_JUMP, Jumps
from quality.evaluation.robust.levels import plain_levels
from quality.evaluation.robust.moves import Moves, previous_prices
from quality.evaluation.robust.volatility import Volatility
from quality.evaluation.robust.windows import Places
from quality.panel.grid import BoolMatrix, FloatMatrix, Integers

# Jumps that are looked at are of at least this size; both together, of so many volatilities each, as a mean square.
LEAST_SIZE, _LEAST_SIGMAS = LARGE_JUMP, 4.5
# How far, as a logarithm, a price may be from what is expected of the other: in volatilities of that one, at least,
# at most, and as a share of the jump.
_SIGMAS_OFF, _LEAST_OFF, _MOST_OFF, _SHARE_OFF = 4, 0.01, 0.5, 1 / 3
# Among n jumps of a size s and more, it may be this far, times √s, over n. Jumps count that are of most of the size.
_OFF_OF_MANY, _AS_LARGE = 0.45, 0.8
# A price that jumps to nearer than so much of the jump to its own level is back in its place.
_BACK = 1 / 3
# Expected prices are tried from the nearest on, so many of them.
_NEIGHBOURS = 3
# Sizes are counted on a grid, as whole numbers: exact, whatever else there is.
_GRID, _SIZES = 1 << 20, 1 << 40


def measure_swaps(moves: Moves, jumps: Jumps, volatilities: Volatility) -> tuple[Jumps, Integers]:
    """Give the jumps to another ticker's price, and by jump the row of that ticker."""
    large = jumps.only(np.abs(jumps.size) > LEAST_SIZE)
    market = moves.market[large.places.sessions]
    volatility = np.nan_to_num(volatilities.before(large.places))
    expected = previous_prices(moves, large.places) * market
    return swaps_of(large, expected, market, volatility, lambda found: plain_levels(moves, found))


def swaps_of(
    large: Jumps,
    expected: FloatMatrix,
    market: FloatMatrix,
    volatility: FloatMatrix,
    levels: Callable[[Places], FloatMatrix],
) -> tuple[Jumps, Integers]:
    """Find the swaps among jumps that are larger than `LEAST_SIZE`.

    Two jumps of one session are a swap if each price is near what is expected of the other, its previous price, grown
    with the market or not, neither has a nearer partner, and neither came back to its own level.

    Args:
        large: The jumps.
        expected: By jump, the previous price, grown with the market.
        market: By jump, the growth of its session's market.
        volatility: By jump, that of its ticker, 0 where nothing is known of it.
        levels: Gives the level before some of the jumps.

    Returns:
        The jumps to another ticker's price, and by jump the row of that ticker.

    """
    places = large.places
    partner = _nearest_partners(large, np.log(expected), np.log(market), volatility)
    found = np.flatnonzero(partner >= 0)
    found = found[partner[partner[found]] == found]
    found = found[~_swaps_back(places, partner, found)]
    from_level = np.log(expected[found]) + large.size[found] - np.log(levels(places.only(found)))
    is_back = np.zeros(len(large), dtype=np.bool_)
    is_back[found] = np.abs(from_level) < _BACK * np.abs(large.size[found])
    found = found[~is_back[found] & ~is_back[partner[found]]]
    swapped = np.zeros(len(large), dtype=np.bool_)
    swapped[found] = True
    return large.only(swapped), places.tickers[partner[found]]


def _swaps_back(places: Places, partner: Integers, found: Integers) -> BoolMatrix:
    """Say which swaps undo one of the session before: the prices are in their places again."""
    other = places.tickers[partner[found]]
    before = Places(places.at[found] - 1, places.width)
    return np.asarray(before.look_up(Places(places.at[found], places.width), other, -1) == other)


def _nearest_partners(large: Jumps, expected: FloatMatrix, market: FloatMatrix, volatility: FloatMatrix) -> Integers:
    """Give, by jump, the jump of the same session whose expected price is nearest to its price, and likewise back."""
    sessions, size = large.places.sessions, large.size
    price = expected + size
    most_off = _most_off(sessions, np.abs(size))
    by_volatility = np.clip(_SIGMAS_OFF * volatility, _LEAST_OFF, _MOST_OFF)
    with np.errstate(divide="ignore"):
        surprise = np.square(size / volatility)

    def off(own: Integers, other: Integers) -> FloatMatrix:
        """Give how far prices are from what is expected of others, in the market or outside of it."""
        away = price[own] - expected[other]
        return np.minimum(np.abs(away), np.abs(away + market[own]))

    order = np.lexsort((expected, sessions))
    # One ascending number for session and expected price; logarithms of prices lie well within a thousand.
    key = sessions[order] * 4096.0 + expected[order]
    best, partner = np.full(len(sessions), np.inf), np.full(len(sessions), -1)
    outside = np.flatnonzero(np.abs(market) > _LEAST_OFF)
    for asked, grown in ((np.arange(len(sessions)), 0.0), (outside, market[outside])):
        place = np.searchsorted(key, sessions[asked] * 4096.0 + price[asked] + grown)
        for step in range(-_NEIGHBOURS, _NEIGHBOURS):
            at = place + step
            inside = np.flatnonzero((at >= 0) & (at < len(order)))
            own, other = asked[inside], order[at[inside]]
            # Few prices are near one of the same session; only those are looked at from the other side.
            there = off(own, other)
            near = there <= np.minimum(np.minimum(most_off[own], most_off[other]), by_volatility[other])
            near &= (sessions[own] == sessions[other]) & (own != other) & (size[own] * size[other] < 0)
            own, other, there = own[near], other[near], there[near]
            back = off(other, own)
            nearer = back <= np.minimum(np.minimum(most_off[own], most_off[other]), by_volatility[own])
            nearer &= (surprise[own] + surprise[other] >= 2 * _LEAST_SIGMAS**2) & (there + back < best[own])
            best[own[nearer]], partner[own[nearer]] = (there + back)[nearer], other[nearer]
    return partner


def _most_off(sessions: Integers, size: FloatMatrix) -> FloatMatrix:
    """Give how far a price may be off, by jump, among as many jumps of its session as are about as large."""
    on_grid, least = (np.minimum(part * _GRID, _SIZES - 1).astype(np.int64) for part in (size, _AS_LARGE * size))
    key = np.sort(sessions * _SIZES + on_grid)
    end = np.searchsorted(key, (sessions + 1) * _SIZES)
    count = end - np.searchsorted(key, sessions * _SIZES + least)
    return np.minimum(_OFF_OF_MANY * np.sqrt(size) / count, _SHARE_OFF * size)
