"""The one door to tables: CSV, Parquet and Arrow files as columns, in batches of bounded size."""

from collections.abc import Iterator

import polars as pl

from quality.ingest.files.encodings import utf8_blocks
from quality.ingest.files.unpack import Member
from quality.ingest.files.validation import Validator
from quality.ingest.format.sniff import sniff
from quality.ingest.format.source import Source
from quality.ingest.rows.columnar import columnar_table
from quality.ingest.rows.records import Shape, read_records, whole_lines
from quality.ingest.rows.table import Table

_HEAD_BYTES = 1 << 20
_SAMPLE_CELLS = 50_000


def open_table(member: Member, source: Source, validator: Validator) -> Table:
    """Open a table, of whichever kind its first bytes show it to be.

    Args:
        member: The file.
        source: What is said of it.
        validator: Reads Parquet and Arrow files before they are read here.

    Raises:
        InputError: It is none, or empty, here or while its batches are read.

    """
    head = member.stream.peek(8)[:8]
    if head[:4] == b"PAR1":
        return columnar_table(member, "parquet", validator)
    if head[:6] == b"ARROW1":
        return columnar_table(member, "arrow", validator)
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
    sample = [
        pl.Series(str(position), [row[position] for row in even], dtype=pl.String) for position in range(form.width)
    ]
    shape = Shape(form.delimiter, form.width)
    batches = read_records(_chained(data, blocks), shape, member.name, form.data_line + 1)
    return Table("csv", form.header, sample, batches, form.skipped, form.delimiter, form.fields)


def _enough(blocks: Iterator[bytes]) -> bytes:
    """Take blocks until there is enough to tell the form of a file."""
    first = b""
    for block in blocks:
        first += block
        if len(first) >= _HEAD_BYTES:
            break
    return first


def _without_lines(block: bytes, lines: int) -> bytes:
    position = 0
    for _ in range(lines):
        position = block.find(b"\n", position) + 1
        if not position:
            return b""
    return block[position:]


def _chained(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest
