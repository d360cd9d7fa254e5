"""What is odd in a row: prices that stand still, and prices with fewer decimals than their ticker has."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from quality.evaluation.robust.moves import Moves
from quality.evaluation.robust.runs import RUN_SESSIONS, Chance, Runs, measure_runs
from quality.evaluation.robust.windows import Places, gather
from quality.panel.grid import BoolMatrix, FloatMatrix, Integers

STANDING = Chance(sessions=120, least_cells=20, most_share=0.34, least=1e-4, least_run=2)
ROUND = Chance(sessions=60, least_cells=20, most_share=0.3, least=1e-7, least_run=4)
# Decimals that prices may have been rounded to. Most tickers have two, and are not asked for runs of more.
_DECIMALS, _USUAL_DECIMALS = (0, 1, 2, 3, 4), 2
# A number is round if it is so near to one; prices come as floats, sometimes of single precision.
_NEAR = 1e-7
# Two different prices of a run are looked for so many sessions around each cell.
_NEAREST = 12
# A run of rounded prices holds no jump: that is another unit, whose prices have other decimals.
_MOST_JUMP = 0.3


@dataclass(frozen=True)
class Rounded:
    """Cells of runs of prices with too few decimals.

    Attributes:
        runs: The runs; of several that hold a cell, the one with the fewest decimals.
        decimals: By cell, how many decimals the prices of its run have.

    """

    runs: Runs
    decimals: Integers


def measure_standing(moves: Moves, judged: slice) -> Runs:
    """Find the runs of prices that do not move, of tickers whose prices otherwise do."""

    def flags(rows: slice | Integers) -> tuple[BoolMatrix, BoolMatrix]:
        return moves.growth[rows] == 1, ~np.isnan(moves.growth[rows])

    return measure_runs(flags, moves.growth.shape, judged, STANDING)


def measure_rounded(moves: Moves, judged: slice) -> tuple[Rounded, Rounded]:
    """Find the runs of prices that lost decimals, as they are on the day and as they are in the end.

    Of equal prices it cannot be told.
    """
    on_the_day, in_the_end = [], []
    has_more = np.ones(len(moves.usable), dtype=np.bool_)
    for decimals in _DECIMALS:
        asked = np.flatnonzero(has_more) if decimals > _USUAL_DECIMALS else None
        flags = partial(_roundness, moves.usable, decimals, has_more)
        runs = measure_runs(flags, moves.usable.shape, judged, ROUND, asked)
        runs = runs.only(~_holds_jump(moves, runs))
        so_far, before, after = _differ(moves, runs)
        is_run = runs.is_run & so_far
        begins = is_run & (runs.begins | ~before)
        on_the_day.append(replace(runs, begins=begins, is_run=is_run).only(is_run))
        in_the_end.append(runs.only(is_run | (runs.is_run_in_the_end & after)))
    return _first_of_each(on_the_day), _first_of_each(in_the_end)


def _first_of_each(found: Sequence[Runs]) -> Rounded:
    """Join runs by cell; of two that hold a cell, the first counts."""
    at = np.concatenate([runs.places.at for runs in found])
    decimals = np.repeat(_DECIMALS, [len(runs.places) for runs in found])
    _, kept = np.unique(at, return_index=True)
    columns = {
        name: np.concatenate([getattr(runs, name) for runs in found])[kept]
        for name in Runs.__dataclass_fields__
        if name != "places"
    }
    return Rounded(Runs(Places(at[kept], found[0].places.width), **columns), decimals[kept])


def _roundness(
    usable: FloatMatrix, decimals: int, has_more: BoolMatrix, rows: slice | Integers
) -> tuple[BoolMatrix, BoolMatrix]:
    """Say which prices of some tickers are round, and which there are; note in `has_more` whether not all are round."""
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = usable[rows] * 10.0**decimals
        off = np.rint(scaled)
        np.subtract(scaled, off, out=off)
        np.abs(off, out=off)
        scaled *= 0.01
        np.maximum(scaled, 1, out=scaled)
        scaled *= _NEAR
        is_round, known = off < scaled, ~np.isnan(scaled)
    if decimals >= _USUAL_DECIMALS:
        has_more[rows] = (known & ~is_round).any(axis=1)
    return is_round, known


def _differ(moves: Moves, runs: Runs) -> tuple[BoolMatrix, BoolMatrix, BoolMatrix]:
    """Say which runs hold two different prices: up to the cell, up to the cell before it, and as a whole."""
    window = gather(moves.usable, runs.places, -_NEAREST, _NEAREST)
    steps = np.arange(-_NEAREST, _NEAREST + 1)
    begins, ends = (1 - runs.so_far)[:, np.newaxis], (runs.length - runs.so_far)[:, np.newaxis]
    first = window[np.arange(len(window)), np.maximum(_NEAREST + 1 - runs.so_far, 0)][:, np.newaxis]
    other = (steps >= begins) & (steps <= ends) & (window != first)
    return (
        np.asarray(other[:, : _NEAREST + 1].any(axis=1)),
        np.asarray(other[:, :_NEAREST].any(axis=1)),
        np.asarray(other.any(axis=1)),
    )


def _holds_jump(moves: Moves, runs: Runs) -> BoolMatrix:
    """Say which runs hold a jump up to a cell, larger than what rounding itself moves a price by."""
    growth = gather(moves.growth, runs.places, 1 - RUN_SESSIONS, 0)
    prices = gather(moves.usable, runs.places, 1 - RUN_SESSIONS, 0)
    inside = np.arange(1 - RUN_SESSIONS, 1) > -runs.so_far[:, np.newaxis]
    with np.errstate(invalid="ignore"):
        jumps = (np.abs(growth - 1) > _MOST_JUMP) & (np.abs(growth - 1) * prices > 1)
    return np.asarray((jumps & inside).any(axis=1))
