"""Listed corporate actions and the prices: which of them show, and which do not.

An action shows on the first session, of the one before its date, that of its date and the next one with a price, whose
price moved by its ratio. From there on that move is none: neither alarms nor levels know of it. It is known on each
session itself whether an action shows there, so that a check and a scan say the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from quality.evaluation.robust.money import Money
from quality.evaluation.robust.moves import PREVIOUS_SESSIONS, Moves
from quality.evaluation.robust.windows import Places
from quality.panel.grid import BoolMatrix, Days, FloatMatrix, Grid, Integers

# Sessions before a date that may be the one before it: a weekend of prices lies between, at most.
_SESSIONS_EARLY = 3
# How far, as a logarithm, the price may have moved beside the action: a share of it, but never more than this.
_SHARE_OFF, _MOST_OFF = 0.5, 0.3
# Of a smaller action, as a logarithm, nobody can tell that it does not show.
_LEAST_TOLD = 0.18
# The session before, that of the date, and the next one with a price, whose previous price is as old as any.
ACTION_SESSIONS = 2 * PREVIOUS_SESSIONS + 1


@dataclass(frozen=True)
class Listed:
    """The listed actions of a grid, as far as it is known whether they show.

    Attributes:
        places: The cells on which that is known, by ticker, then session.
        number: By cell, which action of the grid it is.
        shows: By cell, whether it shows there; else it is certain there that it does not.
        before: By cell, the last price before the action.

    """

    places: Places
    number: Integers
    shows: BoolMatrix
    before: FloatMatrix


def listed_actions(grid: Grid, moves: Moves) -> tuple[Moves, Listed]:
    """Find where the listed actions of a grid show, and give the moves without them."""
    found: dict[int, tuple[int, bool, float]] = {}
    for cell, *outcome in _outcomes(grid, moves):
        # Of two actions of one cell, one that shows counts.
        if cell not in found or (outcome[1] and not found[cell][1]):
            found[cell] = (int(outcome[0]), bool(outcome[1]), float(outcome[2]))
    cells = sorted(found)
    listed = Listed(
        Places(np.array(cells, dtype=np.int64), moves.usable.shape[1]),
        np.array([found[cell][0] for cell in cells], dtype=np.int64),
        np.array([found[cell][1] for cell in cells], dtype=np.bool_),
        np.array([found[cell][2] for cell in cells], dtype=np.float64),
    )
    if not listed.shows.any():
        return moves, listed
    money = Money(listed.places.only(listed.shows), 1 / grid.actions.ratios[listed.number[listed.shows]])
    growth = moves.growth.copy()
    moved = money.places.of(growth) / money.factors
    # A split by nothing but its ratio repeats no price.
    growth.ravel()[money.places.at] = np.where(moved == 1, np.nextafter(1, 2), moved)
    return replace(moves, growth=growth, money=money), listed


def _outcomes(grid: Grid, moves: Moves) -> Iterator[tuple[int, int, bool, float]]:
    """Give the cell, the number of the action, whether it shows there, and the price before it."""
    actions = grid.actions
    if not len(actions):
        return
    row_of = {ticker: number for number, ticker in enumerate(grid.tickers)}
    real = np.flatnonzero(~np.isnat(grid.sessions))
    positions = np.searchsorted(grid.sessions[real], actions.dates) + real[0]
    width = moves.usable.shape[1]
    for number, (ticker, at) in enumerate(zip(actions.tickers, positions.tolist(), strict=True)):
        # Of the first session and before, nothing tells what the price was.
        if ticker not in row_of or at == real[0]:
            continue
        row, size = row_of[ticker], float(np.log(actions.ratios[number]))
        usable, growth = moves.usable[row], moves.growth[row]
        early = _early(grid.sessions, actions.dates[number], at, int(real[0]))
        later = np.arange(at + 1, min(at + PREVIOUS_SESSIONS, int(real[-1])) + 1)
        later = later[~np.isnan(usable[later])][:1].tolist()
        on_the_day = [at] if at <= real[-1] else []
        most = min(_SHARE_OFF * abs(size), _MOST_OFF)
        candidates = [*early, *on_the_day, *later]
        before = _last(usable, candidates[0]) if candidates else np.nan
        if np.isnan(before):
            continue
        shown = next((place for place in candidates if abs(np.log(growth[place]) + size) <= most), None)
        if shown is not None:
            yield row * width + shown, number, True, _last(usable, shown)
        elif later and abs(size) >= _LEAST_TOLD:
            yield row * width + later[0], number, False, before


def _early(sessions: Days, date: np.datetime64, at: int, first: int) -> list[int]:
    """Give the sessions that may be the one before a date, by the calendar: on the day nobody knows a later one."""
    near = range(max(at - _SESSIONS_EARLY, first), at)
    return [place for place in near if np.busday_count(sessions[place], date) <= 1]


def _last(usable: FloatMatrix, place: int) -> float:
    """Give the last price before a session."""
    known = np.flatnonzero(~np.isnan(usable[max(place - 2 * PREVIOUS_SESSIONS, 0) : place]))
    return float(usable[max(place - 2 * PREVIOUS_SESSIONS, 0) + known[-1]]) if len(known) else np.nan
