"""Reads files one after the other into a spill: what they hold, what is refused, how they were understood."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import polars as pl

from quality.errors import InputError
from quality.findings.quarantine import ROW_SCHEMA
from quality.ingest.files.arrivals import Arrival
from quality.ingest.files.unpack import Member, damage, members
from quality.ingest.format.columns import Columns
from quality.ingest.format.mapping import Mapping, find_mapping
from quality.ingest.format.source import Source
from quality.ingest.rows.counts import FileCounts
from quality.ingest.rows.long import long_rows
from quality.ingest.rows.spill import Kept, Spill
from quality.ingest.rows.tables import Table, open_table
from quality.ingest.rows.wide import Listing, wide_rows
from quality.text import visible

Progress = Callable[[int], None]
_REFUSED = pl.Schema([("file", pl.Int32), *ROW_SCHEMA.items()])


class Reading:
    """What was read so far.

    Attributes:
        files: The books, by file number.
        spill: The rows.
        refused: The rows that were refused, with the number of their file.
        listings: By number of a wide file, when its tickers are listed.

    """

    def __init__(self, folder: Path, source: Source) -> None:
        for name in ("rows", "refused"):
            (folder / name).mkdir()
        self.files: list[FileCounts] = []
        self.spill = Spill(folder / "rows")
        self.refused = Kept(folder / "refused", _REFUSED)
        self.listings: dict[int, Listing] = {}
        self._source = source

    def add(self, arrival: Arrival, progress: Progress) -> None:
        """Read a file and all that is packed in it; one that cannot be read is marked so."""
        known = len(self.files)
        try:
            with opened(arrival, progress) as stream:
                for member in members(stream, arrival.address):
                    self._read(member)
        except InputError as error:
            self._failed(arrival.address, str(error))
        if len(self.files) == known:
            self._failed(arrival.address, f"{visible(arrival.address)}: is an archive without a table in it")

    def _failed(self, name: str, reason: str) -> None:
        self.files.append(FileCounts(name))
        self.files[-1].fail(reason)

    def _read(self, member: Member) -> None:
        number = len(self.files)
        counts = FileCounts(member.name)
        self.files.append(counts)
        try:
            table = open_table(member, self._source)
            mapping = mapping_of(table, member, self._source)
            counts.mapping, counts.lines_before_header = mapping.as_dict(), table.skipped
            for rows, bad in self._rows(table, mapping, number):
                counts.rows_read += rows.height + bad.height
                counts.unreadable += bad.height
                self.spill.add(rows, number)
                self.refused.add(bad.with_columns(file=pl.lit(number)))
        except InputError as error:
            counts.fail(str(error))
            return
        if not counts.rows_read and not counts.not_listed:
            counts.fail(f"{visible(member.name)}: holds no row below its header")

    @property
    def failed(self) -> list[int]:
        """The numbers of the files of which nothing is taken."""
        return [number for number, counts in enumerate(self.files) if counts.failed]

    def rows(self, year: int) -> pl.DataFrame:
        """Give a year's rows, in order of arrival, and count the blanks of wide files that are no rows."""
        rows = self.spill.read(year)
        if self.failed:
            rows = rows.filter(~pl.col("file").is_in(self.failed))
        blank = rows.filter(pl.col("blank"))
        listed = [
            self.listings[number].frame(part.get_column("ticker").unique().to_list(), number)
            for (number,), part in blank.partition_by("file", as_dict=True).items()
            if number in self.listings
        ]
        if not listed:
            return rows
        rows = rows.join(pl.concat(listed), on=["file", "ticker"], how="left", maintain_order="left")
        is_row = (~pl.col("blank") | (pl.col("date") >= pl.col("listed"))).fill_null(value=True)
        for number, count in rows.filter(~is_row).group_by("file").len().iter_rows():
            self.files[number].not_listed += count
            self.files[number].rows_read -= count
        return rows.filter(is_row)

    def _rows(self, table: Table, mapping: Mapping, number: int) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
        if mapping.layout == "long":
            for batch in table.batches:
                yield long_rows(batch, mapping)
            return
        if mapping.blanks == "auto":
            self.listings[number] = Listing()
        for batch in table.batches:
            rows, bad = wide_rows(batch, mapping)
            if mapping.blanks == "absent":
                self.files[number].not_listed += int(rows.get_column("blank").sum())
                rows = rows.filter(~pl.col("blank"))
            elif mapping.blanks == "auto":
                self.listings[number].add(rows)
            yield rows, bad


def _no_record(table: Table, member: Member) -> InputError:
    """Say why a table has no record: there is no line below its header, or none has its fields."""
    lines = pl.concat([pl.DataFrame(schema=ROW_SCHEMA), *(batch.refused for batch in table.batches)])
    if not lines.height:
        return InputError(f"{visible(member.name)}: holds no row below its header")
    first = lines.row(0, named=True)
    return InputError(
        f"{visible(member.name)}: none of {lines.height} lines can be read; "
        f"line {first['line']} {first['reason']}; say --delimiter or --skip-lines"
    )


def mapping_of(table: Table, member: Member, source: Source) -> Mapping:
    """Find how a member's table becomes rows.

    Raises:
        InputError: It has no row, or something about it cannot be told.

    """
    if not len(table.sample[0]):
        raise _no_record(table, member)
    columns = Columns(table.header, table.sample, visible(member.name), member.path)
    return find_mapping(columns, source, table.delimiter)


@contextmanager
def opened(arrival: Arrival, progress: Progress) -> Iterator[BinaryIO]:
    """Open a file that arrived, wherever it lies; `progress` is told how many of its bytes are read."""
    with arrival.store.local_copy(arrival.key) as path:
        if not path.is_file():
            raise InputError(f"{visible(arrival.address)}: is no file")
        with damage(arrival.address), _Counted(path, progress) as file:
            yield file


class _Counted(io.FileIO):
    """A file that tells how far it has been read."""

    def __init__(self, path: Path, progress: Progress) -> None:
        super().__init__(path)
        self._progress = progress

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(-1 if size is None else size)
        self._progress(self.tell())
        return data or b""
