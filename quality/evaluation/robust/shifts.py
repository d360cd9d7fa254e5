"""Finds sessions on which prices stand beside their tickers: each is what was expected some columns to one side.

Of the prices of many tickers, as of rates, some are always near to each other. So a price is held against the move that
its ticker would have made, and against that of the ticker beside it, each in volatilities of its own: the logarithms of
how much likelier the other column makes it add up along the columns, and a stretch of them with a large sum is shifted.
"""

from collections.abc import Iterator

import numpy as np

from quality.evaluation.robust.jumps import LEAST_JUMP, Jumps
from quality.evaluation.robust.moves import LEAST_TICKERS, Moves
from quality.evaluation.robust.volatility import Volatility
from quality.evaluation.robust.windows import Places, gather
from quality.panel.grid import BoolMatrix, FloatMatrix, Integers

# Sessions are looked at on which so large a share of the tickers jumped, and so many at least.
_SHARE, LEAST_SHIFTED = 0.2, 3
# How many columns prices may be off, to both sides.
_MOST_COLUMNS = 3
# Of so many that jumped, or of that share of all, the other column must hold one nearer by so much: most days end here.
_EXPLAINED, _NEARER = 0.5, 0.5
# How much likelier the other column must make a stretch of prices, as a logarithm, beyond so much for each of them, and
# how far these may then be from what is expected, in volatilities, in the middle.
_LEAST_EVIDENCE, _OF_EACH, _MOST_OFF = 15.0, 1.0, 2.0
# A price is near its ticker if it is near one of so many sessions before.
_LAST_PRICES = 3
# Moves have tails: those of Student's distribution of so many degrees. No volatility is smaller than this.
_TAILS, _LEAST_VOLATILITY = 4.0, 0.002
# A price at the stretch's end that has none beside it is another ticker's too, if it is so many volatilities off.
_FAR = 4.0


def measure_shifts(moves: Moves, jumps: Jumps, volatilities: Volatility, judged: slice) -> Places:
    """Find the prices of the judged sessions that stand beside their tickers."""
    width = moves.usable.shape[1]
    jumped = np.bincount(jumps.places.sessions, minlength=width)
    found = [np.zeros(0, dtype=np.int64)]
    for session in unusual_sessions(jumped, moves.movers, judged).tolist():
        places = with_moves(moves, session)
        if may_be_shifted(*_prices(moves, places)):
            found.append(places.at[are_shifted(*columns_of(moves, places, volatilities))])
    return Places(np.sort(np.concatenate(found)), width)


def with_moves(moves: Moves, session: int) -> Places:
    """Give the cells of a session that have a move."""
    width = moves.growth.shape[1]
    return Places(np.flatnonzero(~np.isnan(moves.growth[:, session])) * width + session, width)


def columns_of(moves: Moves, places: Places, volatilities: Volatility) -> tuple[FloatMatrix, ...]:
    """Give what `are_shifted` asks of some cells of one session."""
    return *_prices(moves, places), _own_distances(moves, places), volatilities.before(places)


def _prices(moves: Moves, places: Places) -> tuple[FloatMatrix, FloatMatrix]:
    price = np.log(places.of(moves.usable))
    return price, price - np.log(places.of(moves.growth))


def unusual_sessions(jumped: Integers, movers: Integers, judged: slice) -> Integers:
    """Give the judged sessions on which many tickers jumped, from how many did, and how many moved at all."""
    is_unusual = (jumped >= np.maximum(_SHARE * movers, LEAST_SHIFTED)) & (movers >= LEAST_TICKERS)
    return np.asarray(np.flatnonzero(is_unusual[judged]) + judged.start)


def may_be_shifted(price: FloatMatrix, previous: FloatMatrix) -> bool:
    """Say of a session whether it is worth a closer look, from logarithms of prices, by ticker."""
    own = np.abs(price - previous)
    enough = min(_SHARE * len(price), _EXPLAINED * np.count_nonzero(own > LEAST_JUMP))
    for here, there in _beside(len(price)):
        is_nearer = (own[here] > LEAST_JUMP) & (np.abs(price[here] - previous[there]) < _NEARER * own[here])
        if np.count_nonzero(is_nearer) >= max(enough, LEAST_SHIFTED):
            return True
    return False


def _own_distances(moves: Moves, places: Places) -> FloatMatrix:
    """Give how far, as a logarithm, prices are from the nearest of their tickers' last ones.

    After a session that was shifted, prices come back to where they were before it.
    """
    with np.errstate(invalid="ignore"):
        before = np.log(gather(moves.usable, places, -_LAST_PRICES, -1) / places.of(moves.usable)[:, np.newaxis])
    own = np.abs(np.log(places.of(moves.growth)))
    return np.asarray(np.fmin(own, np.fmin.reduce(np.abs(before), axis=1)))


def are_shifted(
    price: FloatMatrix, previous: FloatMatrix, own_move: FloatMatrix, volatility: FloatMatrix
) -> BoolMatrix:
    """Say which prices of a session stand beside their tickers.

    Args:
        price: Logarithms of prices, by ticker, in the order of the columns.
        previous: Likewise of those before.
        own_move: By ticker, how far it is from the nearest of its ticker's last ones, as a logarithm.
        volatility: By ticker, NaN where nothing is known of it.

    """
    shifted = np.zeros(len(price), dtype=np.bool_)
    if not may_be_shifted(price, previous):
        return shifted
    known = np.flatnonzero(~np.isnan(volatility))
    price, previous, own_move = price[known], previous[known], own_move[known]
    volatility = np.maximum(volatility[known], _LEAST_VOLATILITY)
    own = _likelihood(own_move, volatility)
    best = _LEAST_EVIDENCE
    for here, there in _beside(len(price)):
        move = price[here] - previous[there]
        start, stop, total = _largest_stretch(_likelihood(move, volatility[there]) - own[here] - _OF_EACH)
        off = np.abs(move[start:stop]) / volatility[there][start:stop]
        if total > best and stop - start >= LEAST_SHIFTED and np.median(off) <= _MOST_OFF:
            best, found = total, slice(here.start + start, here.start + stop)
            # Prices that lost their place at the ends of the stretch belong to it.
            beyond = slice(max(found.start - _MOST_COLUMNS, 0), found.stop + _MOST_COLUMNS)
            shifted[:] = False
            shifted[known[beyond]] = (own_move > _FAR * volatility)[beyond]
            shifted[known[found]] = True
    return shifted


def _beside(tickers: int) -> Iterator[tuple[slice, slice]]:
    """Give the columns of prices, and those that they may be of."""
    for columns in range(1, min(_MOST_COLUMNS, tickers - 1) + 1):
        yield slice(columns, tickers), slice(0, tickers - columns)
        yield slice(0, tickers - columns), slice(columns, tickers)


def _likelihood(move: FloatMatrix, volatility: FloatMatrix) -> FloatMatrix:
    """Give how likely moves are, as a logarithm, but for a constant."""
    off = move / volatility
    return np.asarray(-(_TAILS + 1) / 2 * np.log1p(off * off / _TAILS) - np.log(volatility))


def _largest_stretch(values: FloatMatrix) -> tuple[int, int, float]:
    """Give where the stretch with the largest sum begins and ends, and its sum."""
    running = np.concatenate([[0.0], np.cumsum(values)])
    gain = running - np.minimum.accumulate(running)
    stop = int(gain.argmax())
    start = int(running[: stop + 1].argmin())
    return start, stop, float(gain[stop])
