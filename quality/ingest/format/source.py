"""A source: everything that can be said about a vendor's files instead of being detected."""

import codecs
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from quality.errors import UsageError

LAYOUTS = ("long", "wide")
BLANKS = ("auto", "null", "absent")
CASES = ("as-is", "upper", "lower")
_MARKS = {"point": ".", "comma": ",", "space": " ", "apostrophe": "'", "none": ""}
_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "\\t": "\t"}


@dataclass(frozen=True)
class Source:
    """What is said of a source; None stands for "detect it".

    Attributes:
        layout: "long" (a row a price) or "wide" (a column a ticker).
        date_column: A column's name, or #N for the N-th.
        ticker_column: Likewise.
        price_column: Likewise.
        ticker_from: Where the ticker stands in a file's name: `{ticker}.csv`, `*/{ticker}_daily.csv`.
        ticker_case: "as-is", "upper" or "lower".
        date_format: As `%d/%m/%Y`, or "epoch".
        timezone: The exchange's, by which a moment in time belongs to a session.
        clock: The time zone of timestamps that do not state one; None for the exchange's own.
        decimal: "." or ",".
        thousands: "", ",", ".", " " or "'".
        scale: What prices were multiplied by: 10000 for integers of a hundredth of a cent.
        encoding: A codec's name.
        delimiter: One character.
        header: Whether the first line names the columns.
        skip_lines: Lines before the header.
        blanks: What a blank in a wide sheet is: "null", "absent", or "auto" (see `quality.ingest.rows.wide`).
        ignore: Columns to leave aside, by name or #N.

    """

    layout: str | None = None
    date_column: str | None = None
    ticker_column: str | None = None
    price_column: str | None = None
    ticker_from: str | None = None
    ticker_case: str = "as-is"
    date_format: str | None = None
    timezone: str | None = None
    clock: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    scale: float | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None
    skip_lines: int | None = None
    blanks: str = "auto"
    ignore: tuple[str, ...] = ()

    def replaced(self, said: Mapping[str, Any], where: str) -> "Source":
        """Give this source with some things said otherwise, each checked by name.

        Raises:
            UsageError: A key that does not exist or a value that cannot be; `where` stands before it.

        """
        known = [field.name for field in fields(self)]
        values = {name: getattr(self, name) for name in known}
        for key, value in said.items():
            name = key.replace("-", "_") if where == "--" else key  # flags are written with hyphens
            if name not in _READERS:
                raise UsageError(f"{where}{key}: no such setting of a source; there is {', '.join(known)}")
            try:
                values[name] = _READERS[name](value)
            except (ValueError, TypeError) as error:
                raise UsageError(f"{where}{key}: {error}") from error
        return Source(**values)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{value!r} is not text")
    return value


def _one_of(names: tuple[str, ...]) -> Callable[[object], str]:
    def read(value: object) -> str:
        if value not in names:
            raise ValueError(f"{value!r} is not {' or '.join(names)}")
        return str(value)

    return read


def _zone(value: object) -> str:
    name = _text(value)
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is not a time zone such as America/New_York") from None
    return name


def _encoding(value: object) -> str:
    try:
        return codecs.lookup(_text(value)).name
    except LookupError:
        raise ValueError(f"{value!r} is not an encoding such as utf-8, utf-16 or latin-1") from None


def _mark(allowed: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        mark = _MARKS.get(value, value) if isinstance(value, str) else value
        if not isinstance(mark, str) or mark not in ("", *allowed) or (not mark and "'" not in allowed):
            raise ValueError(f"{value!r} is not one of {', '.join(_MARKS)}")
        return mark

    return read


def _delimiter(value: object) -> str:
    mark = _DELIMITERS.get(value, value) if isinstance(value, str) else value
    if not isinstance(mark, str) or len(mark) != 1 or not mark.isascii() or mark in '"\r\n\0':
        raise ValueError(f"{value!r} is not one character, or {', '.join(_DELIMITERS)}")
    return mark


def _scale(value: object) -> float:
    number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else 0.0
    if not 0 < number < float("inf"):
        raise ValueError(f"{value!r} is not a number above 0")
    return number


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is not true or false")
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{value!r} is not a whole number of at least 0")
    return value


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise TypeError(f"{value!r} is not a list of columns")
    return tuple(_text(name) for name in value)


def _pattern(value: object) -> str:
    text = _text(value)
    if text.count("{ticker}") != 1:
        raise ValueError(f"{text!r} does not hold {{ticker}} once, as '{{ticker}}.csv' does")
    return text


def _date_format(value: object) -> str:
    # The formats bring the machinery of dates: only who says one pays for it.
    from quality.ingest.format.dates import DateFormat  # noqa: PLC0415

    return DateFormat(_text(value)).text


_READERS: dict[str, Callable[[Any], Any]] = {
    "layout": _one_of(LAYOUTS),
    "date_column": _text,
    "ticker_column": _text,
    "price_column": _text,
    "ticker_from": _pattern,
    "ticker_case": _one_of(CASES),
    "date_format": _date_format,
    "timezone": _zone,
    "clock": _zone,
    "decimal": _mark(".,"),
    "thousands": _mark(",. '"),
    "scale": _scale,
    "encoding": _encoding,
    "delimiter": _delimiter,
    "header": _flag,
    "skip_lines": _count,
    "blanks": _one_of(BLANKS),
    "ignore": _names,
}
