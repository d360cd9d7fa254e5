"""Finds runs of an oddity (prices that stand still, prices with too few decimals) that chance does not explain.

Of the cells before a run, some are odd by the ticker's own habit, a share q of them. A run of r of them has the chance
q^r: where that is next to nothing, the run is no habit. On the day itself the run so far counts, later all of it.
"""

from dataclasses import dataclass

import numpy as np

from quality.evaluation.robust.windows import Places
from quality.panel.grid import BoolMatrix, Integers

# Runs are followed so far back, and so far ahead: one that is longer is what the ticker does now.
RUN_SESSIONS = 30
RUN_AHEAD = 25


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
        others = {name: getattr(self, name)[kept] for name in self.__dataclass_fields__ if name != "places"}
        return Runs(places=self.places.only(kept), **others)


def measure_runs(odd: BoolMatrix, known: BoolMatrix, judged: slice, chance: Chance) -> Runs:
    """Find the runs of odd cells that chance does not explain.

    Args:
        odd: Tickers by sessions.
        known: Cells of which it is known whether they are odd.
        judged: The sessions whose cells are wanted; there are enough before them, and `RUN_AHEAD` after.
        chance: What chance explains.

    """
    # Where every known cell is odd, that is the ticker's habit: most tickers have no more decimals than two.
    is_habit = np.asarray((odd | ~known).all(axis=1))
    if is_habit.any():
        odd = odd & ~is_habit[:, np.newaxis]
    places = _in_long_runs(odd, judged, chance.least_run)
    if not len(places):
        return Runs(places, *np.zeros((2, 0), dtype=np.int64), *np.zeros((3, 0), dtype=np.bool_))
    before = _streak(odd, places, -1, RUN_SESSIONS)
    after = _streak(odd, Places(places.at + 1, places.width), 1, RUN_AHEAD)
    so_far, length = before, before + after
    share = _share(odd, known, Places(places.at - so_far + 1, places.width), chance)
    habit = ~(share < chance.most_share)
    with np.errstate(invalid="ignore"):
        is_run = (so_far >= chance.least_run) & (share**so_far < chance.least) & ~habit
        was_run = (so_far - 1 >= chance.least_run) & (share ** (so_far - 1) < chance.least) & ~habit
        is_run_in_the_end = (length >= chance.least_run) & (share**length < chance.least) & ~habit
    kept = is_run | is_run_in_the_end
    return Runs(places, so_far, length, is_run & ~was_run, is_run, is_run_in_the_end).only(kept)


def _in_long_runs(odd: BoolMatrix, judged: slice, least: int) -> Places:
    """Give the odd cells that are in a run of so many."""
    reach = slice(judged.start - least, judged.stop + least)
    near = odd[:, reach]
    begins = near.copy()
    for step in range(1, least):
        begins[:, : near.shape[1] - step] &= near[:, step:]
    if least > 1:
        begins[:, near.shape[1] - least + 1 :] = False
    inside = begins.copy()
    for step in range(1, least):
        inside[:, step:] |= begins[:, :-step]
    chosen = np.zeros(odd.shape, dtype=np.bool_)
    chosen[:, judged] = inside[:, least:-least] if least else inside
    return Places.where(chosen)


def _streak(odd: BoolMatrix, places: Places, direction: int, most: int) -> Integers:
    """Count the odd cells in a row from each place on, the place included, in one direction."""
    flat, count = odd.ravel(), np.zeros(len(places), dtype=np.int64)
    going = np.arange(len(places))
    for step in range(most):
        going = going[flat[places.at[going] + direction * step]]
        if not len(going):
            break
        count[going] += 1
    return count


def _share(odd: BoolMatrix, known: BoolMatrix, first: Places, chance: Chance) -> np.ndarray:
    """Give the share of odd cells among the known ones before the first cells of runs, NaN for too few of them."""
    start = first.at - chance.sessions
    counts = []
    for flags in (odd & known, known):
        running = np.zeros(flags.size + 1, dtype=np.int64)
        np.cumsum(flags.ravel(), out=running[1:])
        counts.append(running[first.at] - running[start])
    odd_cells, cells = counts
    # One more of each: that none has been seen does not make the next one impossible.
    return np.where(cells >= chance.least_cells, (odd_cells + 1) / (cells + 1), np.nan)
