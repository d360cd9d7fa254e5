"""Decodes the columns of a year's Parquet files into arrays, with the panel's types, in the order of the files."""

import datetime as dt
from calendar import isleap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from quality.errors import InputError
from quality.panel.extras import extras_among
from quality.panel.grid import FloatMatrix, Integers

Cells: TypeAlias = Integers
# Days are counted from the first of January: a leap year has so many.
DAYS_A_YEAR = 366
_EPOCH = dt.date(1970, 1, 1)


class Keys(NamedTuple):
    """The keys of a year's rows.

    Attributes:
        tickers: Sorted by their bytes.
        cells: The cell of each row, in pieces that fit a processor's cache.
        extras: The optional columns that any of the files has.

    """

    tickers: list[str]
    cells: list[Cells]
    extras: tuple[str, ...]


def read_cells(sources: Sequence[pa.NativeFile | Path], year: int) -> Keys:
    """Decode dates and tickers, and number each row's cell: the ticker's position times `DAYS_A_YEAR`, plus the day.

    Args:
        sources: The files of the year.
        year: The year whose dates they hold.

    Raises:
        InputError: A file is damaged or lacks a column, or has rows without a ticker or of other years.

    """
    pieces: list[tuple[pa.Array, pa.DictionaryArray]] = []
    columns: set[str] = set()
    for source in sources:
        with _damage():
            file = _open(source)
            _check_numbers(file)
            columns.update(file.schema_arrow.names)
            table = file.read(columns=["date", "ticker"], use_threads=False)
            dates, tickers = _as_dates(table.column("date")), _as_codes(table.column("ticker"))
            pieces += _aligned(dates, tickers)
    dictionaries = [tickers.dictionary.to_pylist() for _, tickers in pieces]
    if any(tickers.null_count or None in names for (_, tickers), names in zip(pieces, dictionaries, strict=True)):
        raise InputError("holds rows without a ticker; ingest the file again")
    names = sorted({name for dictionary in dictionaries for name in dictionary})
    rank = {name: number for number, name in enumerate(names)}
    start = (dt.date(year, 1, 1) - _EPOCH).days
    cells = []
    for (dates, tickers), dictionary in zip(pieces, dictionaries, strict=True):
        days = _numbers(dates)
        if dates.null_count or not _is_within(days, year, start):
            raise InputError(_strayed(pieces, year))
        places = np.array([rank[name] for name in dictionary], dtype=np.int32)
        cells.append(_cells(days, _numbers(tickers.indices), places, start))
    return Keys(names, cells, extras_among(columns))


def read_prices(
    sources: Sequence[pa.NativeFile | Path], name: str = "price", rows: tuple[int, int] | None = None
) -> list[FloatMatrix]:
    """Decode prices, or an optional column, in pieces: float64, NaN for none.

    Args:
        sources: The files of a year.
        name: The column.
        rows: The first row that is wanted and the one after the last, counted through all files; None for all. Row
            groups without one of them are not read.

    Raises:
        InputError: A file is damaged or lacks the prices; a file may lack an optional column.

    """
    pieces: list[FloatMatrix] = []
    passed = 0
    for source in sources:
        with _damage():
            file = _open(source)
            count = file.metadata.num_rows
            begin, end = (0, count) if rows is None else (min(max(row - passed, 0), count) for row in rows)
            passed += count
            if name not in file.schema_arrow.names:
                pieces.append(np.full(end - begin, np.nan))
                continue
            column = _read_rows(file, name, begin, end)
            if column.type != pa.float64():
                column = column.cast(pa.float64())
            pieces += [_prices(chunk) for chunk in column.chunks]
    return pieces


def _read_rows(file: pq.ParquetFile, name: str, begin: int, end: int) -> pa.ChunkedArray:
    if (begin, end) == (0, file.metadata.num_rows):
        return file.read(columns=[name], use_threads=False).column(name)
    counts = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
    ends = np.cumsum(counts, dtype=np.int64)
    groups = [group for group, stop in enumerate(ends.tolist()) if stop > begin and stop - counts[group] < end]
    if not groups:
        return pa.chunked_array([], pa.float64())
    start = int(ends[groups[0]]) - counts[groups[0]]
    return (
        file.read_row_groups(groups, columns=[name], use_threads=False).column(name).slice(begin - start, end - begin)
    )


def _prices(array: pa.Array) -> FloatMatrix:
    """View prices as NumPy's, with NaN for null; `to_numpy` would do so too, but imports all of pandas first."""
    validity, values = array.buffers()
    span = slice(array.offset, array.offset + len(array))
    prices = np.frombuffer(values, dtype=np.float64)[span] if values else np.empty(0)
    if not array.null_count:
        return prices
    is_given = np.unpackbits(np.frombuffer(validity, dtype=np.uint8), count=span.stop, bitorder="little")[span]
    return np.where(is_given.view(np.bool_), prices, np.nan)


def _check_numbers(file: pq.ParquetFile) -> None:
    """Make sure that a file's prices, and its optional columns, are numbers, before the years beside it count on it."""
    for name in ("price", *extras_among(file.schema_arrow.names)):
        kind = file.schema_arrow.field(name).type
        if not (pa.types.is_floating(kind) or pa.types.is_integer(kind)):
            file.read(columns=[name], use_threads=False).column(name).cast(pa.float64())


def _open(source: pa.NativeFile | Path) -> pq.ParquetFile:
    where = pa.memory_map(str(source)) if isinstance(source, Path) else source
    file = pq.ParquetFile(where, read_dictionary=["ticker"], pre_buffer=False, page_checksum_verification=True)
    missing = [name for name in ("date", "ticker", "price") if name not in file.schema_arrow.names]
    if missing:
        raise InputError(f"has no column {', '.join(missing)}; ingest the file again")
    return file


@contextmanager
def _damage() -> Iterator[None]:
    """Turn whatever a damaged file makes of the decoder into one error."""
    try:
        yield
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        lines = str(error).splitlines()
        raise InputError(f"cannot be read as part of a panel: {lines[0] if lines else type(error).__name__}") from error


def _as_dates(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column if column.type == pa.date32() else column.cast(pa.date32())


def _as_codes(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        return column
    return column.cast(pa.string()).dictionary_encode()


def _aligned(dates: pa.ChunkedArray, tickers: pa.ChunkedArray) -> Iterator[tuple[pa.Array, pa.DictionaryArray]]:
    """Pair the pieces of two columns; they are the same wherever both come from the same row groups."""
    position = 0
    for piece in tickers.chunks:
        part = dates.slice(position, len(piece))
        position += len(piece)
        yield part.chunk(0) if part.num_chunks == 1 else pa.concat_arrays(part.chunks), piece


def _numbers(array: pa.Array) -> npt.NDArray[np.int32]:
    """View dates or codes as the numbers that they are, without a copy."""
    if array.type not in (pa.int32(), pa.date32()):
        array = array.cast(pa.int32())
    return np.frombuffer(array.buffers()[1], dtype=np.int32)[array.offset : array.offset + len(array)]


def _is_within(days: npt.NDArray[np.int32], year: int, start: int) -> bool:
    length = 366 if isleap(year) else 365
    return not len(days) or bool(start <= np.min(days) and np.max(days) < start + length)


def _cells(
    days: npt.NDArray[np.int32], codes: npt.NDArray[np.int32], places: npt.NDArray[np.int32], start: int
) -> Cells:
    """Give the cells of some rows, a run of one ticker at a time: in sorted files runs are long."""
    if not len(days):
        return np.empty(0, dtype=np.int64)
    starts = np.concatenate([[0], np.flatnonzero(codes[1:] != codes[:-1]) + 1])
    lengths = np.diff(starts, append=len(codes))
    first_days = places[codes[starts]] * np.int64(DAYS_A_YEAR) - start
    return np.asarray(np.repeat(first_days, lengths) + days, dtype=np.int64)


def _strayed(pieces: Sequence[tuple[pa.Array, pa.Array]], year: int) -> str:
    days = np.concatenate([_numbers(dates.drop_null()) for dates, _ in pieces])
    others = np.unique(days.astype("datetime64[D]"))
    others = others[others.astype("datetime64[Y]").astype(np.int64) + _EPOCH.year != year]
    shown = ["None"] if any(dates.null_count for dates, _ in pieces) else []
    shown += map(str, others)
    return f"rows of {len(shown)} dates are not of {year}, such as {shown[0]}; ingest the file again"
