"""How far metrics reach, and grids with such margins: no window leaves its ticker's row, nor a chunk's end."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from quality.evaluation.robust.actions import ACTION_SESSIONS
from quality.evaluation.robust.blocks import BLOCK_SESSIONS
from quality.evaluation.robust.corroboration import SAME_ROWS, TRADED_SESSIONS
from quality.evaluation.robust.days import USUAL_SESSIONS
from quality.evaluation.robust.lasting import LASTING_AHEAD, LASTING_BACK, LASTING_SESSIONS
from quality.evaluation.robust.levels import EARLIER_FIRST, LEVEL_SESSIONS
from quality.evaluation.robust.moves import PREVIOUS_SESSIONS, STEP_SESSIONS
from quality.evaluation.robust.near_zero import CROSSING_SESSIONS
from quality.evaluation.robust.oddities import ROUND, STANDING
from quality.evaluation.robust.open_days import without_closed_days
from quality.evaluation.robust.runs import RUN_AHEAD, RUN_SESSIONS
from quality.evaluation.robust.sessions import HABIT_SESSIONS, SEEN_SESSIONS
from quality.evaluation.robust.stale import REPEAT_SESSIONS, VOLATILITY_SESSIONS
from quality.evaluation.robust.volatility import QUARTER_SESSIONS
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
_VOLATILITY = QUARTER_SESSIONS + _MOVE
_CHANCE = VOLATILITY_SESSIONS + _MOVE
# A session is stale against those before it, and its repeats are then left out of what is frozen.
_STALE = USUAL_SESSIONS + _MOVE
# A swap lies behind the return from a block, which lies behind the return from a swap of the session before.
_BLOCK = BLOCK_SESSIONS + _VOLATILITY + 1
# What lasts follows a leap, which is none where it came back from an earlier one, which left the level of before.
_LASTING = max(LASTING_BACK, LASTING_SESSIONS + _VOLATILITY + 1)
_STANDING = RUN_SESSIONS + STANDING.sessions + _MOVE
_ROUNDED = RUN_SESSIONS + ROUND.sessions + 1
_HABIT = SEEN_SESSIONS + HABIT_SESSIONS + 1
_OF_BLOCK = ("first", "last", "sessions", "factor", "partner", "of_session")
_OF_LASTING = (
    *("power", "expected", "leap", "usable", "step", "volatility", "partner", "confirmed", "first", "sessions"),
)
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
    "level": Reach(LEVEL_SESSIONS),
    "step": Reach(STEP_SESSIONS + _MOVE),
    "near_zero": Reach(CROSSING_SESSIONS),
    "below_zero": Reach(CROSSING_SESSIONS),
    "step_near_zero": Reach(_VOLATILITY),
    "chance_of_repeat": Reach(max(_CHANCE, _STALE)),
    "frozen_share": Reach(REPEAT_SESSIONS - 1 + max(_CHANCE, _STALE)),
    "earlier": Reach(EARLIER_FIRST),
    # The market of the next session looks for prices before that one.
    "expected_after": Reach(_MOVE - 1, LEVEL_SESSIONS),
    "usable_after": Reach(0, LEVEL_SESSIONS),
    "next_move": Reach(_MOVE - 1, 1),
    "repeat_evidence": Reach(max(_CHANCE, _STALE), 1),
    # Who is missing, and what the whole session is to blame for.
    "absent_counted": Reach(SEEN_SESSIONS + _HABIT),
    "is_absent_by_habit": Reach(_HABIT),
    "is_of_stale_session": Reach(_STALE),
    "is_of_incomplete_session": Reach(_HABIT),
    "is_shifted": Reach(_LASTING),
    "is_of_shifted_session": Reach(_LASTING),
    "is_in_unit": Reach(_LASTING),
    "incident_power": Reach(_LASTING),
    # Stretches: a block is seen from the day of its return on, a run as soon as it is one.
    "partner": Reach(_VOLATILITY + 1),
    **dict.fromkeys((f"returned_{part}" for part in _OF_BLOCK), Reach(_BLOCK)),
    **dict.fromkeys((f"block_{part}" for part in _OF_BLOCK), Reach(_BLOCK, BLOCK_SESSIONS + 1)),
    **dict.fromkeys((f"lasting_{part}" for part in _OF_LASTING), Reach(_LASTING)),
    "is_back": Reach(_LASTING),
    **dict.fromkeys(("lasting_last", "lasting_length", "lasting_covered"), Reach(_LASTING, LASTING_AHEAD)),
    **dict.fromkeys(("standing_first", "standing_so_far", "standing_begins"), Reach(_STANDING)),
    **dict.fromkeys(("standing_last", "standing_sessions", "standing_covered"), Reach(_STANDING, RUN_AHEAD)),
    **dict.fromkeys((f"rounding_{part}" for part in ("first", "sessions", "begins", "decimals")), Reach(_ROUNDED)),
    **dict.fromkeys(
        (f"rounded_{part}" for part in ("first", "last", "sessions", "covered", "decimals")), Reach(_ROUNDED, RUN_AHEAD)
    ),
    # What corroborates a price: of its own session, and of the previous price's.
    "volume": Reach(TRADED_SESSIONS - 1),
    "volume_before": Reach(PREVIOUS_SESSIONS),
    "same_rows": Reach(SAME_ROWS + PREVIOUS_SESSIONS),
    "chance_of_same_row": Reach(max(_CHANCE, _STALE)),
    "adjusted_factor": Reach(PREVIOUS_SESSIONS),
    "confirmed_split": Reach(_LEVEL),
    **dict.fromkeys((f"action_{part}" for part in ("ratio", "date", "shows", "before")), Reach(ACTION_SESSIONS)),
    # Of days.
    "market": Reach(_MOVE),
    "movers": Reach(_MOVE),
    "date_before": Reach(1),
    "repeats": Reach(_MOVE),
    "is_stale": Reach(_STALE),
    "absent": Reach(_HABIT),
    "expected_tickers": Reach(_HABIT),
    "is_incomplete": Reach(_HABIT),
    "shifted": Reach(_LASTING),
    "in_unit": Reach(_LASTING),
}
LOOK_BACK = max(reach.back for reach in REACHES.values())
LOOK_AHEAD = max(reach.ahead for reach in REACHES.values())
# What a check, on the evening itself, cannot know: for retrospective rules only.
HINDSIGHT = frozenset(name for name, reach in REACHES.items() if reach.ahead)


# What all tickers of a session have in common is measured with so many sessions before it. Of the session before the
# first one, the swaps must be known: it is a swap back that looks furthest.
COMMON_BACK = max(_LASTING, LASTING_SESSIONS + _VOLATILITY + 1, _CHANCE, _HABIT) + ACTION_SESSIONS


def with_margins(grid: Grid, back: int = LOOK_BACK, ahead: int = LOOK_AHEAD) -> Grid:
    """Give a grid exactly so many sessions before the judged ones and after them, empty where none are.

    Closed days are left out of it (`open_days`).
    """
    count = len(grid.sessions)
    before, after = back - grid.judged.start, ahead - (count - grid.judged.stop)
    kept = slice(max(-before, 0), count - max(-after, 0))
    pads = (max(before, 0), max(after, 0))
    prices, present, sessions = grid.prices[:, kept], grid.present[:, kept], grid.sessions[kept]
    extras = {name: values[:, kept] for name, values in grid.extras.items()}
    closed = None if grid.closed is None else grid.closed[:, kept]
    if any(pads):
        prices = np.pad(prices, ((0, 0), pads), constant_values=np.nan)
        present = np.pad(present, ((0, 0), pads), constant_values=False)
        sessions = np.pad(sessions, pads, constant_values=np.datetime64("NaT", "D"))
        closed = None if closed is None else np.pad(closed, ((0, 0), pads), constant_values=False)
        extras = {name: np.pad(values, ((0, 0), pads), constant_values=np.nan) for name, values in extras.items()}
    whole = replace(
        grid,
        sessions=sessions,
        prices=np.ascontiguousarray(prices),
        present=np.ascontiguousarray(present),
        judged=slice(back, back + grid.judged.stop - grid.judged.start),
        first_number=grid.first_number - before,
        closed=closed,
        extras={name: np.ascontiguousarray(values) for name, values in extras.items()},
    )
    return without_closed_days(whole)
