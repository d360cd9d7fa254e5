"""Measures prices against their own past, their own future and the market, for the rule set `robust`.

Everything is counted in sessions and nothing looks further back than `LOOK_BACK` or ahead than
`LOOK_AHEAD` of them, so a chunk with that margin gives the bits that the whole panel gives.
"""

from dataclasses import dataclass

import numpy as np

from quality.evaluation.robust.stale import REPEAT_SESSIONS, Repeats, measure_repeats
from quality.evaluation.robust.windows import Integers, Places, first_of, gather, median, spread
from quality.panel.grid import BoolMatrix, FloatMatrix

# The expected price is the median of the last 7 usable prices, none of them older than 10 sessions.
LEVEL_PRICES, LEVEL_SESSIONS = 7, 10
# A ticker is expected until it has been absent for so many sessions.
SEEN_SESSIONS = 20
MOVE_SESSIONS = 30
# Fewer moves than this tell nothing of a ticker's volatility.
LEAST_MOVES = 5
# Fewer tickers than this are no market.
LEAST_TICKERS = 10
# The level a few months ago: sessions that lie this far back.
_EARLIER = range(81, 91)
LOOK_BACK = MOVE_SESSIONS + REPEAT_SESSIONS + LEVEL_SESSIONS
LOOK_AHEAD = LEVEL_SESSIONS


@dataclass(frozen=True)
class Prices:
    """Consecutive sessions of a panel.

    Attributes:
        raw: Sessions by tickers, as they came: zeros, negatives and infinities too; NaN for no price.
        has_row: False where there is no row at all.

    """

    raw: FloatMatrix
    has_row: BoolMatrix


@dataclass(frozen=True)
class Measured:
    """What was measured: a value a session, and a value each for the cells that a rule may speak of.

    Attributes:
        market: By session: the market's growth that day, 1 where there are too few tickers.
        movers: By session: how many tickers the market is made of.
        frozen_share: By session: see `repeats`.
        places: The cells; all other arrays belong to them.
        absent_sessions: Sessions since the ticker's last row, this one included; 0 where there is a row.
        is_new: There is a row, and none in the `SEEN_SESSIONS` sessions before.
        previous: The last usable price before, at most `LEVEL_SESSIONS` old.
        own_move: What the price did since then, beyond the market.
        expected, usable: The median of the usable prices before, each grown with the market to today, and
            how many they are.
        expected_after, usable_after: The same of those after, likewise brought back to today, where
            the price leapt today or tomorrow.
        earlier: The level about four months before, grown with nothing.
        volatility: The standard deviation of daily log moves, where it is needed.
        repeats: See `repeats`; NaN where the price is not the previous one.

    """

    market: FloatMatrix
    movers: Integers
    frozen_share: FloatMatrix
    places: Places
    absent_sessions: Integers
    is_new: BoolMatrix
    previous: FloatMatrix
    own_move: FloatMatrix
    expected: FloatMatrix
    usable: Integers
    expected_after: FloatMatrix
    usable_after: Integers
    earlier: FloatMatrix
    volatility: FloatMatrix
    repeats: Repeats


def measure(prices: Prices, judged: slice, least_move: float, *, every_cell: bool) -> Measured:
    """Measure the judged sessions.

    Args:
        prices: The judged sessions with `LOOK_BACK` before and `LOOK_AHEAD` after, as far as there are.
        judged: Which rows of the matrices are judged.
        least_move: A price that moved no more than this share, today or tomorrow, is no jump; for jumps, gaps
            and repeats alone the costly statistics are made.
        every_cell: List every expected cell, not only those that a rule of the set may speak of.

    """
    usable = np.where((prices.raw > 0) & np.isfinite(prices.raw), prices.raw, np.nan)
    previous = _previous(usable)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        growth = usable / previous
    market, movers = _market(growth)
    own = growth / market[:, np.newaxis] - 1
    is_jump = np.abs(own) > least_move
    absent = _sessions_since_row(prices.has_row)
    expected_absent = ~prices.has_row & (absent <= SEEN_SESSIONS)
    is_new = prices.has_row & (absent > SEEN_SESSIONS)
    leaps = is_jump.copy()
    leaps[:-1] |= is_jump[1:] & ~np.isnan(usable[:-1])
    suspect = leaps | (prices.has_row & np.isnan(usable)) | expected_absent | is_new | (usable == previous)
    if every_cell:
        suspect = prices.has_row | expected_absent
    suspect[: judged.start] = suspect[judged.stop :] = False
    places = Places.where(suspect)
    expected, count = _level_before(usable, market, places)
    leaping = every_cell | leaps[places.rows, places.columns]
    after, count_after = np.full(len(places), np.nan), np.zeros(len(places), dtype=np.int64)
    after[leaping], count_after[leaping] = _level_after(usable, market, places.only(leaping))
    repeats, frozen_share = measure_repeats(usable, growth, places)
    return Measured(
        market=market,
        movers=movers,
        frozen_share=frozen_share,
        places=places,
        absent_sessions=np.where(prices.has_row, 0, absent)[places.rows, places.columns],
        is_new=is_new[places.rows, places.columns],
        previous=places.of(previous),
        own_move=places.of(own),
        expected=expected,
        usable=count,
        expected_after=after,
        usable_after=count_after,
        earlier=_earlier(usable, places, is_jump),
        volatility=_volatility(growth, places, _far(places.of(usable), expected, after, least_move)),
        repeats=repeats,
    )


def _previous(usable: FloatMatrix) -> FloatMatrix:
    """Give for each cell the last usable price before it, if it is recent."""
    previous = np.full_like(usable, np.nan)
    previous[1:] = usable[:-1]
    for step in range(2, min(LEVEL_SESSIONS + 1, len(usable))):
        hole = np.nonzero(np.isnan(previous[step:]))
        previous[step:][hole] = usable[:-step][hole]
    return previous


def _market(growth: FloatMatrix) -> tuple[FloatMatrix, Integers]:
    middle, count = median(growth) if growth.size else (np.ones(len(growth)), np.zeros(len(growth), dtype=np.int64))
    return np.where(count >= LEAST_TICKERS, middle, 1.0), count


def _sessions_since_row(has_row: BoolMatrix) -> Integers:
    """Count, for each cell, the sessions since its ticker's last row before it: 1 for the session before."""
    since = np.empty(has_row.shape, dtype=np.int64)
    age = np.full(has_row.shape[1], LOOK_BACK)
    for row, present in enumerate(has_row):
        age += 1
        since[row] = age
        age[present] = 0
    return since


def _level_before(usable: FloatMatrix, market: FloatMatrix, places: Places) -> tuple[FloatMatrix, Integers]:
    """Grow each of the last prices with the market to today, then take the median."""
    grown = np.ones((len(market), LEVEL_SESSIONS))
    for step in range(1, LEVEL_SESSIONS + 1):
        before = grown[:, step - 2] if step > 1 else np.ones(len(market))
        shifted = np.concatenate([np.ones(step - 1), market])[: len(market)]
        grown[:, step - 1] = before * shifted
    window = gather(usable, places, range(1, LEVEL_SESSIONS + 1)) * grown[places.rows]
    return median(first_of(window, LEVEL_PRICES))


def _level_after(usable: FloatMatrix, market: FloatMatrix, places: Places) -> tuple[FloatMatrix, Integers]:
    """Bring each of the next prices back to today, then take the median."""
    shrunk = np.ones((len(market), LEVEL_SESSIONS))
    for step in range(1, LEVEL_SESSIONS + 1):
        before = shrunk[:, step - 2] if step > 1 else np.ones(len(market))
        shifted = np.concatenate([market, np.ones(step)])[step:]
        shrunk[:, step - 1] = before / shifted
    window = gather(usable, places, range(-1, -LEVEL_SESSIONS - 1, -1)) * shrunk[places.rows]
    return median(first_of(window, LEVEL_PRICES))


def _earlier(usable: FloatMatrix, places: Places, is_jump: BoolMatrix) -> FloatMatrix:
    jumps = is_jump[places.rows, places.columns]
    earlier = np.full(len(places), np.nan)
    earlier[jumps], _ = median(gather(usable, places.only(jumps), _EARLIER))
    return earlier


def _far(price: FloatMatrix, expected: FloatMatrix, after: FloatMatrix, least_move: float) -> BoolMatrix:
    """Say where the price is far from what was or from what came."""
    with np.errstate(invalid="ignore"):
        return np.asarray((np.abs(price / expected - 1) > least_move) | (np.abs(price / after - 1) > least_move))


def _volatility(growth: FloatMatrix, places: Places, far: BoolMatrix) -> FloatMatrix:
    """Measure the moves before today, for the places that are far from what is expected."""
    volatility = np.full(len(places), np.nan)
    deviation, count = spread(np.log(gather(growth, places.only(far), range(1, MOVE_SESSIONS + 1))))
    volatility[far] = np.where(count >= LEAST_MOVES, deviation, np.nan)
    return volatility
