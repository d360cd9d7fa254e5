"""One incoming day as it arrived: its columns in order, blank and doubled names kept as they are."""

import csv
import datetime as dt
import io
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from quality.errors import InputError
from quality.text import visible

_DATE_NAMES = frozenset({"date", "session", "day", "datetime", "timestamp"})
_TICKER_NAMES = frozenset({"ticker", "symbol"})
_PRICE_NAMES = frozenset({"price", "close"})
_NO_PRICE = frozenset({"", "nan", "null", "none", "na", "n/a", "nat"})
# What tools make of a column without a name.
_UNNAMED = re.compile(r"Unnamed: \d+(_level_\d+)?|_duplicated_\d+|column_\d+|")
_EXAMPLES = 3


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
    """One incoming day: its date, how many times the file gives that date, and its prices in order."""

    date: dt.date
    times: int
    entries: tuple[Entry, ...]

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


def read_day(data: bytes, name: str, day: dt.date | None = None) -> Day:
    """Read a day from a wide or long CSV or Parquet file.

    Wide is one row with a column a ticker; long is a row a ticker, with columns named date, ticker (or
    symbol) and price (or close).

    Args:
        data: The file's bytes.
        name: What to call the file in messages.
        day: Which date to take where there are several; the date itself where the file has none.

    Raises:
        InputError: The file is no such table, or holds no day, several days, or prices that are no numbers.

    """
    header, rows = _parquet(data, name) if data.startswith(b"PAR1") else _csv(data, name)
    if not rows:
        raise InputError(f"{name}: holds no day: there is no row below its header")
    names = [_clean(column) for column in header]
    ticker, price = _named(names, _TICKER_NAMES), _named(names, _PRICE_NAMES)
    date = _date_column(names, rows)
    if ticker is not None and price is not None:
        return _long(name, rows, (date, ticker, price), day)
    return _wide(name, names, rows, date, day)


def _csv(data: bytes, name: str) -> tuple[list[Any], list[tuple[int, list[Any]]]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: is not UTF-8 at byte {error.start}; save it as UTF-8") from error
    if "\0" in text:
        raise InputError(f"{name}: holds NUL bytes in line {text[: text.index(chr(0))].count(chr(10)) + 1}; not a CSV")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        lines = [(reader.line_num, fields) for fields in reader if fields]
    except csv.Error as error:
        raise InputError(f"{name}: line {reader.line_num}: {error}") from error
    if not lines:
        raise InputError(f"{name}: is empty")
    header = lines[0][1]
    ragged = [number for number, fields in lines[1:] if len(fields) != len(header)]
    if ragged:
        raise InputError(
            f"{name}: {len(ragged)} rows have not the {len(header)} fields of the header, first in line {ragged[0]}"
        )
    return header, [(number, list(fields)) for number, fields in lines[1:]]


def _parquet(data: bytes, name: str) -> tuple[list[Any], list[tuple[int, list[Any]]]]:
    # PyArrow alone keeps doubled and blank column names; only Parquet days pay for its import.
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        table = pq.ParquetFile(io.BytesIO(data)).read()
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{name}: cannot be read as Parquet: {error}") from error
    columns = [column.to_pylist() for column in table.columns]
    return list(table.column_names), [(number, list(row)) for number, row in enumerate(zip(*columns, strict=True), 1)]


def _clean(name: object) -> str:
    text = "" if name is None else str(name).strip()
    return "" if _UNNAMED.fullmatch(text) else text


def _named(names: Sequence[str], wanted: frozenset[str]) -> int | None:
    return next((at for at, name in enumerate(names) if name.lower() in wanted), None)


def _date_column(names: Sequence[str], rows: Sequence[tuple[int, list[Any]]]) -> int | None:
    """Find the dates: a column named so, or a nameless first one that holds dates (an exported index)."""
    named = _named(names, _DATE_NAMES)
    if named is not None:
        return named
    return 0 if names and not names[0] and _as_date(rows[0][1][0]) else None


def _as_date(value: object) -> dt.date | None:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    text = str(value).strip()
    try:
        return dt.datetime.fromisoformat(text).date()
    except ValueError:
        return None


def _days(
    name: str, rows: Sequence[tuple[int, list[Any]]], column: int | None, day: dt.date | None
) -> Iterator[tuple[dt.date, int, list[Any]]]:
    for number, fields in rows:
        if column is None:
            if day is None:
                raise InputError(f"{name}: has no date column (date, session, day, …); say --date YYYY-MM-DD")
            yield day, number, fields
            continue
        found = _as_date(fields[column])
        if found is None:
            raise InputError(f"{name}: line {number}: {visible(str(fields[column]))!r} is not a date YYYY-MM-DD")
        if day is None or found == day:
            yield found, number, fields


def _one_day(name: str, dates: Sequence[dt.date], day: dt.date | None) -> dt.date:
    found = sorted(set(dates))
    if not found:
        raise InputError(f"{name}: has no row of {day}")
    if len(found) > 1:
        raise InputError(
            f"{name}: holds {len(found)} dates, {found[0]} to {found[-1]}; check takes one day: say --date YYYY-MM-DD"
        )
    return found[0]


def _wide(
    name: str,
    names: Sequence[str],
    rows: Sequence[tuple[int, list[Any]]],
    date: int | None,
    day: dt.date | None,
) -> Day:
    chosen = list(_days(name, rows, date, day))
    session = _one_day(name, [found for found, _, _ in chosen], day)
    columns = [at for at in range(len(names)) if at != date]
    prices = _Prices(name)
    entries = tuple(
        Entry(position, names[at], prices.read(fields[at], number, names[at] or f"number {at + 1}"))
        for _, number, fields in chosen
        for position, at in enumerate(columns)
    )
    prices.check()
    return Day(session, len(chosen), entries)


def _long(
    name: str,
    rows: Sequence[tuple[int, list[Any]]],
    columns: tuple[int | None, int, int],
    day: dt.date | None,
) -> Day:
    date, ticker, price = columns
    chosen = list(_days(name, rows, date, day))
    session = _one_day(name, [found for found, _, _ in chosen], day)
    prices = _Prices(name)
    entries = tuple(
        Entry(position, _clean(fields[ticker]), prices.read(fields[price], number, "price"))
        for position, (_, number, fields) in enumerate(chosen)
    )
    prices.check()
    return Day(session, 1, entries)


def _as_price(value: object) -> float:
    """Read a number; Python's own `1_000` and other scripts' digits are none here."""
    if isinstance(value, str) and ("_" in value or not value.isascii()):
        raise ValueError(value)
    return float(value)  # type: ignore[arg-type]


class _Prices:
    """Reads prices, and keeps what is none until all are read, so that one error names them together."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._refused: list[str] = []

    def read(self, value: object, line: int, column: str) -> float | None:
        if value is None or (isinstance(value, str) and value.strip().lower() in _NO_PRICE):
            return None
        try:
            price = _as_price(value)
        except (TypeError, ValueError):
            self._refused.append(f"line {line}, column {visible(column)}: {visible(str(value))!r}")
            return None
        return None if math.isnan(price) else price

    def check(self) -> None:
        if self._refused:
            shown = "; ".join(self._refused[:_EXAMPLES])
            more = "; …" if len(self._refused) > _EXAMPLES else ""
            raise InputError(f"{self._name}: {len(self._refused)} prices are not numbers: {shown}{more}")
