"""What a year of a panel holds, found from its dates and tickers alone: sessions, tickers, and who has rows when."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from quality.errors import InputError
from quality.panel.grid import BoolMatrix, Days, FloatMatrix, Integers, doubled_rows, first_repeated
from quality.panel.year_files import DAYS_A_YEAR, Cells, read_cells


@dataclass(frozen=True)
class YearIndex:
    """The table of contents of a year: small, and enough to lay out its prices without its dates and tickers.

    Attributes:
        year: The year.
        digest: Of the bytes of its files.
        sessions: The dates that it holds, ascending.
        tickers: The tickers that it holds, sorted by their bytes.
        rows: How many rows it has.
        is_sorted: Whether its rows lie in the order of ticker and date, across its files.
        packed: A bit a cell, tickers by sessions: whether there is a row; None where every cell has one.
        extras: The optional columns that any of its files has.
        before: Of an index of some of a year's tickers: how many tickers, and how many rows, come before theirs in its
            files; None where it is of all.

    """

    year: int
    digest: str
    sessions: Days
    tickers: tuple[str, ...]
    rows: int
    is_sorted: bool
    packed: npt.NDArray[np.uint8] | None
    extras: tuple[str, ...] = ()
    before: tuple[int, int] | None = None

    def of_tickers(self, first: str, last: str) -> "YearIndex":
        """Give the index of some of the year's tickers: those from one name to another."""
        begin, end = bisect_left(self.tickers, first), bisect_right(self.tickers, last)
        start, stop = (place * len(self.sessions) for place in (begin, end))
        if self.packed is None:
            rows, rows_before, packed = stop - start, start, None
        else:
            byte, bit = divmod(start, 8)
            bits = np.unpackbits(self.packed[byte : -(-stop // 8)])
            rows_before = int.from_bytes(self.packed[:byte].tobytes()).bit_count() + int(bits[:bit].sum())
            bits = bits[bit : bit + stop - start]
            rows, packed = int(np.count_nonzero(bits)), None if bits.all() else np.packbits(bits)
        return replace(self, tickers=self.tickers[begin:end], rows=rows, packed=packed, before=(begin, rows_before))

    @property
    def present(self) -> BoolMatrix:
        """Which cells have a row, tickers by sessions."""
        shape = (len(self.tickers), len(self.sessions))
        if self.packed is None:
            return np.ones(shape, dtype=np.bool_)
        return np.unpackbits(self.packed, count=shape[0] * shape[1]).view(np.bool_).reshape(shape)

    @cached_property
    def rows_by_session(self) -> Integers:
        """How many rows each session has."""
        return np.asarray(np.count_nonzero(self.present, axis=0))

    @cached_property
    def first_session(self) -> Integers:
        """The position of each ticker's first session in the year."""
        return np.asarray(self.present.argmax(axis=1))


def index_year(year: int, files: Sequence[bytes], digest: str = "") -> YearIndex:
    """Index the bytes of a year's files, whose digest the caller knows.

    Raises:
        InputError: A file is damaged, holds rows of other years or none at all, or two rows share a date and ticker.

    """
    names, pieces, extras = read_cells([pa.BufferReader(data) for data in files], year)
    rows = sum(map(len, pieces))
    by_day = np.zeros((len(names), DAYS_A_YEAR), dtype=np.bool_)
    is_sorted = _mark(by_day, pieces)
    is_held = by_day.any(axis=0)
    days = np.flatnonzero(is_held)
    sessions = np.datetime64(f"{year:04d}-01-01", "D") + days
    if doubled := rows - int(np.count_nonzero(by_day)):
        ticker, day = _first_doubled(pieces)
        raise doubled_rows(doubled, sessions[np.searchsorted(days, day)], names[ticker])
    present = by_day[:, is_held]
    packed = None if present.all() else np.packbits(present)
    return YearIndex(year, digest, sessions, tuple(names), rows, is_sorted, packed, extras)


def lay_out(index: YearIndex, prices: Sequence[FloatMatrix], into: FloatMatrix, cells: Sequence[Cells] = ()) -> None:
    """Lay a column of a year's files into a matrix of its tickers and sessions, which holds NaN so far.

    Args:
        index: The year.
        prices: The column of prices, or an optional one, in pieces.
        into: float64, tickers by sessions; it may be a part of a larger matrix.
        cells: The cells of the rows as `read_cells` numbers them: needed where the rows are not sorted.

    Raises:
        InputError: There are more or fewer prices than the index has rows: the files have changed.

    """
    is_whole = index.is_sorted or index.before is None
    if is_whole and sum(map(len, prices)) != index.rows:
        raise InputError(f"the files of year={index.year} changed while they were read; scan again")
    values = np.concatenate(prices) if prices else np.empty(0)
    if not index.is_sorted:
        # Files whose rows lie anyhow were decoded whole.
        first, _ = index.before or (0, 0)
        days = (index.sessions - np.datetime64(f"{index.year:04d}-01-01", "D")).astype(np.int64)
        session_of_day = np.zeros(DAYS_A_YEAR, dtype=np.int64)
        session_of_day[days] = np.arange(len(days))
        ticker, day = np.divmod(np.concatenate(cells), DAYS_A_YEAR)
        is_ours = (ticker >= first) & (ticker < first + len(index.tickers))
        into[ticker[is_ours] - first, session_of_day[day[is_ours]]] = values[is_ours]
    elif index.packed is None:
        into[...] = values.reshape(into.shape)
    else:
        into[index.present] = values


def _mark(by_day: BoolMatrix, pieces: Sequence[Cells]) -> bool:
    """Mark the cells that have a row, and tell whether the rows ascend by ticker and date."""
    flat, last, is_sorted = by_day.reshape(-1), -1, True
    for cells in pieces:
        flat[cells] = True
        if is_sorted and len(cells):
            is_sorted = bool(cells[0] > last) and bool((cells[1:] > cells[:-1]).all())
            last = int(cells[-1])
    return is_sorted


def _first_doubled(pieces: Sequence[Cells]) -> tuple[int, int]:
    return divmod(first_repeated(np.concatenate(pieces)), DAYS_A_YEAR)
