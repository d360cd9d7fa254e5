"""Reads files one after the other into a spill: what they hold, what is refused, how they were understood."""

import io
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import polars as pl

from quality.errors import EmptyInputError, InputError, UsageError
from quality.findings.quarantine import ROW_SCHEMA
from quality.ingest.files.arrivals import Arrival
from quality.ingest.files.choice import matches
from quality.ingest.files.unpack import Member, damage, members
from quality.ingest.files.validation import Validator
from quality.ingest.format.columns import Columns
from quality.ingest.format.mapping import Mapping, find_mapping
from quality.ingest.format.source import Source
from quality.ingest.rows.alike import Queue, Waiting, begun, read_alike
from quality.ingest.rows.counts import FileCounts
from quality.ingest.rows.long import long_rows
from quality.ingest.rows.records import Batch
from quality.ingest.rows.repeats import Repeats
from quality.ingest.rows.spill import SCHEMA, Kept, Spill, TickerRange
from quality.ingest.rows.table import Table
from quality.ingest.rows.tables import open_table
from quality.ingest.rows.wide import Listing, wide_rows
from quality.text import visible

Progress = Callable[[int], None]
_REFUSED = pl.Schema([("file", pl.Int32), *ROW_SCHEMA.items()])
_FIRST_ROWS, _MOST_SHOWN = 5, 200
_PANICS = (pl.exceptions.PolarsError, pl.exceptions.PanicException)


class Reading:
    """What was read so far.

    Attributes:
        files: The books, by file number.
        spill: The rows.
        refused: The rows that were refused, with the number of their file.
        unread: The cells of optional columns that could not be read, likewise; their rows have none.
        listings: By number of a wide file, when its tickers are listed.
        left_aside: How many members of archives were not to be read.

    """

    def __init__(self, folder: Path, source: Source, validator: Validator, keep: str = "last") -> None:
        for name in ("rows", "refused", "unread"):
            (folder / name).mkdir()
        self.files: list[FileCounts] = []
        self.spill = Spill(folder / "rows")
        self.refused = Kept(folder / "refused", _REFUSED)
        self.unread = Kept(folder / "unread", _REFUSED)
        self._columns = [*SCHEMA.names(), *source.extras]
        self.listings: dict[int, Listing] = {}
        self.left_aside = 0
        self._source = source
        self._validator = validator
        self._keep = keep
        self._queue = Queue(source)

    def add(self, arrival: Arrival, progress: Progress) -> None:
        """Read a file and all that is packed in it; one that cannot be read is marked so."""
        known, aside = len(self.files), self.left_aside
        if matches(arrival.address, self._source.skip):
            self.left_aside += 1
            return
        try:
            if arrival.problem:
                raise InputError(arrival.problem)  # noqa: TRY301 - one place marks what failed
            with opened(arrival, progress) as stream:
                for member in members(stream, arrival.address, self._is_wanted):
                    self._read(member)
        except (InputError, UsageError) as error:
            self._failed(arrival.address, str(error))
        if len(self.files) == known:
            self._without_table(arrival.address, self.left_aside - aside)

    def _is_wanted(self, name: str) -> bool:
        is_wanted = is_wanted_member(name, self._source)
        self.left_aside += not is_wanted
        return is_wanted

    def _without_table(self, name: str, aside: int) -> None:
        self.files.append(FileCounts(name))
        if matches(name, self._source.allow_empty):
            self.files[-1].is_empty = True
            return
        what = f"and none of its {aside} members is to be read" if aside else "without a table in it"
        self.files[-1].fail(f"{visible(name)}: is an archive {what}")

    def _failed(self, name: str, reason: str) -> None:
        self.files.append(FileCounts(name))
        self.files[-1].fail(reason)

    def _read(self, member: Member) -> None:
        number = len(self.files)
        self.files.append(FileCounts(visible(member.name)))
        if member.problem:
            self.files[number].fail(member.problem)
            return
        try:
            data, member = begun(member)
        except InputError as error:
            self.files[number].fail(str(error))
            return
        recipe = self._queue.recipe_for(data) if data else None
        if recipe is None or recipe is not self._queue.recipe:
            self.flush()
        if recipe is None:
            self._read_alone(member, number, data)
        elif self._queue.add(Waiting(member, number, data), recipe):
            self.flush()

    def flush(self) -> None:
        """Read the small files that wait for others like them."""
        files, recipe = self._queue.take()
        rows = read_alike(files, recipe, self._source) if recipe else None
        if rows is None or recipe is None:
            for file in files:
                self._read_alone(file.member, file.number, file.data)
            return
        self.spill.add(rows.with_columns(times=pl.lit(1, dtype=pl.UInt32)).select(self._columns))
        lengths = rows.get_column("file").rle().struct.field("len").to_list()  # a run a file, in their order
        begin = 0
        for file, length in zip(files, lengths, strict=True):
            counts = self.files[file.number]
            counts.rows_read += length
            counts.mapping = recipe.described
            if recipe.mapping.ticker is None:
                counts.mapping = recipe.described | {"ticker": file.ticker(self._source)}
            if file.number < _MOST_SHOWN:
                counts.first_rows += rows[begin : begin + _FIRST_ROWS, ("date", "ticker", "price")].rows()
            begin += length

    def _read_alone(self, member: Member, number: int, data: bytes) -> None:
        counts = self.files[number]
        try:
            self._take(member, number, counts, data)
            if not counts.rows_read and not counts.not_listed:
                raise EmptyInputError(f"{visible(member.name)}: holds no row below its header")  # noqa: TRY301
        except EmptyInputError as error:
            counts.is_empty = matches(member.path, self._source.allow_empty)
            if not counts.is_empty:
                counts.fail(str(error))
        except InputError as error:
            counts.fail(str(error))
        except _PANICS as error:
            counts.fail(f"{visible(member.name)}: holds what cannot be read: {visible(str(error).splitlines()[0])}")

    def _take(self, member: Member, number: int, counts: FileCounts, data: bytes) -> None:
        table = open_table(member, self._source, self._validator)
        mapping = mapping_of(table, member, self._source)
        described = {"format": table.kind, **mapping.as_dict()}
        counts.mapping = described | ({"delimiter": table.delimiter} if table.kind == "csv" else {})
        counts.lines_before_header = table.skipped
        repeats, reasons = Repeats(self._keep), Counter[str]()
        for rows, bad, unread, moments in self._rows(table, mapping, number):
            counts.rows_read += rows.height + bad.height
            counts.unreadable += bad.height
            if len(counts.first_rows) < _FIRST_ROWS and number < _MOST_SHOWN:
                first = rows if mapping.layout == "long" else rows.filter(pl.col("line") == pl.col("line").first())
                counts.first_rows += first.select("date", "ticker", "price").head(_FIRST_ROWS).rows()
            numbered = rows.with_columns(file=pl.lit(number, dtype=pl.Int32), times=pl.lit(1, dtype=pl.UInt32)).select(
                self._columns
            )
            if unread.height:
                counts.unread += unread.height
                self.unread.add(unread.with_columns(file=pl.lit(number)))
            self.spill.add(repeats.add(numbered, moments) if mapping.layout == "long" else numbered)
            if bad.height:
                self.refused.add(bad.with_columns(file=pl.lit(number)))
                reasons.update(bad.get_column("reason").head(1_000).to_list())
        if reason := repeats.verdict() or _mostly_refused(counts, reasons):
            raise InputError(f"{visible(member.name)}: {reason}")
        self._queue.learn(member, table, mapping, counts.mapping, data)

    @property
    def failed(self) -> list[int]:
        """The numbers of the files of which nothing is taken."""
        return [number for number, counts in enumerate(self.files) if counts.failed]

    def rows(self, year: int, tickers: TickerRange | None = None) -> pl.DataFrame:
        """Give a year's rows, in order of arrival, and count the blanks of wide files that are no rows.

        Each row may be asked for once, or its blanks are counted twice.
        """
        rows = self.spill.read(year, tickers)
        if self.failed:
            rows = rows.filter(~pl.col("file").is_in(self.failed))
        if not self.listings:
            return rows
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
        for number, count in rows.filter(~is_row).group_by("file").agg(pl.col("times").sum()).iter_rows():
            self.files[number].not_listed += count
            self.files[number].rows_read -= count
        return rows.filter(is_row)

    def _rows(
        self, table: Table, mapping: Mapping, number: int
    ) -> Iterator[tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.Series | None]]:
        if mapping.layout == "long":
            for batch in table.batches:
                rows, bad, unread = long_rows(batch, mapping)
                yield rows, bad, unread, _moments(batch, mapping, rows)
            return
        if mapping.blanks == "auto":
            self.listings[number] = Listing()
        for batch in table.batches:
            rows, bad, unread = wide_rows(batch, mapping)
            if mapping.blanks == "absent":
                self.files[number].not_listed += int(rows.get_column("blank").sum())
                rows = rows.filter(~pl.col("blank"))
            elif mapping.blanks == "auto":
                self.listings[number].add(rows)
            yield rows, bad, unread, None


def _moments(batch: Batch, mapping: Mapping, rows: pl.DataFrame) -> pl.Series | None:
    """Give the dates of rows as their file writes them, if there may be times of day among them."""
    written = batch.columns[mapping.date]
    if written.dtype == pl.Date:
        return None
    if rows.height == len(written):
        return written
    return written.filter(batch.lines.is_in(rows.get_column("line").implode()))


def _mostly_refused(counts: FileCounts, reasons: Counter[str]) -> str:
    """Say why a file is refused whole for its many refused rows; "" where they are no more than half of them."""
    if 2 * counts.unreadable <= counts.rows_read:
        return ""
    often = reasons.most_common(1)[0][0]
    return (
        f"{counts.unreadable:,} of its {counts.rows_read:,} rows are refused (most often: it {often}), so it is "
        "taken for something else than it is; nothing of it is read; say how it is written, or mend it"
    )


def _no_record(table: Table, member: Member) -> InputError:
    """Say why a table has no record: there is no line below its header, or none has its fields."""
    first = next((batch.refused.row(0, named=True) for batch in table.batches if batch.refused.height), None)
    if first is None:
        return EmptyInputError(f"{visible(member.name)}: holds no row below its header")
    return InputError(
        f"{visible(member.name)}: none of its first lines can be read; "
        f"line {first['line']} {first['reason']}; say --delimiter or --skip-lines"
    )


def mapping_of(table: Table, member: Member, source: Source) -> Mapping:
    """Find how a member's table becomes rows.

    Raises:
        InputError: It has no row, or something about it cannot be told.

    """
    if not len(table.sample[0]):
        raise _no_record(table, member)
    columns = Columns(table.header, table.sample, visible(member.name), member.path, table.fields)
    return find_mapping(columns, source, table.delimiter)


def is_wanted_member(name: str, source: Source) -> bool:
    """Tell whether a member of an archive is to be read."""
    return (not source.member or matches(name, source.member)) and not matches(name, source.skip)


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
