"""Gives the metrics of cells that are part of something larger: a whole session, a block, what lasts, or a run."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from quality.evaluation.robust.corroboration import corroborate
from quality.evaluation.robust.lasting import is_among
from quality.evaluation.robust.levels import levels_before, plain_levels
from quality.evaluation.robust.moves import (
    own_moves,
    powers_of_ten,
    previous_prices,
    smallest_steps,
)
from quality.evaluation.robust.runs import Runs
from quality.evaluation.robust.shared import Shared
from quality.evaluation.robust.windows import Places
from quality.panel.grid import BoolMatrix, FloatMatrix

Column = npt.NDArray[Any]
_PARTNER = "partner"
# Metrics that name a ticker: the row of the grid that it has, -1 for none.
TICKERS = frozenset((_PARTNER, f"block_{_PARTNER}", f"returned_{_PARTNER}", f"lasting_{_PARTNER}"))
_NO_DATE = np.datetime64("NaT", "D")


def of_stretches(shared: Shared, places: Places) -> Iterator[tuple[str, Column]]:
    """Give each of these metrics of some cells by name."""
    yield from _of_sessions(shared, places)
    yield from _of_blocks(shared, places)
    yield from _of_lasting(shared, places)
    yield from _of_runs(shared, places)


def _of_sessions(shared: Shared, places: Places) -> Iterator[tuple[str, Column]]:
    """Give what the session as a whole is to blame for."""
    sessions, incidents = places.sessions, shared.incidents
    yield "is_of_stale_session", shared.stale[sessions] & (places.of(shared.moves.growth) == 1)
    yield "is_of_incomplete_session", shared.absence.incomplete[sessions]
    yield "is_shifted", is_among(places, incidents.shifted)
    yield "is_of_shifted_session", shared.totals.shifted[sessions] > 0
    yield "is_in_unit", is_among(places, incidents.in_unit)
    yield "incident_power", incidents.power[sessions]


def _of_blocks(shared: Shared, places: Places) -> Iterator[tuple[str, Column]]:
    """Give the block that a cell is in, and the one that the cell returned from; likewise of swapped tickers."""
    sessions = shared.grid.sessions
    swaps = (shared.swapped.places, shared.partner, -1)
    for prefix, blocks in (("block", shared.blocks), ("returned", shared.returned)):
        cells, which = blocks.cells()
        if prefix == "returned":
            which = np.argsort(blocks.back.at, kind="stable")
            cells = Places(blocks.back.at[which], places.width)
        first, back = sessions[blocks.start.sessions], sessions[blocks.back.sessions - 1]
        partner = blocks.start.look_up(*swaps)
        yield f"{prefix}_first", places.look_up(cells, first[which], _NO_DATE)
        yield f"{prefix}_last", places.look_up(cells, back[which], _NO_DATE)
        yield f"{prefix}_sessions", places.look_up(cells, blocks.length[which], 0)
        yield f"{prefix}_factor", places.look_up(cells, blocks.factor[which], np.nan)
        yield f"{prefix}_{_PARTNER}", places.look_up(cells, partner[which], -1)
        of_session = is_among(blocks.start, shared.of_session)
        yield f"{prefix}_of_session", places.look_up(cells, of_session[which], fill=False)
    yield _PARTNER, places.look_up(*swaps)


def _of_lasting(shared: Shared, places: Places) -> Iterator[tuple[str, Column]]:
    """Give the leap after which a cell still stands where it went, and how it looked on its day."""
    sessions, moves, lasting = shared.grid.sessions, shared.moves, shared.lasting
    here = is_among(lasting.places, places)
    cells = lasting.places.only(here)
    leaps, which = np.unique(lasting.first[here], return_inverse=True)
    first = Places(leaps, places.width)
    expected, usable = levels_before(moves, first)
    price, previous = first.of(moves.usable), previous_prices(moves, first)
    power, before = powers_of_ten(price / plain_levels(moves, first)), powers_of_ten(price / previous)
    partner = first.look_up(shared.swapped.places, shared.partner, -1)
    of_leap: dict[str, tuple[Column, float]] = {
        "power": (np.where(power == before, power, 0), 0),
        "expected": (np.where(power == before, previous, expected), np.nan),
        "leap": (price / expected, np.nan),
        "usable": (usable, 0),
        "step": (smallest_steps(moves, first), np.nan),
        "volatility": (shared.volatility.before(first), np.nan),
        "confirmed": (_is_confirmed(shared, first, price, expected), False),
    }
    for name, (values, fill) in of_leap.items():
        yield f"lasting_{name}", places.look_up(cells, values[which], fill)
    yield f"lasting_{_PARTNER}", places.look_up(cells, partner[which], -1)
    begins = sessions[lasting.first % places.width]
    yield "lasting_first", places.look_up(lasting.places, begins, _NO_DATE)
    so_far = places.look_up(lasting.places, lasting.sessions(), 0)
    yield "lasting_sessions", so_far
    yield "lasting_length", so_far + places.look_up(lasting.places, lasting.last - lasting.places.at, 0)
    last = places.look_up(lasting.places, sessions[lasting.last % places.width], _NO_DATE)
    # The leap itself begins what may last.
    until = places.look_up(lasting.leaps, sessions[lasting.until % places.width], _NO_DATE)
    yield "lasting_last", np.where(np.isnat(last), until, last)
    yield "lasting_covered", is_among(places, lasting.places)
    yield "is_back", is_among(places, lasting.back)


def _is_confirmed(shared: Shared, leaps: Places, price: FloatMatrix, expected: FloatMatrix) -> BoolMatrix:
    """Say which leaps an adjusted close explains."""
    known = {"price": price, "expected": expected, "own_move": own_moves(shared.moves, leaps)}
    known["chance_of_repeat"] = np.full(len(leaps), np.nan)
    ratios = corroborate(shared.grid, shared.moves, shared.actions, leaps, known).get("confirmed_split")
    return np.zeros(len(leaps), dtype=np.bool_) if ratios is None else np.asarray(ratios.is_valid())


def _of_runs(shared: Shared, places: Places) -> Iterator[tuple[str, Column]]:
    """Give the runs that a cell is in: as they are on the day, and as they are in the end."""
    sessions, standing, rounding, rounded = shared.grid.sessions, shared.standing, shared.rounding, shared.rounded

    def first(runs: Runs) -> Column:
        return places.look_up(runs.places, sessions[runs.places.sessions - runs.so_far + 1], _NO_DATE)

    def last(runs: Runs) -> Column:
        return places.look_up(runs.places, sessions[runs.places.sessions - runs.so_far + runs.length], _NO_DATE)

    yield "standing_first", first(standing)
    yield "standing_so_far", places.look_up(standing.places, np.where(standing.is_run, standing.so_far, 0), 0)
    yield "standing_begins", places.look_up(standing.places, standing.begins, fill=False)
    yield "standing_last", last(standing)
    yield (
        "standing_sessions",
        places.look_up(standing.places, np.where(standing.is_run_in_the_end, standing.length, 0), 0),
    )
    yield "standing_covered", places.look_up(standing.places, standing.so_far > 1, fill=False)
    yield "rounding_first", first(rounding.runs)
    yield "rounding_sessions", places.look_up(rounding.runs.places, rounding.runs.so_far, 0)
    yield "rounding_begins", places.look_up(rounding.runs.places, rounding.runs.begins, fill=False)
    yield "rounding_decimals", places.look_up(rounding.runs.places, rounding.decimals, 0)
    yield "rounded_first", first(rounded.runs)
    yield "rounded_last", last(rounded.runs)
    yield "rounded_sessions", places.look_up(rounded.runs.places, rounded.runs.length, 0)
    yield "rounded_covered", places.look_up(rounded.runs.places, rounded.runs.so_far > 1, fill=False)
    yield "rounded_decimals", places.look_up(rounded.runs.places, rounded.decimals, 0)
