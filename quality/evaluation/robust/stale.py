"""Tells a frozen feed from prices that repeat by nature.

A price that moves by `volatility` a day, in steps of one tick, stands still with the chance
q = tick / (price · volatility · √(2π)). Repeats beyond that come from feeds that froze, with a share of
all cells that is the same for every ticker: f solves Σ f/(f + q) = f · cells over the repeats of the
last sessions, the maximum-likelihood share, drawn a little towards nothing so that a single repeat
in a small panel proves nothing. A repeat with q ≤ f is more likely frozen than natural.

The tick is not always a cent (fractions, adjusted prices, yen), and it shows: the coarser it is for a
ticker, the more of its price changes are equal. Two changes agree with the chance √2 · q, so the
number of equal pairs tells q without knowing the tick.
"""

from dataclasses import dataclass

import numpy as np

from quality.evaluation.robust.moves import Moves
from quality.evaluation.robust.volatility import LEAST_MOVES
from quality.evaluation.robust.windows import Places, gather, spread
from quality.panel.grid import BoolMatrix, FloatMatrix, Integers

# The frozen share is that of so many sessions, today's included.
REPEAT_SESSIONS = 60
# q is that of the moves of so many sessions before, those beyond so many robust standard deviations left out.
VOLATILITY_SESSIONS = 30
_OUTLIERS = 4
_TICK = 0.01
# Repeats that begin a run, among the last moves, from which on a ticker just does not trade much.
_IDLE_RUNS = 4
# Likewise repeats, whether they follow one another or not.
_IDLE_DAYS = 6
# The prior: so many cells more without a frozen price. A panel of twenty tickers has 1,200 in sixty sessions.
_PRIOR_CELLS = 700
# q on a grid of quarter octaves: counting whole repeats a step keeps sums exact in any order.
STEPS, _PER_OCTAVE = 81, 4
_SCALE = 1 << 20
# Beyond this size a move is a fault next door, not a price change.
_LARGE_MOVE = 0.1
# Prices of so many decimals were adjusted and rounded: their changes are equal to within two of the last ones, if those
# are no more than this share of a usual move. The changes of so many sessions are compared.
_ADJUSTED_DECIMALS, _ROUNDING, _ADJUSTED_SESSIONS = 3, 0.02, 60
# Price changes that are compared with each one, in order of their size, for being equal.
_NEIGHBOURS = 12
# Repeats that are looked at at once: what they take stays in the processor's cache.
_AT_ONCE = 1024


@dataclass(frozen=True)
class Repeats:
    """The repeats among the judged cells, and what is known of them.

    Attributes:
        places: The cells whose price is the previous one.
        chance: q on its grid, NaN for too short a past.
        evidence: How many times likelier the next move makes a frozen price: behind one, two days'
            moves hide. 1 where there is no next price, NaN where chance is.
        frozen_share: f, by session of the grid; 0 before the judged ones.

    """

    places: Places
    chance: FloatMatrix
    evidence: FloatMatrix
    frozen_share: FloatMatrix


def measure_repeats(moves: Moves, judged: slice, stale: BoolMatrix, share: FloatMatrix | None = None) -> Repeats:
    """Judge the repeats of some sessions; on a stale one all is said of the session, and nothing of its repeats.

    Args:
        moves: The moves of a grid.
        judged: The sessions; the grid holds as many before them as `REPEAT_SESSIONS` and the windows of a move.
        stale: By session of the grid, whether most of its prices are those of the session before.
        share: The frozen share by session, where it was measured on more tickers than these.

    """
    recent = slice(judged.start - (REPEAT_SESSIONS - 1 if share is None else 0), judged.stop)
    every = Places.where(moves.growth == 1)
    every = every.only((every.sessions >= recent.start) & (every.sessions < recent.stop) & ~stale[every.sessions])
    parts = [chances(moves, part) for part in every.blocks(_AT_ONCE)]
    step, volatility = (np.concatenate(values) for values in zip(*parts, strict=True))
    if share is None:
        cells = np.zeros(moves.growth.shape[1], dtype=np.int64)
        cells[recent] = np.count_nonzero(~np.isnan(moves.growth[:, recent]), axis=0) * ~stale[recent]
        share = np.zeros(len(cells))
        share[judged] = frozen_share(counts_of_steps(every.sessions, step, len(cells)), cells)[judged]
    is_judged = every.sessions >= judged.start
    chance = np.where(step >= 0, _grid()[step], np.nan)
    places = every.only(is_judged)
    evidence = np.where(step >= 0, _evidence(moves.usable, every, volatility), np.nan)
    return Repeats(places, chance[is_judged], evidence[is_judged], share)


def _grid() -> FloatMatrix:
    """Give the chances of the grid, the last of them 1."""
    return np.exp2((np.arange(STEPS) - (STEPS - 1)) / _PER_OCTAVE)


def chances(moves: Moves, repeats: Places) -> tuple[Integers, FloatMatrix]:
    """Give q of each repeat as a step of the grid, -1 for unknown, and the volatility behind it."""
    growth = gather(moves.growth, repeats, -VOLATILITY_SESSIONS, -1)
    past = gather(moves.usable, repeats, -VOLATILITY_SESSIONS, -1)
    price = repeats.of(moves.usable)
    volatility, count = spread(np.log(growth), _OUTLIERS)
    with np.errstate(divide="ignore", invalid="ignore"):
        chance = np.minimum(1, _TICK / (price * volatility * np.sqrt(2 * np.pi)))
    by_cents = chance
    chance = _by_equal_changes(by_cents, growth, past, np.maximum(3e-7 * price, 1e-9))
    rounding = _rounding(past, price * volatility)
    adjusted = rounding > 0
    if adjusted.any():
        few = repeats.only(adjusted)
        moved, prices = (gather(values, few, -_ADJUSTED_SESSIONS, -1) for values in (moves.growth, moves.usable))
        chance[adjusted] = _by_equal_changes(by_cents[adjusted], moved, prices, rounding[adjusted])
    stands = growth == 1
    runs = (stands[:, 1:] & ~stands[:, :-1]).sum(axis=1) + stands[:, 0]
    chance = np.where(runs >= _IDLE_RUNS, np.maximum(chance, runs / VOLATILITY_SESSIONS), chance)
    standing = stands.sum(axis=1)
    chance = np.where(standing >= _IDLE_DAYS, np.maximum(chance, standing / VOLATILITY_SESSIONS), chance)
    known = count >= LEAST_MOVES
    rounded = np.rint(_PER_OCTAVE * np.log2(np.where(known, chance, 1))).astype(np.int64) + STEPS - 1
    return np.where(known, np.clip(rounded, 0, STEPS - 1), -1), volatility


def _by_equal_changes(chance: FloatMatrix, growth: FloatMatrix, past: FloatMatrix, equal: FloatMatrix) -> FloatMatrix:
    """Raise q where more price changes are equal than a tick of one cent would make them.

    Prices come as floats, sometimes of single precision: equal means to within that, or what they were rounded by.
    """
    changes = np.where(np.abs(growth - 1) < _LARGE_MOVE, np.abs(past - past / growth), np.nan)
    same = equal[:, np.newaxis]
    ordered = np.sort(np.where(changes > same, changes, np.nan), axis=1)
    count = (~np.isnan(ordered)).sum(axis=1)
    pairs = count * (count - 1) / 2
    alike = np.zeros(len(ordered), dtype=np.int64)
    for step in range(1, _NEIGHBOURS + 1):
        alike += (ordered[:, step:] - ordered[:, :-step] <= same).sum(axis=1)
    by_tick = np.sqrt(2) * pairs * chance
    coarse = alike > by_tick + 2 * np.sqrt(by_tick) + 1
    return np.where(coarse, np.minimum(1, alike / (np.sqrt(2) * np.maximum(pairs, 1))), chance)


def _rounding(past: FloatMatrix, usual_move: FloatMatrix) -> FloatMatrix:
    """Give by how much changes may differ since adjusted prices were rounded; 0 where they were not."""
    most = np.zeros(len(past))
    digits = 10.0**_ADJUSTED_DECIMALS
    rounded = np.flatnonzero(2 / digits < _ROUNDING * usual_move)
    scaled = past[rounded] * digits
    whole = np.rint(scaled)
    with np.errstate(invalid="ignore"):
        fits = np.abs(scaled - whole) <= 1e-6 * np.maximum(1, np.abs(scaled) * 1e-6)
        has_all = (fits | np.isnan(scaled)).all(axis=1) & (fits & (np.remainder(whole, 10) != 0)).any(axis=1)
    most[rounded[has_all]] = 2 / digits
    return most


def counts_of_steps(sessions: Integers, step: Integers, count: int) -> Integers:
    """Count the repeats of each of `count` sessions by the step of the grid that their chance is; unknown ones, not."""
    known = step >= 0
    counted = sessions[known] * STEPS + step[known]
    return np.bincount(counted, minlength=count * STEPS).reshape(count, STEPS)


def frozen_share(counts: Integers, cells: Integers) -> FloatMatrix:
    """Give, by session, the largest chance of the grid that is not above the frozen share.

    Args:
        counts: Repeats by session and step of the grid, as `counts_of_steps` gives them.
        cells: Moves by session.

    """
    recent = _over_last(np.concatenate([np.zeros((1, STEPS), dtype=np.int64), np.cumsum(counts, axis=0)]))
    most = (_over_last(np.concatenate([[0], np.cumsum(cells)])) + _PRIOR_CELLS) * _SCALE
    grid = _grid()
    weights = np.rint(_SCALE / (grid[:, np.newaxis] + grid)).astype(np.int64)
    # A larger share weighs repeats less: how many steps of the grid are below it is found by halving.
    below, above = np.zeros(len(cells), dtype=np.int64), np.full(len(cells), STEPS)
    while (below < above).any():
        middle = (below + above) // 2
        is_below = (recent * weights[np.minimum(middle, STEPS - 1)]).sum(axis=1) > most
        is_open = below < above
        below = np.where(is_open & is_below, middle + 1, below)
        above = np.where(is_open & ~is_below, middle, above)
    return np.where(below > 0, grid[below - 1], 0.0)


def _over_last(running: Integers) -> Integers:
    """Give, from running sums that begin with 0, the sums over the last sessions."""
    end = np.arange(1, len(running))
    return np.asarray(running[end] - running[np.maximum(end - REPEAT_SESSIONS, 0)])


def _evidence(usable: FloatMatrix, repeats: Places, volatility: FloatMatrix) -> FloatMatrix:
    """Compare the next move with one day's volatility (natural) and with that of two days (frozen)."""
    growth = usable.ravel()[repeats.at + 1] / repeats.of(usable)
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.where(np.abs(growth - 1) < _LARGE_MOVE, np.log(growth) / volatility, np.nan)
    odds = np.exp(np.minimum(size * size, 16) / 4) / np.sqrt(2)
    return np.where(np.isnan(size), 1.0, odds)
