"""The prices of consecutive sessions as a dense matrix, a row a ticker: what every rule set is evaluated on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from quality.errors import InputError
from quality.panel.actions import CorporateActions

FloatMatrix: TypeAlias = npt.NDArray[np.float64]
BoolMatrix: TypeAlias = npt.NDArray[np.bool_]
Integers: TypeAlias = npt.NDArray[np.int64]
Days: TypeAlias = npt.NDArray[np.datetime64]


@dataclass(frozen=True)
class Grid:
    """Consecutive sessions of a panel: the judged ones, and those that are looked back and ahead on.

    Attributes:
        sessions: `datetime64[D]`, ascending: look-back, judged, look-ahead.
        tickers: Sorted by their bytes, as the files of a panel are.
        prices: float64, tickers by sessions, C order, NaN where there is no price.
        present: bool, tickers by sessions, true where there is a row.
        judged: Which sessions findings are wanted of.
        first_number: The number of the first session among all of the panel, from 1.
        first_seen: By ticker, the number of the session of its first row ever: it may lie before the grid, and
            beyond it for a ticker that is yet to come.
        extras: By name, an optional column that the panel has (`panel.extras`), as the prices are laid out.
        actions: The corporate actions that are listed for its tickers about its sessions.
        closed: bool, tickers by sessions, true where the ticker's exchange is closed; None for nowhere.
        counted: bool, by ticker, whether its absent cells are counted; None for all of them.

    """

    sessions: Days
    tickers: tuple[str, ...]
    prices: FloatMatrix
    present: BoolMatrix
    judged: slice
    first_number: int
    first_seen: Integers
    extras: Mapping[str, FloatMatrix] = field(default_factory=dict)
    actions: CorporateActions = field(default_factory=CorporateActions)
    closed: BoolMatrix | None = None
    counted: BoolMatrix | None = None

    @property
    def history(self) -> Integers:
        """How many sessions of the panel lie before each session."""
        return np.arange(len(self.sessions)) + (self.first_number - 1)


def grid_of_rows(
    dates: Days,
    names: Sequence[str],
    prices: FloatMatrix,
    *,
    sessions: Days,
    judged: slice,
    first_seen: Mapping[str, int],
    first_number: int = 1,
    extras: Mapping[str, FloatMatrix] | None = None,
) -> Grid:
    """Lay rows, in whatever order they come, into a grid.

    Args:
        dates: The date of each row; rows of other dates than `sessions` are left out.
        names: The ticker of each row; rows of other tickers than those of `first_seen` are left out.
        prices: The price of each row, NaN for none.
        sessions: The sessions of the grid, ascending.
        judged: Which of them are judged.
        first_seen: By ticker of the grid, the number of its first session ever.
        first_number: The number of the first session of the grid, from 1.
        extras: By name, an optional column: a value a row, NaN for none.

    Raises:
        InputError: Two rows share a date and ticker.

    """
    tickers = sorted(first_seen)
    code = {ticker: number for number, ticker in enumerate(tickers)}
    ticker = np.fromiter((code.get(name, -1) for name in names), dtype=np.int64, count=len(names))
    session = np.searchsorted(sessions, dates)
    known = (ticker >= 0) & (session < len(sessions))
    known[known] = sessions[session[known]] == np.asarray(dates)[known]
    shape = (len(tickers), len(sessions))
    cells = ticker[known] * shape[1] + session[known]
    present = np.zeros(shape, dtype=np.bool_)
    present.put(cells, True)  # noqa: FBT003 - NumPy takes values by position
    if doubled := len(cells) - int(np.count_nonzero(present)):
        cell = first_repeated(cells)
        raise doubled_rows(doubled, sessions[cell % shape[1]], tickers[cell // shape[1]])
    laid = {name: np.full(shape, np.nan) for name in ("", *(extras or ()))}
    for name, matrix in laid.items():
        values = np.asarray((extras or {}).get(name, prices), dtype=np.float64)
        matrix.put(cells, values[known])
    seen = np.fromiter((first_seen[name] for name in tickers), dtype=np.int64, count=len(tickers))
    return Grid(sessions, tuple(tickers), laid.pop(""), present, judged, first_number, seen, laid)


def first_repeated(cells: Integers) -> int:
    """Give the smallest number that stands twice among some."""
    ordered = np.sort(cells)
    return int(ordered[1:][ordered[1:] == ordered[:-1]][0])


def doubled_rows(count: int, date: np.datetime64, ticker: str) -> InputError:
    """Give the error of a panel that holds keys twice."""
    return InputError(
        f"{count} rows repeat the date and ticker of another row, such as {date} {ticker!r}; a panel holds one row "
        "a date and ticker: ingest the files again to settle which one counts"
    )
