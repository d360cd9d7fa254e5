"""Reads an incoming day from any table that `ingest` reads, and as it reads them."""

import datetime as dt
import io
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from quality.check.day import Day, Entry
from quality.errors import InputError
from quality.ingest.files.file_dates import date_in_name
from quality.ingest.files.unpack import members
from quality.ingest.files.validation import Validator, validating
from quality.ingest.format.columns import Columns
from quality.ingest.format.dates import CANDIDATES, DateFormat, DateReader, detect_format
from quality.ingest.format.mapping import Mapping as FileMapping
from quality.ingest.format.mapping import find_mapping
from quality.ingest.format.names import clean
from quality.ingest.format.numbers import infinite
from quality.ingest.format.source import Source
from quality.ingest.rows.beside import read_beside, read_beside_wide
from quality.ingest.rows.convert import as_texts, explain_date, read_dates, read_prices
from quality.ingest.rows.reading import is_wanted_member
from quality.ingest.rows.records import Batch
from quality.ingest.rows.table import Table
from quality.ingest.rows.tables import open_table
from quality.text import visible

_EXAMPLES = 3
_log = logging.getLogger(__name__)


def read_table_day(data: bytes, name: str, day: dt.date | None, source: Source) -> Day:
    """Read a day; see `day_file.read_day`."""
    with validating() as validator:
        sheet = _sheet(data, name, source, validator)
    if not sheet.height:
        raise InputError(f"{name}: holds no day: there is no row below its header")
    if day is not None:
        sheet, source = _with_day(sheet, source, day)
    mapping = _mapping(sheet, source, day)
    return _Reader(sheet, mapping).read(day)


@dataclass(frozen=True)
class _Sheet:
    """A whole table: its columns, and all its records in batches."""

    name: str
    columns: Columns
    delimiter: str
    batches: list[Batch]

    @property
    def height(self) -> int:
        return sum(len(batch.lines) for batch in self.batches)


def _sheet(data: bytes, name: str, source: Source, validator: Validator) -> _Sheet:
    found: list[_Sheet] = []
    for member in members(io.BytesIO(data), name, lambda path: is_wanted_member(path, source)):
        if member.problem:
            raise InputError(member.problem)
        table = open_table(member, source, validator)
        batches = _batches(table, name)
        columns = Columns(table.header, table.sample, visible(name), member.path, table.fields)
        found.append(_Sheet(name, columns, table.delimiter, batches))
    if len(found) != 1:
        raise InputError(f"{name}: holds {len(found)} files; check takes one day, in one file: say --member PATTERN")
    return found[0]


def _batches(table: Table, name: str) -> list[Batch]:
    try:
        batches = list(table.batches)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise InputError(f"{name}: holds what cannot be read: {visible(str(error).splitlines()[0])}") from error
    refused = [row for batch in batches for row in batch.refused.iter_rows(named=True)]
    if refused:
        raise _refusal(name, len(table.sample), refused)
    return batches


def _refusal(name: str, width: int, refused: Sequence[Mapping[str, Any]]) -> InputError:
    first = refused[0]
    if all("fields instead of" in row["reason"] for row in refused):
        return InputError(
            f"{name}: {len(refused)} rows have not the {width} fields of the header, first in line {first['line']}"
        )
    return InputError(f"{name}: {len(refused)} lines are no rows, first line {first['line']}: it {first['reason']}")


def _with_day(sheet: _Sheet, source: Source, day: dt.date) -> tuple[_Sheet, Source]:
    """Add what a stated day tells of a file: its date where it has none, or whether day or month stands first."""
    date = sheet.columns.date(source)
    if date is None:
        return _dated(sheet, day), source
    if source.date_format or sheet.columns.sample[date].dtype != pl.String:
        return sheet, source
    texts = sheet.columns.texts(date)
    try:
        detect_format(texts, "")
    except InputError:
        readers = {form: DateReader(DateFormat(form), source.timezone, source.clock) for form in CANDIDATES}
        fitting = [form for form, reader in readers.items() if day in reader.read(texts)]
        if len(fitting) == 1:
            return sheet, replace(source, date_format=fitting[0])
    return sheet, source


def _dated(sheet: _Sheet, day: dt.date) -> _Sheet:
    """Give a table without dates a column of the one that was stated."""
    columns, text = sheet.columns, day.isoformat()
    header = [*columns.header, "date"] if columns.header is not None else None
    fields = [*columns.fields, "date"] if columns.fields is not None else None
    sample = [*columns.sample, pl.Series([text]).new_from_index(0, len(columns.sample[0]))]
    batches = [
        Batch([*batch.columns, pl.Series([text]).new_from_index(0, len(batch.lines))], batch.lines, batch.refused)
        for batch in sheet.batches
    ]
    return replace(sheet, columns=Columns(header, sample, columns.where, columns.path, fields), batches=batches)


def _mapping(sheet: _Sheet, source: Source, day: dt.date | None) -> FileMapping:
    if day is None and sheet.columns.date(source) is None:
        raise InputError(f"{sheet.name}: has no column of dates (date, session, day, …); say --date YYYY-MM-DD")
    return find_mapping(sheet.columns, source, sheet.delimiter)


class _Reader:
    """Reads the dates and prices of a sheet; what is no price is kept, so that one error names all."""

    def __init__(self, sheet: _Sheet, mapping: FileMapping) -> None:
        self._sheet = sheet
        self._mapping = mapping
        self._refused: list[str] = []

    def read(self, day: dt.date | None) -> Day:
        """Give the day."""
        chosen, ignored = self._chosen(day)
        dates = sorted({date for dates, _ in chosen for date in dates.unique().to_list()})
        session = _one_day(self._sheet.name, dates, day)
        lines = sum(len(batch.lines) for _, batch in chosen)
        of_batches = [self._wide(batch) if self._mapping.layout == "wide" else self._long(batch) for _, batch in chosen]
        entries = [entry for entries in of_batches for entry in entries]
        self._check()
        times = lines if self._mapping.layout == "wide" else 1
        named = date_in_name(self._sheet.name)
        return Day(session, times, tuple(self._placed(entries)), named, ignored)

    def _placed(self, entries: Sequence[Entry]) -> Iterator[Entry]:
        """Count the rows of a long file through."""
        if self._mapping.layout == "wide":
            yield from entries
            return
        for position, entry in enumerate(entries):
            yield replace(entry, position=position)

    def _chosen(self, day: dt.date | None) -> tuple[list[tuple[pl.Series, Batch]], dict[dt.date, int]]:
        """Give each batch's rows of the day with their dates, and count those of other days."""
        chosen: list[tuple[pl.Series, Batch]] = []
        ignored: Counter[dt.date] = Counter()
        for batch in self._sheet.batches:
            dates = read_dates(batch.columns[self._mapping.date], self._mapping.dates)
            if dates.null_count():
                raise self._no_date(batch, dates.is_null())
            if day is not None and not (dates == day).all():
                ignored.update(dates.filter(dates != day).to_list())
                is_day = dates == day
                columns = [column.filter(is_day) for column in batch.columns]
                dates, batch = dates.filter(is_day), Batch(columns, batch.lines.filter(is_day), batch.refused)  # noqa: PLW2901
            if len(dates):
                chosen.append((dates, batch))
        return chosen, dict(sorted(ignored.items()))

    def _no_date(self, batch: Batch, mask: pl.Series) -> InputError:
        text = as_texts(batch.columns[self._mapping.date].filter(mask))[0]
        line = batch.lines.filter(mask)[0]
        return InputError(
            f"{self._sheet.name}: line {line}: {visible(text)!r} {explain_date(text, self._mapping.dates)}"
        )

    def _wide(self, batch: Batch) -> list[Entry]:
        prices = [
            (name, self._prices(batch.columns[at], batch.lines, name or f"number {at + 1}"))
            for at, name in self._mapping.tickers
        ]
        height = len(batch.lines)
        no_cell = pl.Series([False]).new_from_index(0, height * len(prices))
        extras = self._extras(*read_beside_wide(batch, self._mapping, no_cell), len(no_cell))
        return [
            Entry(position, name, column[row], extras[position * height + row])
            for row in range(height)
            for position, (name, column) in enumerate(prices)
        ]

    def _long(self, batch: Batch) -> list[Entry]:
        at = self._mapping.price or 0
        prices = self._prices(batch.columns[at], batch.lines, self._mapping.column(at))
        extras = self._extras(*read_beside(batch, self._mapping), len(batch.lines))
        if self._mapping.ticker is None:
            name = self._mapping.fixed_ticker or ""
            return [Entry(0, name, price, beside) for price, beside in zip(prices, extras, strict=True)]
        tickers = as_texts(batch.columns[self._mapping.ticker]).to_list()
        cases = {"upper": str.upper, "lower": str.lower}
        in_case = cases.get(self._mapping.ticker_case, str)
        rows = zip(tickers, prices, extras, strict=True)
        return [Entry(0, clean(in_case(ticker)), price, beside) for ticker, price, beside in rows]

    def _extras(self, columns: list[pl.Series], unread: pl.DataFrame, height: int) -> list[dict[str, float | None]]:
        """Give the optional columns of each price; what cannot be read is none, and said."""
        for row in unread.head(1).iter_rows(named=True):
            _log.warning(
                "%s: %d volumes or adjusted closes cannot be read, and are left out; first line %d, column %s: %r %s",
                *(self._sheet.name, unread.height, row["line"], row["column"], visible(row["text"]), row["reason"]),
            )
        if not columns:
            return [{} for _ in range(height)]
        return pl.DataFrame(columns).to_dicts()

    def _prices(self, column: pl.Series, lines: pl.Series, name: str) -> list[float | None]:
        """Give a column's prices; those beyond all numbers as infinities, which the rules find."""
        prices, wrong = read_prices(column, self._mapping.numbers)
        found: list[float | None] = prices.to_list()
        if wrong.any():
            texts = as_texts(column)
            for at in wrong.arg_true():
                beyond = infinite(texts[at])
                if beyond is None:
                    self._refused.append(f"line {lines[at]}, column {visible(name)}: {visible(texts[at])!r}")
                found[at] = beyond
        return found

    def _check(self) -> None:
        """Raise one error that names what was no price."""
        if self._refused:
            shown = "; ".join(self._refused[:_EXAMPLES])
            more = "; …" if len(self._refused) > _EXAMPLES else ""
            raise InputError(f"{self._sheet.name}: {len(self._refused)} prices are not numbers: {shown}{more}")


def _one_day(name: str, found: Sequence[dt.date], day: dt.date | None) -> dt.date:
    if not found:
        raise InputError(f"{name}: has no row of {day}")
    if len(found) > 1:
        raise InputError(
            f"{name}: holds {len(found)} dates, {found[0]} to {found[-1]}; check takes one day: say --date YYYY-MM-DD"
        )
    return found[0]
