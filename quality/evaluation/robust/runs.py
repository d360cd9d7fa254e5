"""Finds runs of an oddity (prices that stand still, prices with too few decimals) that chance does not explain.

Of the cells before a run, some are odd by the ticker's own habit, a share q of them. A run of r of them has the chance
q^r: where that is next to nothing, the run is no habit. On the day itself the run so far counts, later all of it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from quality.evaluation.robust.windows import Places
from quality.panel.grid import BoolMatrix, Integers

# Runs are followed so far back, and so far ahead: one that is longer is what the ticker does now.
RUN_SESSIONS = 30
RUN_AHEAD = 25
# Tickers that are worked on at once: what they take stays in the processor's cache.
_TICKERS_AT_ONCE = 64

# For some rows of a grid: which cells are odd, and of which it is known whether they are.
Flags: TypeAlias = Callable[[slice | Integers], tuple[BoolMatrix, BoolMatrix]]


@dataclass(frozen=True)
class Chance:
    """What chance explains of a run.

    Attributes:
        sessions: The sessions before the run that tell the ticker's habit.
        least_cells: Fewer known cells among them tell nothing.
        most_share: A larger share of odd ones makes them a habit.
        least: The chance below which a run is none.
        least_run: A shorter run is none.

    """

    sessions: int
    least_cells: int
    most_share: float
    least: float
    least_run: int


@dataclass(frozen=True)
class Runs:
    """The cells of runs.

    Attributes:
        places: The cells, of the judged sessions.
        so_far: How long the run is on the day, the day included; at most `RUN_SESSIONS`.
        length: How long it is with the sessions after, as far as they are looked at.
        begins: Whether the run became one on the day: the cells after it are more of the same.
        is_run: Whether it is one on the day already.
        is_run_in_the_end: Whether it is one with the sessions after.

    """

    places: Places
    so_far: Integers
    length: Integers
    begins: BoolMatrix
    is_run: BoolMatrix
    is_run_in_the_end: BoolMatrix

    def only(self, kept: BoolMatrix) -> "Runs":
        """Keep the cells for which a flag is true."""
        return Runs(self.places.only(kept), **{name: getattr(self, name)[kept] for name in _COLUMNS})


_COLUMNS = [name for name in Runs.__dataclass_fields__ if name != "places"]


def measure_runs(
    flags: Flags, shape: tuple[int, int], judged: slice, chance: Chance, asked: Integers | None = None
) -> Runs:
    """Find the runs of odd cells that chance does not explain.

    Args:
        flags: Gives, for some rows of the grid, which cells are odd, and of which it is known whether they are.
        shape: How many tickers and sessions the grid has.
        judged: The sessions whose cells are wanted; there are enough before them, and `RUN_AHEAD` after.
        chance: What chance explains.
        asked: The rows that are asked, None for all.

    """
    tickers, width = shape
    rows = np.arange(tickers) if asked is None else asked
    parts = [_runs_of(np.zeros((0, width), dtype=np.bool_), np.zeros((0, width), dtype=np.bool_), judged, chance)]
    for first in range(0, len(rows), _TICKERS_AT_ONCE):
        some = slice(first, first + _TICKERS_AT_ONCE)
        runs = _runs_of(*flags(some if asked is None else asked[some]), judged, chance)
        if len(runs.places):
            at = rows[some][runs.places.tickers] * width + runs.places.sessions
            parts.append(replace(runs, places=Places(at, width)))
    at = np.concatenate([runs.places.at for runs in parts])
    columns = {name: np.concatenate([getattr(runs, name) for runs in parts]) for name in _COLUMNS}
    return Runs(Places(at, width), **columns)


def _runs_of(odd: BoolMatrix, known: BoolMatrix, judged: slice, chance: Chance) -> Runs:
    # Where every known cell is odd, that is the ticker's habit: most tickers have no more decimals than two.
    is_habit = np.asarray((odd | ~known).all(axis=1))
    if is_habit.any():
        odd = odd & ~is_habit[:, np.newaxis]
    at, so_far, ahead = _in_long_runs(odd, judged, chance.least_run)
    share = _share(odd, known, Places(at - so_far + 1, odd.shape[1]), chance)
    # Most are of tickers that have them by habit.
    unusual = share < chance.most_share
    at, so_far, share = at[unusual], so_far[unusual], share[unusual]
    length = so_far + ahead[unusual]
    is_run = (so_far >= chance.least_run) & (share**so_far < chance.least)
    was_run = (so_far - 1 >= chance.least_run) & (share ** (so_far - 1) < chance.least)
    is_run_in_the_end = (length >= chance.least_run) & (share**length < chance.least)
    runs = Runs(Places(at, odd.shape[1]), so_far, length, is_run & ~was_run, is_run, is_run_in_the_end)
    return runs.only(is_run | is_run_in_the_end)


def _in_long_runs(odd: BoolMatrix, judged: slice, least: int) -> tuple[Integers, Integers, Integers]:
    """Give the judged cells that are in a run of so many odd ones, and its length up to each and after it.

    A run may go on from the end of a ticker's row into the next: nobody looks so far.
    """
    flat = np.concatenate([[False], _of_long_runs(odd.ravel(), least), [False]])
    begin, end = np.flatnonzero(flat[1:] != flat[:-1]).reshape(-1, 2).T
    length = end - begin
    run = np.repeat(np.arange(len(begin)), length)
    at = np.arange(len(run)) + (begin - np.cumsum(length) + length)[run]
    session = at % odd.shape[1]
    kept = (session >= judged.start) & (session < judged.stop)
    at, run = at[kept], run[kept]
    return at, np.minimum(at - begin[run] + 1, RUN_SESSIONS), np.minimum(end[run] - at - 1, RUN_AHEAD)


def _of_long_runs(odd: BoolMatrix, least: int) -> BoolMatrix:
    """Keep those odd cells that are in a run of so many: most are in none, and most tickers have none."""
    count = max(len(odd) - least + 1, 0)
    begins = odd[:count].copy()
    for step in range(1, least):
        begins &= odd[step : step + count]
    kept = np.zeros(len(odd), dtype=np.bool_)
    if begins.any():
        for step in range(least):
            kept[step : step + count] |= begins
    return kept


def _share(odd: BoolMatrix, known: BoolMatrix, first: Places, chance: Chance) -> np.ndarray:
    """Give the share of odd cells among the known ones before the first cells of runs, NaN for too few of them."""
    if not len(first):
        return np.zeros(0)
    odd_cells, cells = (_count_before(flags, first, chance.sessions) for flags in (odd & known, known))
    # One more of each: that none has been seen does not make the next one impossible.
    return np.where(cells >= chance.least_cells, (odd_cells + 1) / (cells + 1), np.nan)


def _count_before(flags: BoolMatrix, first: Places, sessions: int) -> Integers:
    """Count the flags that are true in so many sessions before each place."""
    if len(first) * sessions < flags.size:
        window = np.ndarray((flags.size - sessions + 1, sessions), flags.dtype, flags, strides=(1, 1))
        return np.asarray(np.count_nonzero(window[first.at - sessions], axis=1))
    running = np.zeros(flags.size + 1, dtype=np.int32)
    np.cumsum(flags.ravel(), out=running[1:])
    return (running[first.at] - running[first.at - sessions]).astype(np.int64)
