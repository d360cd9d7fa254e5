"""Finds tickers whose prices came in each other's place: each has the price that was expected of the other."""

import numpy as np

from quality.evaluation.robust.jumps import LARGE_JUMP, Jumps
from quality.evaluation.robust.moves import Moves, previous_prices
from quality.evaluation.robust.volatility import Volatility
from quality.evaluation.robust.windows import Places
from quality.panel.grid import BoolMatrix, FloatMatrix, Integers

# Jumps that are looked at: of at least this size, and so many times the ticker's volatility.
LEAST_SIZE, LEAST_SIGMAS = LARGE_JUMP, 4
# How far, as a logarithm, a price may be from what is expected of the other: in volatilities, at least, at most.
_SIGMAS_OFF, _LEAST_OFF, _MOST_OFF = 4, 0.01, 0.15
# Of many jumps of a session, they may be this far from it by so many.
_OFF_OF_MANY = 0.3
# Expected prices are tried from the nearest on, so many of them.
_NEIGHBOURS = 3


def measure_swaps(moves: Moves, jumps: Jumps, volatilities: Volatility) -> tuple[Jumps, Integers]:
    """Give the jumps to another ticker's price, and by jump the row of that ticker."""
    large = jumps.only(np.abs(jumps.size) > LEAST_SIZE)
    kept, volatility = volatilities.exceeded(large.places, large.size, LEAST_SIGMAS)
    large = large.only(kept)
    expected = previous_prices(moves, large.places) * moves.market[large.places.sessions]
    return swaps_of(large, expected, volatility)


def swaps_of(large: Jumps, expected: FloatMatrix, volatility: FloatMatrix) -> tuple[Jumps, Integers]:
    """Find the swaps among jumps that are larger than `LEAST_SIZE`, and `LEAST_SIGMAS` times their ticker's volatility.

    Two jumps of one session are a swap if each price is near what is expected of the other, its previous price grown
    with the market, and neither has a nearer partner.

    Args:
        large: The jumps.
        expected: By jump, that price.
        volatility: By jump, that of its ticker, 0 where nothing is known of it.

    Returns:
        The jumps to another ticker's price, and by jump the row of that ticker.

    """
    expected = np.log(expected)
    places = large.places
    # Among many jumps some are near each other by chance.
    many = np.bincount(places.sessions, minlength=1)[places.sessions] if len(large) else volatility
    off = np.minimum(np.clip(_SIGMAS_OFF * volatility, _LEAST_OFF, _MOST_OFF), _OFF_OF_MANY / np.maximum(many, 1))
    partner = _nearest_partners(places.sessions, expected, expected + large.size, off)
    found = np.flatnonzero(partner >= 0)
    found = found[partner[partner[found]] == found]
    found = found[~_swaps_back(places, partner, found)]
    swapped = np.zeros(len(large), dtype=np.bool_)
    swapped[found] = True
    return large.only(swapped), places.tickers[partner[found]]


def _swaps_back(places: Places, partner: Integers, found: Integers) -> BoolMatrix:
    """Say which swaps undo one of the session before: the prices are in their places again."""
    other = places.tickers[partner[found]]
    before = Places(places.at[found] - 1, places.width)
    return np.asarray(before.look_up(Places(places.at[found], places.width), other, -1) == other)


def _nearest_partners(sessions: Integers, expected: FloatMatrix, price: FloatMatrix, off: FloatMatrix) -> Integers:
    """Give, by jump, the jump of the same session whose expected price is nearest to its price, and likewise back."""
    order = np.lexsort((expected, sessions))
    # One ascending number for session and expected price; logarithms of prices lie well within a thousand.
    key = sessions[order] * 4096.0 + expected[order]
    place = np.searchsorted(key, sessions * 4096.0 + price)
    best, partner = np.full(len(sessions), np.inf), np.full(len(sessions), -1)
    for step in range(-_NEIGHBOURS, _NEIGHBOURS):
        at = place + step
        own = np.flatnonzero((at >= 0) & (at < len(order)))
        other = order[at[own]]
        # Few prices are near one of the same session; only those are looked at from the other side.
        near = np.abs(price[own] - expected[other]) <= off[other]
        near &= (sessions[own] == sessions[other]) & (own != other)
        own, other = own[near], other[near]
        there, back = np.abs(price[own] - expected[other]), np.abs(price[other] - expected[own])
        nearer = (back <= off[own]) & (there + back < best[own])
        best[own[nearer]], partner[own[nearer]] = (there + back)[nearer], other[nearer]
    return partner
