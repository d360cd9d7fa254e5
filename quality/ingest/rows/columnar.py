"""Parquet and Arrow files as tables: read in a child process first, since damage can end the process that reads."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import polars as pl

from quality.errors import EmptyInputError, InputError
from quality.findings.quarantine import ROW_SCHEMA
from quality.ingest.files.unpack import Member, temporary_copy
from quality.ingest.files.validation import Validator
from quality.ingest.format.dates import BEYOND
from quality.ingest.rows.records import Batch
from quality.ingest.rows.table import Table
from quality.text import visible

_CELLS_A_BATCH = 1 << 21
_SAMPLE_ROWS = 1_000
# The calendar of Python and Polars, and of a panel's partitions: 0001-01-01 to 9999-12-31, in days from 1970.
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896
_MOST = (1 << 63) - 1
_A_DAY = {"ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}


def columnar_table(member: Member, kind: str, validator: Validator) -> Table:
    """Open a Parquet or Arrow file.

    Raises:
        EmptyInputError: It holds no row.
        InputError: It is damaged.

    """
    # PyArrow alone keeps doubled and blank names of columns; only who has such files pays for its import.
    import pyarrow as pa  # noqa: PLC0415

    stack = ExitStack()
    try:
        path = member.file or Path(str(stack.enter_context(temporary_copy(member.stream)).name))
        validator.check(path, kind, visible(member.name))
        header, found = _opened(path, kind)
        first = next(found, None)
    except (pa.ArrowException, OSError, ValueError) as error:
        stack.close()
        raise _damaged(member, kind, error) from error
    except BaseException:
        stack.close()
        raise
    if first is None or not header:
        stack.close()
        raise EmptyInputError(f"{visible(member.name)}: holds no row")

    def rows() -> Iterator[Batch]:
        line = 1
        with stack:
            batch = first
            while batch is not None:
                yield _batch(batch, line)
                line += batch.num_rows
                try:
                    batch = next(found, None)
                except (pa.ArrowException, OSError, ValueError) as error:
                    raise _damaged(member, kind, error) from error

    sample = [column.head(_SAMPLE_ROWS) for column in _batch(first.slice(0, _SAMPLE_ROWS), 1).columns]
    return Table(kind, header, sample, rows())


def _opened(path: Path, kind: str) -> tuple[list[str], Iterator[Any]]:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    if kind == "parquet":
        parquet = pq.ParquetFile(path)
        names = list(parquet.schema_arrow.names)
        rows = max(_SAMPLE_ROWS, _CELLS_A_BATCH // max(len(names), 1))
        return names, iter(parquet.iter_batches(batch_size=rows))
    reader = pa.ipc.open_file(path)
    return list(reader.schema.names), _pieces(reader)


def _pieces(reader: Any) -> Iterator[Any]:  # noqa: ANN401 - PyArrow has no types
    """Give the batches of an Arrow file in pieces of bounded size: its writer may have made one of all rows."""
    rows = max(_SAMPLE_ROWS, _CELLS_A_BATCH // max(len(reader.schema.names), 1))
    for position in range(reader.num_record_batches):
        batch = reader.get_batch(position)
        for begin in range(0, batch.num_rows, rows):
            yield batch.slice(begin, rows)


def _damaged(member: Member, kind: str, error: Exception) -> InputError:
    lines = str(error).splitlines() or [type(error).__name__]
    return InputError(f"{visible(member.name)}: cannot be read as {kind.capitalize()}: {visible(lines[0])}")


def _batch(batch: Any, line: int) -> Batch:  # noqa: ANN401
    columns = [_series(batch.column(position), position) for position in range(batch.num_columns)]
    lines = pl.int_range(line, line + batch.num_rows, dtype=pl.UInt32, eager=True).alias("line")
    return Batch(columns, lines, pl.DataFrame(schema=ROW_SCHEMA))


def _series(column: Any, position: int) -> pl.Series:  # noqa: ANN401
    series = pl.Series(str(position), pl.from_arrow(column))
    if series.dtype in (pl.Categorical, pl.Enum) or series.dtype == pl.Boolean:
        return series.cast(pl.String)
    if series.dtype.is_decimal():
        return series.cast(pl.Float64)
    return _in_calendar(series)


def _in_calendar(series: pl.Series) -> pl.Series:
    """Give dates beyond all calendars as text that says so: as dates they end whatever prints them."""
    if series.dtype not in (pl.Date, pl.Datetime):
        return series
    unit = 1 if series.dtype == pl.Date else _A_DAY[series.dtype.time_unit]  # type: ignore[attr-defined]
    numbers = series.to_physical().cast(pl.Int64)
    # A day less on either side: a time zone moves a moment by as much.
    first, last = max((_FIRST_DAY + 1) * unit, -_MOST), min((_LAST_DAY - 1) * unit, _MOST)
    fits = numbers.is_between(first, last).fill_null(value=True)
    if fits.all():
        return series
    what = "days" if unit == 1 else series.dtype.time_unit  # type: ignore[attr-defined]
    frame = pl.DataFrame({"number": numbers, "fits": fits})
    inside = frame.select(pl.when("fits").then("number").cast(series.to_physical().dtype)).to_series()
    return frame.select(
        pl.when("fits")
        .then(inside.cast(series.dtype).cast(pl.String))
        .otherwise(pl.format("{} {}{}", "number", pl.lit(what), pl.lit(BEYOND)))
        .alias(series.name)
    ).to_series()
