"""One incoming day as it arrived: its columns in order, blank and doubled names kept as they are."""

import datetime as dt
import io
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from quality.errors import InputError
from quality.ingest.files.unpack import members
from quality.ingest.format.columns import Columns
from quality.ingest.format.dates import (
    CANDIDATES,
    DateFormat,
    DateReader,
    NotADateError,
    detect_format,
    looks_like_dates,
)
from quality.ingest.format.mapping import find_mapping
from quality.ingest.format.names import clean
from quality.ingest.format.numbers import NotAPriceError, NumberFormat, detect_marks, infinite
from quality.ingest.format.source import Source
from quality.ingest.rows.tables import open_table
from quality.text import visible

_DATE_NAMES = frozenset({"date", "session", "day", "datetime", "timestamp"})
_TICKER_NAMES = frozenset({"ticker", "symbol"})
_PRICE_NAMES = frozenset({"price", "close"})
_EXAMPLES = 3
_ISO = "%Y-%m-%d"
_DATE_IN_NAME = re.compile(r"(?<!\d)((?:19|20|21)\d\d)([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)")


@dataclass(frozen=True)
class Entry:
    """One price as it came.

    Attributes:
        position: 0-based position among the ticker columns, or among the rows of a long file.
        ticker: "" where the name is blank.
        price: None where it is empty.

    """

    position: int
    ticker: str
    price: float | None


@dataclass(frozen=True)
class Day:
    """One incoming day.

    Attributes:
        date: Its date.
        times: How many times the file gives that date.
        entries: Its prices in order.
        named: The date that the file's name tells.

    """

    date: dt.date
    times: int
    entries: tuple[Entry, ...]
    named: dt.date | None = None

    @property
    def blanks(self) -> list[int]:
        """The positions whose ticker is blank."""
        return sorted({entry.position for entry in self.entries if not entry.ticker})

    @property
    def layers(self) -> list[list[Entry]]:
        """The named entries, copy by copy: in each layer a ticker stands once."""
        seen: Counter[str] = Counter()
        layers: list[list[Entry]] = [[]]
        for entry in self.entries:
            if entry.ticker:
                seen[entry.ticker] += 1
                while len(layers) < seen[entry.ticker]:
                    layers.append([])
                layers[seen[entry.ticker] - 1].append(entry)
        return layers


def read_day(data: bytes, name: str, day: dt.date | None = None, source: Source | None = None) -> Day:
    """Read a day from a wide or long table in any form that `ingest` reads.

    Wide is one row with a column a ticker; long is a row a ticker, with columns named date, ticker (or
    symbol) and price (or close), or as the source says.

    Args:
        data: The file's bytes.
        name: What to call the file in messages.
        day: Which date to take where there are several; the date itself where the file has none.
        source: What is said of the file.

    Raises:
        InputError: The file is no such table, or holds no day, several days, or prices that are no numbers.

    """
    source = source or Source()
    sheet = _sheet(data, name, source)
    if not sheet.rows:
        raise InputError(f"{name}: holds no day: there is no row below its header")
    ticker, price = _named(sheet.names, _TICKER_NAMES), _named(sheet.names, _PRICE_NAMES)
    date = _date_column(sheet)
    is_told = source.layout or source.date_column or source.ticker_column or source.price_column
    if is_told or not any(sheet.names):
        mapping = find_mapping(sheet.columns, source, sheet.delimiter)
        date, ticker, price = mapping.date, mapping.ticker, mapping.price
    reader = _Reader(sheet, source, date, day)
    if ticker is not None and price is not None:
        return _long(reader, ticker, price)
    return _wide(reader)


@dataclass(frozen=True)
class _Sheet:
    """A whole table: the names of its columns, "" for blank ones, and its rows with their lines."""

    name: str
    names: list[str]
    rows: list[tuple[int, list[Any]]]
    columns: Columns
    delimiter: str


def _sheet(data: bytes, name: str, source: Source) -> _Sheet:
    found: list[_Sheet] = []
    for member in members(io.BytesIO(data), name):
        table = open_table(member, source)
        batches = list(table.batches)
        refused = [row for batch in batches for row in batch.refused.iter_rows(named=True)]
        if refused:
            raise _refusal(name, len(table.sample), refused)
        rows = [
            (int(line), list(fields))
            for batch in batches
            for line, *fields in zip(batch.lines, *(column.to_list() for column in batch.columns), strict=True)
        ]
        columns = Columns(table.header, table.sample, visible(name), member.path)
        found.append(_Sheet(name, columns.names, rows, columns, table.delimiter))
    if len(found) != 1:
        raise InputError(f"{name}: holds {len(found)} files; check takes one day, in one file")
    return found[0]


def _refusal(name: str, width: int, refused: Sequence[Mapping[str, Any]]) -> InputError:
    first = refused[0]
    if all("fields instead of" in row["reason"] for row in refused):
        return InputError(
            f"{name}: {len(refused)} rows have not the {width} fields of the header, first in line {first['line']}"
        )
    return InputError(f"{name}: {len(refused)} lines are no rows, first line {first['line']}: it {first['reason']}")


def _named(names: Sequence[str], wanted: frozenset[str]) -> int | None:
    return next((at for at, name in enumerate(names) if name.lower() in wanted), None)


def _date_column(sheet: _Sheet) -> int | None:
    """Find the dates: a column named so, or a nameless first one that holds dates (an exported index)."""
    named = _named(sheet.names, _DATE_NAMES)
    if named is not None:
        return named
    if not sheet.names or sheet.names[0]:
        return None
    first = sheet.rows[0][1][0]
    return 0 if isinstance(first, dt.date) or looks_like_dates([str(first)]) else None


class _Reader:
    """Reads the dates and prices of a sheet; what is no price is kept, so that one error names all."""

    def __init__(self, sheet: _Sheet, source: Source, date: int | None, day: dt.date | None) -> None:
        self.sheet = sheet
        self.date = date
        self._day = day
        self._dates = None if date is None else _date_reader(sheet, source, date, day)
        self._numbers: NumberFormat | None = None
        self._source = source
        self._refused: list[str] = []

    def rows(self) -> tuple[dt.date, list[tuple[int, list[Any]]]]:
        """Give the day, and its rows with their lines."""
        chosen: list[tuple[int, list[Any]]] = []
        dates: set[dt.date] = set()
        for line, fields in self.sheet.rows:
            found = self._date_of(line, fields)
            if self._day is None or found == self._day:
                dates.add(found)
                chosen.append((line, fields))
        return _one_day(self.sheet.name, sorted(dates), self._day), chosen

    def _date_of(self, line: int, fields: list[Any]) -> dt.date:
        name = self.sheet.name
        if self.date is None or self._dates is None:
            if self._day is None:
                raise InputError(f"{name}: has no date column (date, session, day, …); say --date YYYY-MM-DD")
            return self._day
        value = fields[self.date]
        try:
            if isinstance(value, dt.datetime):
                # Without an exchange's time zone the date as written is the best that can be had of a day.
                return self._dates.local_date(value if self._dates.timezone else value.replace(tzinfo=None))
            return value if isinstance(value, dt.date) else self._dates.session(str(value))
        except NotADateError as error:
            shown = visible(str(value))
            expected = "YYYY-MM-DD" if self._dates.format.text == _ISO else self._dates.format.text
            what = f"{shown!r} is not a date {expected}" if "written as" in str(error) else f"{shown!r} {error}"
            raise InputError(f"{name}: line {line}: {what}") from None

    def understand(self, values: Iterable[object]) -> None:
        """Find how the prices are written."""
        source = self._source
        decimal, thousands = source.decimal, source.thousands
        if decimal is None:
            texts = [value for value in values if isinstance(value, str)]
            decimal, found = ".", ""
            if self.sheet.delimiter != ",":
                decimal, found = detect_marks(texts, self.sheet.delimiter, visible(self.sheet.name))
            thousands = found if thousands is None else thousands
        self._numbers = NumberFormat(decimal, thousands or "", source.scale or 1.0)

    def price(self, value: object, line: int, column: str) -> float | None:
        """Give a price, None where it is empty."""
        numbers = self._numbers or NumberFormat()
        if isinstance(value, str) or value is None:
            try:
                return numbers.price(value or "")
            except NotAPriceError:
                found = infinite(value or "")  # a finding of the rules, not a defect of the file
                if found is None:
                    self._refuse(value, line, column)
                return found
        try:
            number = float(value) / numbers.scale  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            self._refuse(value, line, column)
            return None
        return None if math.isnan(number) else number

    def _refuse(self, value: object, line: int, column: str) -> None:
        self._refused.append(f"line {line}, column {visible(column)}: {visible(str(value))!r}")

    def check(self) -> None:
        """Raise one error that names what was no price."""
        if self._refused:
            shown = "; ".join(self._refused[:_EXAMPLES])
            more = "; …" if len(self._refused) > _EXAMPLES else ""
            raise InputError(f"{self.sheet.name}: {len(self._refused)} prices are not numbers: {shown}{more}")


def _date_reader(sheet: _Sheet, source: Source, date: int, day: dt.date | None) -> DateReader:
    """Find the format of the dates; where day and month could change places, the day that is said tells."""
    if source.date_format:
        return DateReader(DateFormat(source.date_format), source.timezone, source.clock)
    texts = [str(fields[date]) for _, fields in sheet.rows if isinstance(fields[date], str)]
    if not looks_like_dates(texts):
        return DateReader(DateFormat(_ISO), source.timezone, source.clock)
    if day is not None:
        for form in map(DateFormat, CANDIDATES):
            reader = DateReader(form, source.timezone, source.clock)
            if day in reader.read(texts):
                return reader
    where = f"{visible(sheet.name)}, column {visible(sheet.names[date] or f'#{date + 1}')}"
    return DateReader(detect_format(texts, where), source.timezone, source.clock)


def _one_day(name: str, found: Sequence[dt.date], day: dt.date | None) -> dt.date:
    if not found:
        raise InputError(f"{name}: has no row of {day}")
    if len(found) > 1:
        raise InputError(
            f"{name}: holds {len(found)} dates, {found[0]} to {found[-1]}; check takes one day: say --date YYYY-MM-DD"
        )
    return found[0]


def _wide(reader: _Reader) -> Day:
    session, chosen = reader.rows()
    names = reader.sheet.names
    columns = [at for at in range(len(names)) if at != reader.date]
    reader.understand(fields[at] for _, fields in chosen for at in columns)
    entries = tuple(
        Entry(position, names[at], reader.price(fields[at], line, names[at] or f"number {at + 1}"))
        for line, fields in chosen
        for position, at in enumerate(columns)
    )
    reader.check()
    return Day(session, len(chosen), entries, date_in_name(reader.sheet.name))


def _long(reader: _Reader, ticker: int, price: int) -> Day:
    session, chosen = reader.rows()
    reader.understand(fields[price] for _, fields in chosen)
    entries = tuple(
        Entry(position, clean(fields[ticker]), reader.price(fields[price], line, "price"))
        for position, (line, fields) in enumerate(chosen)
    )
    reader.check()
    return Day(session, 1, entries, date_in_name(reader.sheet.name))


def date_in_name(name: str) -> dt.date | None:
    """Give the date that a file's name tells, such as `prices_2022-09-26.csv`; None where there is not one."""
    found = set()
    for year, _, month, day in _DATE_IN_NAME.findall(PurePath(name).name):
        try:
            found.add(dt.date(int(year), int(month), int(day)))
        except ValueError:
            continue
    return found.pop() if len(found) == 1 else None
