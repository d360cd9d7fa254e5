"""The first pass over tickers that no grid holds together: what a session's tickers have in common, group by group.

Nothing is estimated. The market is the median of all moves: they are kept on disk, 8 bytes a cell, until each session
has been seen whole. All else is counts, and the few jumps that may be a swap or of an incident.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from tempfile import TemporaryFile
from types import TracebackType
from typing import Self

import numpy as np

from quality.errors import QualityError
from quality.evaluation.robust.actions import listed_actions
from quality.evaluation.robust.common import (
    BEGAN,
    IN_UNIT,
    MEASURED,
    SHIFTED,
    SWAPPED,
    Common,
    NamedCells,
    SessionValues,
    Table,
    common_of,
)
from quality.evaluation.robust.days import Incidents, are_of_many, daily_moves, incidents_of, lasting_incidents
from quality.evaluation.robust.jumps import Jumps, measure_jumps
from quality.evaluation.robust.lasting import LASTING_SESSIONS, Lasting, joined, measure_lasting
from quality.evaluation.robust.levels import plain_levels
from quality.evaluation.robust.margins import COMMON_BACK, with_margins
from quality.evaluation.robust.moves import market_of, measure_moves, previous_prices
from quality.evaluation.robust.sessions import count_gone, ends_of_many, gap_ends
from quality.evaluation.robust.shifts import are_shifted, columns_of, unusual_sessions, with_moves
from quality.evaluation.robust.stale import chances, counts_of_steps
from quality.evaluation.robust.swaps import LEAST_SIZE, swaps_of
from quality.evaluation.robust.volatility import measure_volatility
from quality.evaluation.robust.windows import Places
from quality.panel.grid import BoolMatrix, Days, FloatMatrix, Grid, Integers

Groups = Callable[[], Iterable[Grid]]
# Moves of so many cells are looked at at once.
_CELLS_AT_ONCE = 1 << 22
_PLACES_AT_ONCE = 1 << 14


@dataclass(frozen=True)
class _Large:
    """The large jumps of some tickers: what tells whether they are swaps, or of an incident.

    Attributes:
        jumps: The jumps.
        price: By jump, the price after it.
        expected: By jump, the price before it grown with the market.
        growth: By jump, that price over the one before.
        level: By jump, the level before it.
        volatility: By jump, that of its ticker.

    """

    jumps: Jumps
    price: FloatMatrix
    expected: FloatMatrix
    growth: FloatMatrix
    level: FloatMatrix
    volatility: FloatMatrix


class RobustFirstPass:
    """See `protocol.FirstPass`."""

    look_back: int = COMMON_BACK

    def measure(self, groups: Groups) -> SessionValues:
        """Measure what the tickers of the judged sessions have in common."""
        with np.errstate(all="ignore"):  # as in `set`
            return measure_sessions(groups)

    def conclude(self, values: Sequence[SessionValues]) -> Common:
        """Put what was measured of consecutive sessions together."""
        return common_of(values)


def measure_sessions(groups: Groups) -> SessionValues:
    """Measure what the tickers of some sessions have in common.

    Args:
        groups: Gives, as often as it is called, grids that hold all tickers together, in the order of their bytes; each
            has the same sessions, judged ones and those before.

    """
    with _Moves() as moves:
        tickers, days, often = _count(groups, moves)
        market, movers = moves.market()
    days["market"], days["movers"] = market[LASTING_SESSIONS:], movers[LASTING_SESSIONS:]
    back, width = COMMON_BACK, COMMON_BACK + len(days)
    early = back - LASTING_SESSIONS
    everywhere = np.concatenate([np.zeros(early, dtype=np.int64), movers])
    market = np.concatenate([np.ones(early), market])
    large, lasting, jumped = _look_closer(groups, days, often, (market, everywhere))
    judged, recent = slice(back, width), slice(early, width)
    asked = are_of_many(large.jumps, everywhere, recent)
    began = incidents_of(
        large.jumps.only(asked),
        large.price[asked],
        large.level[asked],
        large.growth[asked],
        volatility=large.volatility[asked],
        movers=everywhere,
        beside=_beside(groups, unusual_sessions(jumped, everywhere, recent), (market, everywhere)),
    )
    incidents = lasting_incidents(began, lasting, everywhere, judged)
    swapped, partner = swaps_of(
        large.jumps,
        large.expected,
        market[large.jumps.places.sessions],
        large.volatility,
        lambda found: found.look_up(large.jumps.places, large.level, np.nan),
    )
    is_judged = swapped.places.sessions >= back
    swapped, partner = swapped.only(is_judged), partner[is_judged]
    days["power"] = incidents.power[judged]
    for name, places in (("shifted", incidents.shifted), ("in_unit", incidents.in_unit)):
        days[name] = np.bincount(places.sessions, minlength=width)[judged]
    return SessionValues(days, _named(tickers, days["session"], (began, incidents), swapped, partner))


def _count(groups: Groups, moves: "_Moves") -> tuple[list[str], Table, BoolMatrix]:
    """Count what needs no market, and keep all moves: of the sessions before the judged ones, too, that may last."""
    tickers: list[str] = []
    days, ends, rows = np.zeros(0, dtype=MEASURED), np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
    for part in groups():
        grid = with_margins(part, COMMON_BACK, 0)
        judged = grid.judged
        if not tickers:
            days = np.zeros(judged.stop - judged.start, dtype=MEASURED)
            days["session"] = grid.sessions[judged]
        grown = measure_moves(grid.prices, slice(0, 0))
        moves.keep(grown.growth[:, judged.start - LASTING_SESSIONS : judged.stop])
        grown, _ = listed_actions(grid, grown)
        repeats = Places.where(grown.growth == 1)
        repeats = repeats.only(repeats.sessions >= judged.start)
        days["repeats"] += np.bincount(repeats.sessions, minlength=judged.stop)[judged]
        for name, counted in zip(
            ("daily", "repeated"), daily_moves(grown, np.arange(judged.start, judged.stop)), strict=True
        ):
            days[name] += counted
        for some in repeats.blocks(_PLACES_AT_ONCE):
            step, _ = chances(grown, some)
            days["steps"] += counts_of_steps(some.sessions - judged.start, step, len(days)).astype(np.int32)
        ended, expected = gap_ends(grid.present, grid.closed)
        ends, rows = ends + ended, rows + expected
        days["expected"] += expected[judged]
        tickers += grid.tickers
    often = ends_of_many(ends, rows)
    days["often"] = often[-len(days) :]
    return tickers, days, often


def _look_closer(
    groups: Groups, days: Table, often: BoolMatrix, market: tuple[FloatMatrix, Integers]
) -> tuple[_Large, Lasting, Integers]:
    """Count who is missing, and find the large jumps and what lasts, numbered as if one grid held them all.

    Of all jumps, it is counted how many there are on each session.
    """
    found: list[_Large] = []
    still: list[Lasting] = []
    row, jumped = 0, np.zeros(len(market[0]), dtype=np.int64)
    for part in groups():
        grid = with_margins(part, COMMON_BACK, 0)
        judged = grid.judged
        gone = count_gone(grid.present, judged, often, grid.closed)
        days["gone"] += gone
        days["expected"] += gone
        moves, _ = listed_actions(grid, measure_moves(grid.prices, slice(0, judged.stop), market))
        jumps = measure_jumps(moves, slice(judged.start - LASTING_SESSIONS, judged.stop))
        jumped += np.bincount(jumps.places.sessions, minlength=len(jumped))
        jumps = jumps.only(np.abs(jumps.size) > LEAST_SIZE)
        places = jumps.places
        numbered = Jumps(Places(places.at + row * places.width, places.width), jumps.size)
        found.append(
            _Large(
                numbered,
                places.of(moves.usable),
                previous_prices(moves, places) * moves.market[places.sessions],
                places.of(moves.growth),
                plain_levels(moves, places),
                np.nan_to_num(measure_volatility(moves, places).values),
            )
        )
        nothing = Places(np.zeros(0, dtype=np.int64), places.width)
        still.append(measure_lasting(moves, judged, nothing).moved(row))
        row += len(grid.tickers)
    return _joined(found), joined(still), jumped


def _beside(groups: Groups, sessions: Integers, market: tuple[FloatMatrix, Integers]) -> Places:
    """Find the prices of unusual sessions that stand beside their tickers, numbered likewise."""
    columns: list[list[FloatMatrix]] = [[] for _ in sessions]
    row = 0
    for part in groups() if len(sessions) else ():
        grid = with_margins(part, COMMON_BACK, 0)
        moves, _ = listed_actions(grid, measure_moves(grid.prices, slice(0, grid.judged.stop), market))
        for session, parts in zip(sessions.tolist(), columns, strict=True):
            places = with_moves(moves, session)
            columns_of_part = columns_of(moves, places, measure_volatility(moves, places))
            parts.append(np.vstack([places.tickers + row, *columns_of_part]))
        row += len(grid.tickers)
    width = len(market[0])
    found = [np.zeros(0, dtype=np.int64)]
    for session, parts in zip(sessions.tolist(), columns, strict=True):
        rows, *values = np.hstack(parts)
        found.append((rows[are_shifted(*values)]).astype(np.int64) * width + session)
    return Places(np.sort(np.concatenate(found)), width)


def _joined(found: Sequence[_Large]) -> _Large:
    def column(name: str) -> FloatMatrix:
        return np.concatenate([getattr(part, name) for part in found])

    at = np.concatenate([part.jumps.places.at for part in found])
    size = np.concatenate([part.jumps.size for part in found])
    jumps = Jumps(Places(at, found[0].jumps.places.width), size)
    return _Large(jumps, *(column(name) for name in ("price", "expected", "growth", "level", "volatility")))


def _named(
    tickers: Sequence[str], sessions: Days, found: tuple[Incidents, Incidents], swapped: Jumps, partner: Integers
) -> NamedCells:
    names = np.array(tickers, dtype=np.str_)
    began, incidents = found
    parts = []
    for kind, places in (
        (SHIFTED, incidents.shifted),
        (IN_UNIT, incidents.in_unit),
        (SWAPPED, swapped.places),
        (BEGAN, began.places.only(began.places.sessions >= COMMON_BACK)),
    ):
        is_swap = kind == SWAPPED
        parts.append(
            NamedCells(
                names[places.tickers],
                sessions[places.sessions - COMMON_BACK],
                np.full(len(places), kind),
                names[partner] if is_swap else np.full(len(places), "", dtype=names.dtype),
                swapped.size if is_swap else np.zeros(len(places)),
            )
        )
    return NamedCells(**{name: np.concatenate([vars(part)[name] for part in parts]) for name in vars(parts[0])})


class _Moves:
    """The moves of all tickers on disk, session by session within each group, until the last group has come."""

    def __init__(self) -> None:
        self._file = TemporaryFile(prefix="pricewatch-moves-")  # noqa: SIM115 - closed at exit
        self._groups: list[int] = []
        self._sessions = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()

    def keep(self, growth: FloatMatrix) -> None:
        """Keep the moves of a group, tickers by sessions."""
        try:
            np.ascontiguousarray(growth.T).tofile(self._file)
        except OSError as error:
            raise QualityError(f"the moves of a year do not fit the folder for temporary files: {error}") from error
        self._groups.append(len(growth))
        self._sessions = growth.shape[1]

    def market(self) -> tuple[FloatMatrix, Integers]:
        """Give the market by session, and how many tickers it is made of."""
        parts = [market_of(rows) for rows in self._by_session()]
        return np.concatenate([market for market, _ in parts]), np.concatenate([movers for _, movers in parts])

    def _by_session(self) -> Iterator[FloatMatrix]:
        at_once = max(1, _CELLS_AT_ONCE // max(sum(self._groups), 1))
        for first in range(0, self._sessions, at_once):
            count = min(at_once, self._sessions - first)
            start, parts = 0, []
            for tickers in self._groups:
                self._file.seek(8 * (start + first * tickers))
                parts.append(np.fromfile(self._file, np.float64, count * tickers).reshape(count, tickers))
                start += self._sessions * tickers
            yield np.concatenate(parts, axis=1)
