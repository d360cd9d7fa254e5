"""Measures what all metrics of a grid are made from, once: moves, jumps, stretches, and who is absent."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from quality.evaluation.robust.actions import Listed, listed_actions
from quality.evaluation.robust.blocks import BLOCK_SESSIONS, Blocks, measure_blocks
from quality.evaluation.robust.common import Common, Totals, totals_of
from quality.evaluation.robust.days import Incidents, lasting_incidents, measure_incidents, stale_sessions
from quality.evaluation.robust.jumps import LARGE_JUMP, Jumps, measure_jumps
from quality.evaluation.robust.lasting import LASTING_SESSIONS, Lasting, measure_lasting
from quality.evaluation.robust.levels import LEVEL_SESSIONS
from quality.evaluation.robust.margins import with_margins
from quality.evaluation.robust.moves import (
    Moves,
    measure_moves,
)
from quality.evaluation.robust.oddities import Rounded, measure_rounded, measure_standing
from quality.evaluation.robust.runs import Runs
from quality.evaluation.robust.sessions import Absence, measure_absence
from quality.evaluation.robust.stale import REPEAT_SESSIONS, Repeats, measure_repeats
from quality.evaluation.robust.swaps import measure_swaps
from quality.evaluation.robust.volatility import Volatility, measure_volatility
from quality.evaluation.robust.windows import Places
from quality.panel.grid import BoolMatrix, Grid, Integers


@dataclass(frozen=True)
class Shared:
    """What all metrics of a grid are made from.

    Attributes:
        grid: The grid, with its margins.
        moves, volatility, absence, repeats, incidents, blocks: See there.
        stale: By session of the grid, whether most of its prices are those of the session before.
        of_session: The jumps, of the sessions before, too, that a whole session is to blame for.
        lasting: What still stands where a leap went.
        totals: Counts by session of the grid.
        standing: Runs of prices that do not move.
        returned: The blocks whose return a check sees on its day.
        rounding, rounded: Runs of prices with too few decimals, on the day and in the end.
        actions: The listed corporate actions, as far as it is known whether they show.
        swapped, partner: Jumps to another ticker's price, and the position of that ticker among `names`.
        names: The grid's tickers, and those that others stand for.

    """

    grid: Grid
    moves: Moves
    actions: Listed
    volatility: Volatility
    absence: Absence
    repeats: Repeats
    stale: BoolMatrix
    incidents: Incidents
    of_session: Places
    lasting: Lasting
    blocks: Blocks
    returned: Blocks
    swapped: Jumps
    partner: Integers
    names: Sequence[str]
    totals: Totals
    standing: Runs
    rounding: Rounded
    rounded: Rounded


def prepare(grid: Grid, common: Common | None = None) -> Shared:
    """Measure what all metrics of a grid are made from; `common` is for one that holds some of the tickers only."""
    grid = with_margins(grid)
    known = common.on(grid) if common else None
    judged = grid.judged
    wide = slice(judged.start - LASTING_SESSIONS, judged.stop + BLOCK_SESSIONS)
    market = (known.market, known.movers) if known else None
    moves = measure_moves(grid.prices, slice(wide.start - LEVEL_SESSIONS, len(grid.sessions)), market)
    moves, actions = listed_actions(grid, moves)
    stale = known.stale if known else stale_sessions(moves, slice(judged.start - REPEAT_SESSIONS, judged.stop))
    # A swap back is known by the session before.
    jumps = measure_jumps(moves, slice(wide.start - 1, wide.stop))
    volatility = measure_volatility(moves, jumps.only(np.abs(jumps.size) > LARGE_JUMP).places)
    swapped, partner = (known.swapped, known.partner) if known else measure_swaps(moves, jumps, volatility)
    jumps = jumps.only(jumps.places.sessions >= wide.start)
    lasting = measure_lasting(moves, judged, swapped.places)
    began = known.incidents if known else measure_incidents(moves, jumps, volatility, slice(wide.start, judged.stop))
    incidents = began if known else lasting_incidents(began, lasting, moves.movers, judged)
    blocks, returned = measure_blocks(moves, jumps, volatility)
    rounding, rounded = measure_rounded(moves, judged)
    return Shared(
        grid=grid,
        moves=moves,
        actions=actions,
        volatility=volatility,
        absence=measure_absence(grid.present, judged, known.counts if known else None, grid.closed),
        repeats=measure_repeats(moves, judged, stale, known.share if known else None),
        stale=stale,
        incidents=incidents,
        of_session=known.of_session if known else began.places,
        lasting=lasting,
        blocks=blocks,
        returned=returned,
        swapped=swapped,
        partner=partner,
        names=known.names if known else grid.tickers,
        totals=known.totals if known else totals_of(moves, incidents),
        standing=measure_standing(moves, judged),
        rounding=rounding,
        rounded=rounded,
    )
