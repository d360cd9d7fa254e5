"""The one door to tables: CSV, Parquet and Arrow files as columns, in batches of bounded size."""

import io
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import polars as pl

from quality.errors import InputError
from quality.findings.quarantine import ROW_SCHEMA
from quality.ingest.files.encodings import utf8_blocks
from quality.ingest.files.unpack import Member, temporary_copy
from quality.ingest.format.sniff import sniff
from quality.ingest.format.source import Source
from quality.ingest.rows.records import Batch, Shape, read_records, whole_lines
from quality.text import visible

_CELLS_A_BATCH = 1 << 21
_HEAD_BYTES = 1 << 20
_SAMPLE_ROWS = 1_000
_SAMPLE_CELLS = 50_000


@dataclass(frozen=True)
class Table:
    """An open table.

    Attributes:
        kind: "csv", "parquet" or "arrow".
        header: The columns' names as they stand, also blank and doubled ones; None where there are none.
        sample: The first records, a series a column.
        batches: All records, once.
        skipped: Lines before the header.
        delimiter: Of a CSV file.

    """

    kind: str
    header: list[str] | None
    sample: list[pl.Series]
    batches: Iterator[Batch]
    skipped: int = 0
    delimiter: str = ","


def open_table(member: Member, source: Source) -> Table:
    """Open a table, of whichever kind its first bytes show it to be.

    Raises:
        InputError: It is none, or empty, here or while its batches are read.

    """
    head = member.stream.peek(8)[:8]
    if head[:4] == b"PAR1":
        return _parquet(member)
    if head[:6] == b"ARROW1":
        return _arrow(member)
    return _csv(member, source)


def _csv(member: Member, source: Source) -> Table:
    blocks = whole_lines(utf8_blocks(member.stream, source.encoding, member.name), member.name)
    first = _enough(blocks)
    head = first[:_HEAD_BYTES]
    if len(head) < len(first):
        head = head[: head.rfind(b"\n") + 1] or head
    form = sniff(head, source, member.name)
    data = _without_lines(first, form.data_line)
    even = [row for row in form.sample if len(row) == form.width][: max(50, _SAMPLE_CELLS // form.width)]
    sample = [pl.Series(str(at), [row[at] for row in even], dtype=pl.String) for at in range(form.width)]
    shape = Shape(form.delimiter, form.width)
    batches = read_records(_chained(data, blocks), shape, member.name, form.data_line + 1)
    return Table("csv", form.header, sample, batches, form.skipped, form.delimiter)


def _enough(blocks: Iterator[bytes]) -> bytes:
    """Take blocks until there is enough to tell the form of a file."""
    first = b""
    for block in blocks:
        first += block
        if len(first) >= _HEAD_BYTES:
            break
    return first


def _without_lines(block: bytes, lines: int) -> bytes:
    at = 0
    for _ in range(lines):
        at = block.find(b"\n", at) + 1
        if not at:
            return b""
    return block[at:]


def _chained(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


def _parquet(member: Member) -> Table:
    # PyArrow alone keeps doubled and blank names of columns; only who has such files pays for its import.
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    def batches(file: io.BufferedReader) -> tuple[list[str], Iterator[Any]]:
        parquet = pq.ParquetFile(file)
        names = list(parquet.schema_arrow.names)
        rows = max(_SAMPLE_ROWS, _CELLS_A_BATCH // max(len(names), 1))
        return names, parquet.iter_batches(batch_size=rows)

    return _columnar(member, "parquet", batches, (pa.ArrowException, OSError))


def _arrow(member: Member) -> Table:
    import pyarrow as pa  # noqa: PLC0415

    def batches(file: io.BufferedReader) -> tuple[list[str], Iterator[Any]]:
        reader = pa.ipc.open_file(file)
        return list(reader.schema.names), (reader.get_batch(at) for at in range(reader.num_record_batches))

    return _columnar(member, "arrow", batches, (pa.ArrowException, OSError))


def _columnar(member: Member, kind: str, opened: Any, errors: tuple[type[Exception], ...]) -> Table:  # noqa: ANN401
    stack = ExitStack()
    file = member.stream if member.stream.seekable() else stack.enter_context(temporary_copy(member.stream))
    try:
        header, found = opened(file)
        first = next(found, None)
    except errors as error:
        raise _damaged(member, kind, error) from error
    if first is None:
        raise InputError(f"{visible(member.name)}: holds no row")

    def rows() -> Iterator[Batch]:
        line = 1
        with stack:
            batch = first
            while batch is not None:
                yield _batch(batch, line)
                line += batch.num_rows
                try:
                    batch = next(found, None)
                except errors as error:
                    raise _damaged(member, kind, error) from error

    sample = [column.head(_SAMPLE_ROWS) for column in _batch(first.slice(0, _SAMPLE_ROWS), 1).columns]
    return Table(kind, header, sample, rows())


def _damaged(member: Member, kind: str, error: Exception) -> InputError:
    lines = str(error).splitlines() or [type(error).__name__]
    return InputError(f"{visible(member.name)}: cannot be read as {kind.capitalize()}: {visible(lines[0])}")


def _batch(batch: Any, line: int) -> Batch:  # noqa: ANN401 - PyArrow has no types
    columns = [_series(batch.column(at), at) for at in range(batch.num_columns)]
    lines = pl.int_range(line, line + batch.num_rows, dtype=pl.UInt32, eager=True).alias("line")
    return Batch(columns, lines, pl.DataFrame(schema=ROW_SCHEMA))


def _series(column: Any, at: int) -> pl.Series:  # noqa: ANN401
    series = pl.Series(str(at), pl.from_arrow(column))
    if series.dtype in (pl.Categorical, pl.Enum) or series.dtype == pl.Boolean:
        return series.cast(pl.String)
    if series.dtype.is_decimal():
        return series.cast(pl.Float64)
    return series
