"""What prices do from one session to the next: beyond the market, and by their own habit."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from quality.evaluation.robust.money import Money
from quality.evaluation.robust.windows import Places, gather, median
from quality.panel.grid import BoolMatrix, FloatMatrix, Integers

# The previous price is at most so many sessions old.
PREVIOUS_SESSIONS = 10
# The smallest step of a price is that of so many sessions.
STEP_SESSIONS = 60
# Prices come as floats, sometimes of single precision: a smaller change, as a share of the price, is none.
_SAME = 3e-7
# Fewer tickers than this are no market, and a median move by a power of ten is that of a file in another unit.
LEAST_TICKERS = 10
# How near a power of ten a ratio must be, as a decimal logarithm; ten itself is also the size of news.
_OFF_TEN, _OFF_MORE = 0.03, 0.1
# Tickers, and sessions, that are worked on at once: what they take stays in the processor's cache.
_TICKERS_AT_ONCE, _SESSIONS_AT_ONCE = 32, 64
# Windows that are laid out at once, likewise.
_WINDOWS_AT_ONCE = 1024


@dataclass(frozen=True)
class Moves:
    """The moves of a grid.

    Attributes:
        usable: Prices that are positive and finite, tickers by sessions, NaN where there is none.
        growth: Each of them over the one before; the first `PREVIOUS_SESSIONS` sessions may lack some.
        market: By session, the median growth of all tickers, 1 where they are too few.
        movers: By session, how many tickers the market is made of.
        money: Where listed corporate actions changed the money of prices; growth knows nothing of them.

    """

    usable: FloatMatrix
    growth: FloatMatrix
    market: FloatMatrix
    movers: Integers
    money: Money | None = None


def measure_moves(prices: FloatMatrix, sessions: slice, known: tuple[FloatMatrix, Integers] | None = None) -> Moves:
    """Measure the moves of a grid, and the market's on some of its sessions.

    Args:
        prices: Tickers by sessions, as they came, NaN for none.
        sessions: Where the market is wanted; elsewhere it is said to stand still.
        known: The market and its movers by session, where they were measured on more tickers than these.

    """
    usable, growth = np.empty_like(prices), np.empty_like(prices)
    for rows in _portions(len(prices)):
        raw = prices[rows]
        usable[rows] = np.where((raw > 0) & (raw < np.inf), raw, np.nan)
        with np.errstate(over="ignore"):
            np.divide(usable[rows], _previous(usable[rows]), out=growth[rows])
    market, movers = np.ones(prices.shape[1]), np.zeros(prices.shape[1], dtype=np.int64)
    market[sessions], movers[sessions] = (
        (known[0][sessions], known[1][sessions]) if known else _market(growth[:, sessions])
    )
    return Moves(usable, growth, market, movers)


def _portions(tickers: int) -> Iterator[slice]:
    for first in range(0, tickers, _TICKERS_AT_ONCE):
        yield slice(first, first + _TICKERS_AT_ONCE)


def _previous(usable: FloatMatrix) -> FloatMatrix:
    """Give for each cell the last usable price before it, if it is recent."""
    previous = np.empty_like(usable)
    previous[:, 1:], previous[:, :1] = usable[:, :-1], np.nan
    holes = np.flatnonzero(np.isnan(previous))
    inside, values, filled = holes % usable.shape[1], usable.ravel(), previous.ravel()
    for step in range(2, PREVIOUS_SESSIONS + 1):
        holes = holes[inside >= step]
        found = values[holes - step]
        filled[holes] = found
        holes = holes[np.isnan(found)]
        inside = holes % usable.shape[1]
    return previous


def _market(growth: FloatMatrix) -> tuple[FloatMatrix, Integers]:
    market, movers = np.ones(growth.shape[1]), np.zeros(growth.shape[1], dtype=np.int64)
    if len(growth):
        for first in range(0, growth.shape[1], _SESSIONS_AT_ONCE):
            some = slice(first, first + _SESSIONS_AT_ONCE)
            market[some], movers[some] = market_of(np.ascontiguousarray(growth[:, some].T))
    return market, movers


def market_of(growth: FloatMatrix) -> tuple[FloatMatrix, Integers]:
    """Give the market of some sessions, and how many tickers it is made of, from the growth of all: a row a session."""
    middle, movers = median(growth)
    is_market = (movers >= LEAST_TICKERS) & (powers_of_ten(middle) == 0)
    return np.where(is_market, middle, 1.0), movers


def powers_of_ten(ratio: FloatMatrix, wide: FloatMatrix | float = 0.0) -> Integers:
    """Give the power of ten, other than 0, that a ratio is near to; 0 where it is near none.

    How near, is said by the power, or by `wide`, as a decimal logarithm, where that is more.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        decimals = np.log10(ratio)
        power = np.rint(np.nan_to_num(decimals, posinf=0, neginf=0)).astype(np.int64)
        off = np.maximum(np.where(np.abs(power) == 1, _OFF_TEN, _OFF_MORE), wide)
        return np.where(np.abs(decimals - power) < off, power, 0)


def leaps(moves: Moves, sessions: slice, least_move: float) -> BoolMatrix:
    """Say which cells of some sessions moved, beyond the market, by more than a share, or a rounding error less."""
    growth, market = moves.growth[:, sessions], moves.market[sessions]
    slack = least_move * (1 - 1e-9)
    most, least = market * (1 + slack), market * (1 - slack)
    found = np.empty(growth.shape, dtype=np.bool_)
    for rows in _portions(len(growth)):
        np.logical_or(growth[rows] > most, growth[rows] < least, out=found[rows])
    return found


def undone(moves: Moves, sessions: slice, least_move: float) -> BoolMatrix:
    """Say which cells of some sessions moved by more than a share, and about as much back on the next one."""
    reach = slice(sessions.start, sessions.stop + 1)
    growth, market = moves.growth[:, reach], moves.market[reach]
    found = np.empty((len(growth), growth.shape[1] - 1), dtype=np.bool_)
    for rows in _portions(len(growth)):
        own = growth[rows] / market
        up, down = own > 1 + least_move, own < 1 / (1 + least_move)
        np.logical_or(up[:, :-1] & down[:, 1:], down[:, :-1] & up[:, 1:], out=found[rows])
    return found


def previous_prices(moves: Moves, places: Places) -> FloatMatrix:
    """Give the last usable price before, NaN where the last ten sessions hold none."""
    values = moves.usable.ravel()
    previous = values[places.at - 1]
    holes = np.flatnonzero(np.isnan(previous))
    for step in range(2, PREVIOUS_SESSIONS + 1):
        previous[holes] = values[places.at[holes] - step]
        holes = holes[np.isnan(previous[holes])]
    return previous if moves.money is None else moves.money.of_previous(places, previous)


def own_moves(moves: Moves, places: Places) -> FloatMatrix:
    """Give what the price did since the previous one, beyond the market: 0.1 is 10 % up."""
    return places.of(moves.growth) / moves.market[places.sessions] - 1


def next_moves(moves: Moves, places: Places) -> FloatMatrix:
    """Give what the price did on the next session, likewise; NaN where either price is missing."""
    today = places.of(moves.usable)
    tomorrow = Places(places.at + 1, places.width)
    return np.where(np.isnan(today), np.nan, own_moves(moves, tomorrow))


def smallest_steps(moves: Moves, places: Places) -> FloatMatrix:
    """Give the smallest change of the price in the quarter before, 0 where it never changed."""
    smallest = [_smallest_steps(moves, part) for part in places.blocks(_WINDOWS_AT_ONCE)]
    return np.concatenate(smallest)


def _smallest_steps(moves: Moves, places: Places) -> FloatMatrix:
    growth = gather(moves.growth, places, -STEP_SESSIONS, -1)
    prices = gather(moves.usable, places, -STEP_SESSIONS, -1)
    with np.errstate(invalid="ignore"):
        changes = prices / growth
        np.subtract(prices, changes, out=changes)
        np.abs(changes, out=changes)
        prices *= _SAME
        changes.put(np.flatnonzero(~(changes > prices)), np.inf)
    smallest = changes.min(axis=1, initial=np.inf)
    return np.where(np.isinf(smallest), 0.0, smallest)
