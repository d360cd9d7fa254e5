"""Gives a grid the margins that metrics look into: no window reaches beyond its ticker, nor past a chunk's end."""

from dataclasses import replace

import numpy as np

from quality.evaluation.robust.levels import EARLIER_FIRST, LEVEL_SESSIONS
from quality.evaluation.robust.moves import PREVIOUS_SESSIONS, VOLATILITY_SESSIONS
from quality.evaluation.robust.sessions import SEEN_SESSIONS
from quality.evaluation.robust.stale import REPEAT_SESSIONS
from quality.panel.grid import Grid

# The frozen share counts repeats, each judged by the moves before it, the first of which has a previous price.
LOOK_BACK = max(
    REPEAT_SESSIONS + VOLATILITY_SESSIONS + PREVIOUS_SESSIONS,
    EARLIER_FIRST,
    LEVEL_SESSIONS + PREVIOUS_SESSIONS,
    SEEN_SESSIONS + 1,
)
LOOK_AHEAD = LEVEL_SESSIONS


def with_margins(grid: Grid) -> Grid:
    """Give a grid exactly `LOOK_BACK` sessions before the judged ones and `LOOK_AHEAD` after, empty where none are."""
    count = len(grid.sessions)
    before, after = LOOK_BACK - grid.judged.start, LOOK_AHEAD - (count - grid.judged.stop)
    kept = slice(max(-before, 0), count - max(-after, 0))
    pads = (max(before, 0), max(after, 0))
    prices, present, sessions = grid.prices[:, kept], grid.present[:, kept], grid.sessions[kept]
    if any(pads):
        prices = np.pad(prices, ((0, 0), pads), constant_values=np.nan)
        present = np.pad(present, ((0, 0), pads), constant_values=False)
        sessions = np.pad(sessions, pads, constant_values=np.datetime64("NaT"))
    return replace(
        grid,
        sessions=sessions,
        prices=np.ascontiguousarray(prices),
        present=np.ascontiguousarray(present),
        judged=slice(LOOK_BACK, LOOK_BACK + grid.judged.stop - grid.judged.start),
        first_number=grid.first_number - before,
    )
