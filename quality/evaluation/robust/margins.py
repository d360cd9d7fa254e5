"""How far metrics reach, and grids with such margins: no window leaves its ticker's row, nor a chunk's end."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from quality.evaluation.robust.levels import EARLIER_FIRST, LEVEL_SESSIONS
from quality.evaluation.robust.moves import PREVIOUS_SESSIONS, VOLATILITY_SESSIONS
from quality.evaluation.robust.sessions import SEEN_SESSIONS
from quality.evaluation.robust.stale import REPEAT_SESSIONS
from quality.panel.grid import Grid


@dataclass(frozen=True)
class Reach:
    """The sessions before and after a cell that a metric of it depends on."""

    back: int = 0
    ahead: int = 0


# A move, and the market's, looks for its previous price; whatever is made of older moves reaches further by as much.
_MOVE = PREVIOUS_SESSIONS
# A level is grown with the market, from the session after its oldest price on.
_LEVEL = LEVEL_SESSIONS - 1 + _MOVE
_VOLATILITY = VOLATILITY_SESSIONS + _MOVE
REACHES: Mapping[str, Reach] = {
    "price": Reach(),
    "history": Reach(),
    "is_absent": Reach(SEEN_SESSIONS),
    "absent_sessions": Reach(SEEN_SESSIONS),
    "is_new": Reach(SEEN_SESSIONS),
    "previous": Reach(PREVIOUS_SESSIONS),
    "own_move": Reach(_MOVE),
    "expected": Reach(_LEVEL),
    "usable": Reach(LEVEL_SESSIONS),
    "deviation": Reach(_LEVEL),
    "volatility": Reach(_VOLATILITY),
    "chance_of_repeat": Reach(_VOLATILITY),
    "frozen_share": Reach(REPEAT_SESSIONS - 1 + _VOLATILITY),
    "earlier": Reach(EARLIER_FIRST),
    # The market of the next session looks for prices before that one.
    "expected_after": Reach(_MOVE - 1, LEVEL_SESSIONS),
    "usable_after": Reach(0, LEVEL_SESSIONS),
    "next_move": Reach(_MOVE - 1, 1),
    "repeat_evidence": Reach(_VOLATILITY, 1),
    # Of days.
    "market": Reach(_MOVE),
    "movers": Reach(_MOVE),
    "date_before": Reach(1),
}
LOOK_BACK = max(reach.back for reach in REACHES.values())
LOOK_AHEAD = max(reach.ahead for reach in REACHES.values())
# What a check, on the evening itself, cannot know: for retrospective rules only.
HINDSIGHT = frozenset(name for name, reach in REACHES.items() if reach.ahead)


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
