"""What an ingest would do: how each file is understood, and the first rows that it would give."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from quality.errors import InputError
from quality.findings.quarantine import ROW_SCHEMA
from quality.ingest.files.arrivals import Found, find_arrivals
from quality.ingest.files.unpack import Member, members
from quality.ingest.format.source import Source
from quality.ingest.rows.long import long_rows
from quality.ingest.rows.reading import mapping_of, opened
from quality.ingest.rows.records import Batch
from quality.ingest.rows.tables import open_table
from quality.ingest.rows.wide import wide_rows
from quality.storage import S3Options

_ROWS = 5
_MOST_FILES = 200


@dataclass(frozen=True)
class Previewed:
    """How one file is understood.

    Attributes:
        file: Its name.
        mapping: See `Mapping.as_dict`; None where it cannot be understood.
        rows: The first rows that it gives: date, ticker, price.
        problem: Why it cannot be understood; "" where it can.

    """

    file: str
    mapping: dict[str, Any] | None
    rows: list[tuple[Any, ...]]
    problem: str = ""


def preview(addresses: Sequence[str], source: Source, s3: S3Options | None = None) -> tuple[list[Previewed], Found]:
    """Look at the beginning of each file, of 200 at most; nothing is written.

    Raises:
        InputError: An address means no file.

    """
    found = find_arrivals(addresses, s3)
    seen: list[Previewed] = []
    for arrival in found.arrivals:
        try:
            with opened(arrival, lambda _done: None) as stream:
                for member in members(stream, arrival.address):
                    seen.append(_look(member, source))
                    if len(seen) >= _MOST_FILES:
                        return seen, found
        except InputError as error:
            seen.append(Previewed(arrival.address, None, [], str(error)))
    return seen, found


def _look(member: Member, source: Source) -> Previewed:
    try:
        table = open_table(member, source)
        mapping = mapping_of(table, member, source)
        few = [column.head(_ROWS) for column in table.sample]
        lines = pl.int_range(1, len(few[0]) + 1, dtype=pl.UInt32, eager=True)
        batch = Batch(few, lines, pl.DataFrame(schema=ROW_SCHEMA))
        rows, _ = long_rows(batch, mapping) if mapping.layout == "long" else wide_rows(batch, mapping)
    except InputError as error:
        return Previewed(member.name, None, [], str(error))
    told: dict[str, Any] = {"format": table.kind, **mapping.as_dict(), "lines_before_header": table.skipped}
    if table.kind == "csv":
        told["delimiter"] = table.delimiter
    shown = rows.sort("date", maintain_order=True).head(_ROWS).select("date", "ticker", "price")
    return Previewed(member.name, told, shown.rows())
