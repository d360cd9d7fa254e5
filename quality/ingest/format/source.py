"""A source: everything that can be stated about a vendor's files instead of being detected."""

import codecs
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from quality.panel.extras import ADJUSTED_CLOSE, VOLUME
from quality.values import Reader, check_key, choice, flag, listed, pattern, positive, read, text, whole

LAYOUTS = ("long", "wide")
BLANKS = ("auto", "null", "absent")
CASES = ("as-is", "upper", "lower")
_MARKS = {"point": ".", "comma": ",", "space": " ", "apostrophe": "'", "none": ""}
_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "\\t": "\t"}


@dataclass(frozen=True)
class Source:
    """What is known of a source; None stands for "detect it".

    Attributes:
        layout: "long" (a row a price) or "wide" (a column a ticker).
        date_column: A column's name, or #N for the N-th.
        ticker_column: Likewise.
        price_column: Likewise.
        volume_column: Likewise, of what was traded; None for a panel without it.
        adjusted_close_column: Likewise, of prices adjusted for splits and dividends.
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
        member: Patterns of the members of an archive that are read; none for all.
        skip: Patterns of files and members that are no tables, and left aside.
        allow_empty: Patterns of files and members that may hold no row.

    """

    layout: str | None = None
    date_column: str | None = None
    ticker_column: str | None = None
    price_column: str | None = None
    volume_column: str | None = None
    adjusted_close_column: str | None = None
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
    member: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    allow_empty: tuple[str, ...] = ()

    @property
    def extras(self) -> dict[str, str]:
        """The optional columns of a panel that are wanted, and what the files call them."""
        stated = {VOLUME: self.volume_column, ADJUSTED_CLOSE: self.adjusted_close_column}
        return {name: column for name, column in stated.items() if column is not None}

    def replaced(self, given: Mapping[str, Any], where: str) -> "Source":
        """Give this source with some things stated otherwise, each checked by name.

        Raises:
            UsageError: A key that does not exist or a value that cannot be; `where` stands before it.

        """
        known = [field.name for field in fields(self)]
        changed = {name: getattr(self, name) for name in known}
        for key, value in given.items():
            name = key.replace("-", "_") if where == "--" else key  # flags are written with hyphens
            check_key(name, known, f"{where}{key}: no such setting of a source")
            changed[name] = read(_READERS[name], value, f"{where}{key}")
        return Source(**changed)


def _zone(value: object) -> str:
    import zoneinfo  # noqa: PLC0415 - few sources state one

    name = text(value)
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is not a time zone such as America/New_York") from None
    return name


def _encoding(value: object) -> str:
    try:
        return codecs.lookup(text(value)).name
    except LookupError:
        raise ValueError("is not an encoding such as utf-8, utf-16 or latin-1") from None


def _mark(allowed: str) -> Reader[str]:
    def read_mark(value: object) -> str:
        mark = _MARKS.get(value, value) if isinstance(value, str) else value
        if not isinstance(mark, str) or mark not in ("", *allowed) or (not mark and "'" not in allowed):
            raise ValueError(f"is not one of {', '.join(_MARKS)}")
        return mark

    return read_mark


def _delimiter(value: object) -> str:
    mark = _DELIMITERS.get(value, value) if isinstance(value, str) else value
    if not isinstance(mark, str) or len(mark) != 1 or not mark.isascii() or mark in '"\r\n\0':
        raise ValueError(f"is not one character, or {', '.join(_DELIMITERS)}")
    return mark


def _date_format(value: object) -> str:
    # The formats bring the machinery of dates: only who states one pays for it.
    from quality.ingest.format.dates import DateFormat  # noqa: PLC0415

    try:
        return DateFormat(text(value)).text
    except ValueError as error:
        raise ValueError(str(error).removeprefix(f"{value!r} ")) from None


_READERS: dict[str, Callable[[object], Any]] = {
    "layout": choice(*LAYOUTS),
    "date_column": text,
    "ticker_column": text,
    "price_column": text,
    "volume_column": text,
    "adjusted_close_column": text,
    "ticker_from": pattern("ticker"),
    "ticker_case": choice(*CASES),
    "date_format": _date_format,
    "timezone": _zone,
    "clock": _zone,
    "decimal": _mark(".,"),
    "thousands": _mark(",. '"),
    "scale": positive,
    "encoding": _encoding,
    "delimiter": _delimiter,
    "header": flag,
    "skip_lines": whole(least=0, most=1_000_000),
    "blanks": choice(*BLANKS),
    "ignore": listed(text, "columns"),
    "member": listed(text, "patterns"),
    "skip": listed(text, "patterns"),
    "allow_empty": listed(text, "patterns"),
}
