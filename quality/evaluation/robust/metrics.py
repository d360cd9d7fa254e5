"""Measures the cells of a grid that the rules of the set `robust` may speak of: all their metrics, side by side.

Everything is counted in sessions and nothing looks further back than `LOOK_BACK` or ahead than `LOOK_AHEAD` of
them, so a chunk with that margin gives the bits that the whole panel gives. `sql/reference/robust.sql` says what
each metric is. Where no rule of the set can tell the difference, a costly one is left out (NaN):

- `expected_after`, `usable_after` are for prices that leap today or on the next session, or are back at their level;
- `earlier` is for prices that leap today;
- `volatility` is for those, and for prices that are far from what is expected, or from what comes.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from quality.evaluation.robust.lasting import is_among
from quality.evaluation.robust.levels import earlier_levels, levels_after, levels_before, plain_levels
from quality.evaluation.robust.moves import (
    leaps,
    next_moves,
    own_moves,
    previous_prices,
    smallest_steps,
    undone,
)
from quality.evaluation.robust.near_zero import LEAST_VOLATILITY, around_zero, steps_near_zero
from quality.evaluation.robust.open_days import open_places
from quality.evaluation.robust.shared import Shared
from quality.evaluation.robust.stretches import of_stretches
from quality.evaluation.robust.windows import Places
from quality.panel.grid import BoolMatrix, FloatMatrix, Integers

Column = npt.NDArray[Any]
# A leap from a price that was itself further than this from what was expected of it is no split and no new level.
_UNREST = 0.25
# Windows of so many cells are laid out at once.
_CELLS_AT_ONCE = 16_384


@dataclass(frozen=True)
class Needs:
    """What rules ask of the metrics.

    Attributes:
        every_cell: They may speak of any cell, so that nothing is left out.
        least_move: A price that moves no more than this share, beyond the market, is no leap to any of them.
        least_spike: A move that the next one undoes is looked at if it is larger than this share.
        least_deviation: A price that is no further than this from what is expected is near, to any of them.

    """

    every_cell: bool
    least_move: float = 0.1
    least_deviation: float = 0.1
    least_spike: float = 0.03


@dataclass(frozen=True)
class Metrics:
    """What was measured.

    Attributes:
        places: The cells.
        cells: By name, a metric: a value a cell.
        days: By name, a metric: a value a judged session.

    """

    places: Places
    cells: Mapping[str, Column]
    days: Mapping[str, Column]


@dataclass(frozen=True)
class Level:
    """The prices of some cells, what is expected of them, after how many prices, and price / expected - 1."""

    price: FloatMatrix
    expected: FloatMatrix
    usable: Integers
    deviation: FloatMatrix


def measure(shared: Shared, needs: Needs) -> Metrics:
    """Measure the cells that rules may speak of."""
    if needs.every_cell:
        suspects = _every_cell(shared)
        parts = [(block, _level(shared, block)) for block in suspects.blocks(_CELLS_AT_ONCE)]
    else:
        kept = _in_stretches(shared, needs)
        suspects = _suspects(shared, needs, kept)
        parts = [
            _without_returns(shared, needs, kept, block, _level(shared, block))
            for block in suspects.blocks(_CELLS_AT_ONCE)
        ]
    blocks = [dict(_metrics(shared, needs, *part)) for part in parts]
    cells = {name: np.concatenate([block.pop(name) for block in blocks]) for name in list(blocks[0])}
    places = Places(np.concatenate([block.at for block, _ in parts]), suspects.width)
    return Metrics(places, cells, _days(shared))


def _every_cell(shared: Shared) -> Places:
    """Give all judged cells with a row, and those of expected tickers without."""
    chosen = np.zeros(shared.grid.present.shape, dtype=np.bool_)
    chosen[:, shared.grid.judged] = shared.grid.present[:, shared.grid.judged]
    chosen.ravel()[shared.absence.absent.at] = True
    return open_places(chosen, shared.grid.closed)


def _suspects(shared: Shared, needs: Needs, in_stretches: Places) -> Places:
    """Give the cells that a rule may find.

    They are those without a usable price, absent, new, repeats, leaps, the day before a leap, moves that the next one
    undoes, and what is in a block, a run or an incident.
    """
    judged, usable = shared.grid.judged, shared.moves.usable
    leap = leaps(shared.moves, slice(judged.start, judged.stop + 1), needs.least_move)
    priced = ~np.isnan(usable[:, judged])
    chosen = np.zeros(usable.shape, dtype=np.bool_)
    chosen[:, judged] = np.where(priced, leap[:, :-1] | leap[:, 1:], shared.grid.present[:, judged])
    for places in (shared.absence.absent, shared.absence.new, Places.where(shared.moves.growth == 1)):
        _choose(chosen, places, judged)
    _choose(chosen, in_stretches, judged)
    return open_places(chosen, shared.grid.closed)


def _choose(chosen: BoolMatrix, places: Places, judged: slice) -> None:
    sessions = places.sessions
    chosen.ravel()[places.at[(sessions >= judged.start) & (sessions < judged.stop)]] = True


def _in_stretches(shared: Shared, needs: Needs) -> Places:
    """Give the cells of blocks, runs, swaps and incidents, and moves that the next one undoes."""
    judged = shared.grid.judged
    chosen = np.zeros(shared.moves.usable.shape, dtype=np.bool_)
    chosen[:, judged] = undone(shared.moves, judged, needs.least_spike)
    in_blocks, _ = shared.blocks.cells()
    blocks = (in_blocks, shared.blocks.back, shared.returned.back, shared.swapped.places)
    _choose(chosen, shared.actions.places, judged)
    lasting = (shared.lasting.places, shared.lasting.back)
    runs = (shared.standing.places, shared.rounding.runs.places, shared.rounded.runs.places)
    for places in (*blocks, *lasting, *runs, shared.incidents.shifted, shared.incidents.in_unit):
        _choose(chosen, places, judged)
    return Places.where(chosen)


def _level(shared: Shared, places: Places) -> Level:
    """Give what is expected of some cells, and how far they are from it."""
    price = places.of(shared.grid.prices)
    expected, usable = levels_before(shared.moves, places)
    with np.errstate(invalid="ignore", over="ignore"):
        return Level(price, expected, usable, price / expected - 1)


def _without_returns(
    shared: Shared, needs: Needs, others: Places, places: Places, level: Level
) -> tuple[Places, Level]:
    """Leave out the prices, each after another one, that are as expected: before a leap, or after a wrong price."""
    own_move = own_moves(shared.moves, places)
    with np.errstate(invalid="ignore", divide="ignore"):
        was_wrong = _beyond((1 + level.deviation) / (1 + own_move) - 1, _UNREST)
    is_near = ~_beyond(level.deviation, needs.least_deviation) & ~np.isnan(own_move)
    is_near &= places.of(shared.moves.growth) != 1
    is_new = places.look_up(shared.absence.new, np.ones(len(shared.absence.new), dtype=np.bool_), fill=False)
    kept = ~is_near | is_new | (_beyond(own_move, needs.least_move) & ~was_wrong) | is_among(places, others)
    return places.only(kept), Level(*(values[kept] for values in vars(level).values()))


def _metrics(shared: Shared, needs: Needs, places: Places, level: Level) -> Iterator[tuple[str, Column]]:
    """Give each metric of some cells by name."""
    moves, repeats, absence = shared.moves, shared.repeats, shared.absence
    price, deviation = level.price, level.deviation
    own_move, next_move = own_moves(moves, places), next_moves(moves, places)
    leaps_today, leaps_next = (_beyond(move, needs.least_move) | needs.every_cell for move in (own_move, next_move))
    moved = leaps_today | leaps_next | is_among(places, shared.returned.back)
    expected_after, usable_after = _where(moved, places, lambda few: levels_after(moves, few))
    with np.errstate(invalid="ignore", over="ignore"):
        is_far = _beyond(deviation, needs.least_deviation) | _beyond(price / expected_after - 1, needs.least_deviation)
        is_undone = (own_move * next_move < 0) & _beyond(own_move, needs.least_spike)
    yield "price", price
    yield "history", shared.grid.history[places.sessions]
    since = places.look_up(absence.absent, absence.since, 0)
    yield "is_absent", since > 0
    yield "absent_sessions", since
    yield "absent_counted", places.look_up(absence.absent, absence.counted, 0)
    yield "is_absent_by_habit", places.look_up(absence.absent, absence.is_habit, fill=False)
    yield "is_new", places.look_up(absence.new, np.ones(len(absence.new), dtype=np.bool_), fill=False)
    yield "previous", previous_prices(moves, places)
    yield "own_move", own_move
    yield "expected", level.expected
    yield "usable", level.usable
    yield "deviation", deviation
    is_leap = is_far | leaps_today
    (volatility,) = _where(is_leap | is_undone, places, lambda few: (shared.volatility.before(few),))
    yield "volatility", volatility
    plain, step = _where(is_leap, places, lambda few: (plain_levels(moves, few), smallest_steps(moves, few)))
    yield "level", plain
    yield "step", step
    is_odd = ~(price > 0) & np.isfinite(price)
    near_zero, below_zero = _where(is_odd, places, lambda few: around_zero(shared.grid.prices, few))
    yield "near_zero", near_zero > 0
    yield "below_zero", below_zero
    with np.errstate(invalid="ignore"):
        is_wild = (is_leap | is_undone) & ~(volatility < LEAST_VOLATILITY)
    (step_near_zero,) = _where(is_wild, places, lambda few: (steps_near_zero(shared.grid.prices, few),))
    yield "step_near_zero", step_near_zero
    yield "chance_of_repeat", places.look_up(repeats.places, repeats.chance, np.nan)
    yield "frozen_share", repeats.frozen_share[places.sessions]
    (earlier,) = _where(leaps_today, places, lambda few: (earlier_levels(moves, few),))
    yield "earlier", earlier
    yield "expected_after", expected_after
    yield "usable_after", usable_after
    yield "next_move", next_move
    yield "repeat_evidence", places.look_up(repeats.places, repeats.evidence, np.nan)
    yield from of_stretches(shared, places)


def _beyond(move: FloatMatrix, least: float) -> BoolMatrix:
    """Say where a move is larger than some share, or smaller by no more than a rounding error."""
    return np.abs(move) > least * (1 - 1e-9)


def _where(chosen: BoolMatrix, places: Places, measured: Callable[[Places], tuple[Column, ...]]) -> tuple[Column, ...]:
    """Measure some of the places only; the others have NaN, or 0 of what is counted."""
    if chosen.all():
        return measured(places)
    few = measured(places.only(chosen))
    made = tuple(np.full(len(places), np.nan if part.dtype.kind == "f" else 0, dtype=part.dtype) for part in few)
    for whole, part in zip(made, few, strict=True):
        whole[chosen] = part
    return made


def _days(shared: Shared) -> dict[str, Column]:
    judged, moves = shared.grid.judged, shared.moves
    return {
        "history": shared.grid.history[judged],
        "market": moves.market[judged] - 1,
        "movers": moves.movers[judged],
        "is_stale": shared.stale[judged],
        "incident_power": shared.incidents.power[judged],
        **shared.absence.by_session(judged),
        **{name: counts[judged] for name, counts in vars(shared.totals).items()},
    }
