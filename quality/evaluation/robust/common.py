"""What all tickers of a session have in common, for a grid that holds some of them only.

A first pass (`first_pass.py`) measures `SessionValues`, the tickers a group at a time. Those of a chunk's sessions are
put together (`common_of`), and each group is then judged with them: the same bits as if one grid held all tickers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from quality.evaluation.robust.days import USUAL_SESSIONS, Incidents, are_stale
from quality.evaluation.robust.jumps import Jumps
from quality.evaluation.robust.moves import Moves
from quality.evaluation.robust.sessions import Counts
from quality.evaluation.robust.stale import STEPS, frozen_share
from quality.evaluation.robust.windows import Places
from quality.panel.grid import BoolMatrix, Days, FloatMatrix, Grid, Integers

Names = npt.NDArray[np.str_]
Table = npt.NDArray[np.void]

SHIFTED, IN_UNIT, SWAPPED, BEGAN = range(4)
_DAY = [
    ("session", "M8[D]"),
    # See `Moves`.
    ("market", "f8"),
    ("movers", "i8"),
    # How many prices are those of the session before.
    ("repeats", "i8"),
    # See `days.daily_moves`.
    ("daily", "i8"),
    ("repeated", "i8"),
    # See `sessions.Counts`.
    ("often", "?"),
    ("gone", "i8"),
    ("expected", "i8"),
    # See `Incidents`, and how many cells they have.
    ("power", "i8"),
    ("shifted", "i8"),
    ("in_unit", "i8"),
]
# What is measured of a session: at last, its repeats by the step of the grid that their chance is.
MEASURED = np.dtype([*_DAY, ("steps", "i4", (STEPS,))])
# What is made of it: whether most prices are those of the session before, and the frozen share.
_CONCLUDED = np.dtype([*_DAY, ("stale", "?"), ("share", "f8")])


@dataclass(frozen=True)
class NamedCells:
    """Some cells by name, whatever grid holds them.

    Attributes:
        tickers: By cell, its ticker.
        dates: By cell, its session.
        kinds: By cell, `SHIFTED`, `IN_UNIT`, `SWAPPED`, or `BEGAN` where an incident did.
        partners: By cell, the ticker whose price it has, if it is swapped.
        sizes: By cell, the logarithm of its jump, likewise.

    """

    tickers: Names
    dates: Days
    kinds: Integers
    partners: Names
    sizes: FloatMatrix

    def only(self, kept: BoolMatrix | Integers) -> "NamedCells":
        """Keep the cells for which a flag is true, or those at some positions."""
        return NamedCells(**{name: values[kept] for name, values in vars(self).items()})


@dataclass(frozen=True)
class SessionValues:
    """What the first pass measures of consecutive sessions.

    Attributes:
        days: A row a session (`MEASURED`), ascending.
        cells: The cells of incidents and swaps.

    """

    days: Table
    cells: NamedCells


@dataclass(frozen=True)
class Totals:
    """How many cells of each session of a grid are repeats, shifted, or in another unit; of all tickers there are."""

    repeats: Integers
    shifted: Integers
    in_unit: Integers


@dataclass(frozen=True)
class OnGrid:
    """What is known of all tickers, laid out on the sessions of a grid of some of them; the metrics say what it is."""

    market: FloatMatrix
    movers: Integers
    stale: BoolMatrix
    share: FloatMatrix
    counts: Counts
    incidents: Incidents
    of_session: Places
    swapped: Jumps
    partner: Integers
    names: Sequence[str]
    totals: Totals


@dataclass(frozen=True)
class Common:
    """What is known of the sessions of a chunk, margins included: small, and it pickles.

    Attributes:
        days: A row a session, ascending.
        cells: The cells of incidents and swaps.

    """

    days: Table
    cells: NamedCells

    def of_tickers(self, tickers: Sequence[str]) -> "Common":
        """Keep of the cells those of some tickers."""
        return replace(self, cells=self.cells.only(np.isin(self.cells.tickers, np.array(tickers, dtype=np.str_))))

    def on(self, grid: Grid) -> OnGrid:
        """Lay what is known out on a grid; sessions that are not known are those before the panel, or after it."""
        days = np.zeros(len(grid.sessions), dtype=_CONCLUDED)
        days["market"] = 1.0
        place = np.minimum(np.searchsorted(self.days["session"], grid.sessions), len(self.days) - 1)
        is_known = self.days["session"][place] == grid.sessions
        days[is_known] = self.days[place[is_known]]
        places, cells = self._inside(grid)
        shifted, in_unit, swapped, began = (cells.kinds == kind for kind in (SHIFTED, IN_UNIT, SWAPPED, BEGAN))
        row = {name: number for number, name in enumerate(grid.tickers)}
        partners = [row.setdefault(name, len(row)) for name in cells.partners[swapped].tolist()]
        return OnGrid(
            market=days["market"].copy(),
            movers=days["movers"].copy(),
            stale=days["stale"].copy(),
            share=days["share"].copy(),
            counts=Counts(days["often"].copy(), days["gone"].copy(), days["expected"].copy()),
            incidents=Incidents(places.only(shifted), places.only(in_unit), days["power"].copy()),
            of_session=places.only(began),
            swapped=Jumps(places.only(swapped), cells.sizes[swapped]),
            partner=np.array(partners, dtype=np.int64),
            names=list(row),
            totals=Totals(days["repeats"].copy(), days["shifted"].copy(), days["in_unit"].copy()),
        )

    def _inside(self, grid: Grid) -> tuple[Places, NamedCells]:
        """Give the cells that a grid holds, in its order."""
        names, sessions = np.array(grid.tickers, dtype=np.str_), grid.sessions
        # Before the panel's first session lie sessions without a date.
        real = np.flatnonzero(~np.isnat(sessions))
        row = np.searchsorted(names, self.cells.tickers)
        column = np.searchsorted(sessions[real], self.cells.dates) + real[0]
        inside = np.flatnonzero((row < len(names)) & (column < len(sessions)))
        cells = self.cells.only(inside)
        same = (names[row[inside]] == cells.tickers) & (sessions[column[inside]] == cells.dates)
        at = (row * len(sessions) + column)[inside][same]
        order = np.argsort(at, kind="stable")
        return Places(at[order], len(sessions)), cells.only(same).only(order)


def totals_of(moves: Moves, incidents: Incidents) -> Totals:
    """Count the cells of a grid that holds all tickers."""
    count = moves.growth.shape[1]
    return Totals(
        np.count_nonzero(moves.growth == 1, axis=0),
        np.bincount(incidents.shifted.sessions, minlength=count),
        np.bincount(incidents.in_unit.sessions, minlength=count),
    )


def common_of(values: Sequence[SessionValues]) -> Common:
    """Put what was measured of consecutive sessions together, ascending, and conclude what takes many of them."""
    measured = np.concatenate([part.days for part in values])
    days = np.zeros(len(measured), dtype=_CONCLUDED)
    for name, *_ in _DAY:
        days[name] = measured[name]
    before = np.zeros(USUAL_SESSIONS, dtype=np.int64)
    counts = ("movers", "repeats", "daily", "repeated")
    days["stale"] = are_stale(*(np.concatenate([before, measured[name]]) for name in counts))
    steps = measured["steps"].astype(np.int64)
    steps[days["stale"]] = 0
    days["share"] = frozen_share(steps, measured["movers"] * ~days["stale"])
    cells = [part.cells for part in values]
    return Common(
        days, NamedCells(**{name: np.concatenate([vars(part)[name] for part in cells]) for name in vars(cells[0])})
    )
