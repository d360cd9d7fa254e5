"""Which column is what: layout, date, ticker, price, and how dates and numbers are written."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from quality.errors import InputError
from quality.ingest.files.tickers import ticker_of
from quality.ingest.format.columns import Columns
from quality.ingest.format.dates import DateFormat, DateReader, detect_format
from quality.ingest.format.numbers import NumberFormat, check_scale, detect_marks
from quality.ingest.format.roles import OHLC, OHLCV, find_roles
from quality.ingest.format.source import Source
from quality.panel.extras import VOLUME
from quality.text import visible

_SAMPLE_PRICES = 20_000
_LEAN_SCALE = 10_000.0
_SHOWN = 3


@dataclass(frozen=True)
class Mapping:
    """How a table becomes rows of a panel.

    Attributes:
        layout: "long" or "wide".
        date: The position of the dates.
        ticker: The position of the tickers; None where all rows are of `fixed_ticker`, or in a wide table.
        price: The position of the prices; None in a wide table.
        tickers: Positions and names of a wide table's ticker columns, in order; "" for a blank name.
        fixed_ticker: The ticker of all rows, from the file's name.
        dates: Reads the dates.
        numbers: Reads the prices.
        header: The columns' names, "" where they have none.
        blanks: What a blank of a wide table is.
        ticker_case: What becomes of the tickers' letters.
        extras: The optional columns of a panel that a long table has, and their positions.
        beside: Those that a wide one has, and the positions of the tickers' own, in the tickers' order.

    """

    layout: str
    date: int
    ticker: int | None
    price: int | None
    tickers: tuple[tuple[int, str], ...]
    fixed_ticker: str | None
    dates: DateReader
    numbers: NumberFormat
    header: tuple[str, ...] = field(repr=False)
    blanks: str = "auto"
    ticker_case: str = "as-is"
    extras: tuple[tuple[str, int], ...] = ()
    beside: tuple[tuple[str, tuple[int | None, ...]], ...] = ()

    def numbers_of(self, extra: str) -> NumberFormat:
        """Give how an optional column writes numbers: with the marks of the prices, volumes as they are."""
        thousands = self.numbers.thousands or ("," if self.numbers.decimal == "." else ".")
        return NumberFormat(self.numbers.decimal, thousands, 1.0 if extra == VOLUME else self.numbers.scale)

    def column(self, position: int) -> str:
        """Name a column for messages and refused rows."""
        return self.header[position] or f"#{position + 1}"

    def as_dict(self) -> dict[str, Any]:
        """Say the mapping, as a preview shows it and a summary keeps it."""
        described: dict[str, Any] = {"layout": self.layout, "date": self.column(self.date)}
        if self.layout == "wide":
            named = [name for _, name in self.tickers if name]
            described["tickers"] = len(self.tickers)
            described["ticker"] = _some(named)
            described |= {
                name: _some([self.column(place) for place in places if place is not None])
                for name, places in self.beside
            }
            described["blanks"] = self.blanks
        else:
            described["ticker"] = self.column(self.ticker) if self.ticker is not None else self.fixed_ticker
            described["price"] = self.column(self.price or 0)
            described |= {name: self.column(place) for name, place in self.extras}
        described["date_format"] = self.dates.format.text
        if self.dates.timezone:
            described["timezone"] = self.dates.timezone
        marks = {"decimal": self.numbers.decimal, "thousands": self.numbers.thousands}
        return described | marks | {"scale": self.numbers.scale}


def _some(names: Sequence[str]) -> str:
    return f"a column each: {', '.join(names[:_SHOWN])}{', …' if len(names) > _SHOWN else ''}"


def find_mapping(columns: Columns, source: Source, delimiter: str = ",") -> Mapping:
    """Find how a table becomes rows, by what is said, by the columns' names, and by what they hold.

    Raises:
        InputError: Something cannot be told and is not said; the message says which flag says it.

    """
    if columns.width < 2:  # noqa: PLR2004 - a date and a price
        raise InputError(
            f"{columns.where}: is no table: no line has two fields; say --delimiter, or choose another file"
        )
    date = columns.date(source)
    if date is None:
        raise InputError(
            f"{columns.where}: has no column of dates (date, day, session, timestamp, …); say --date-column"
        )
    roles = find_roles(columns, source, date)
    ticker, price = roles.ticker, roles.price
    prices = [place for place, _ in roles.wide.prices] if price is None else [price]
    texts = [text for place in prices for text in columns.texts(place)][:_SAMPLE_PRICES]
    dates = columns.texts(date)
    form = DateFormat(source.date_format) if source.date_format else _date_format(columns, date)
    reader = DateReader(form, source.timezone, source.clock)
    if columns.sample[date].dtype == pl.String and dates and all(map(reader.explain, dates)):
        where = f"{columns.where}, column {visible(columns.label(date))}"
        raise InputError(f"{where}: {dates[0]!r} {reader.explain(dates[0])}")
    fixed = None
    if price is not None and ticker is None:
        fixed = ticker_of(columns.path, source.ticker_from, columns.where).strip()
        if not fixed:
            raise InputError(f"{columns.where}: its name tells no ticker; say --ticker-from or --ticker-column")
    return Mapping(
        layout="wide" if price is None else "long",
        date=date,
        ticker=ticker,
        price=price,
        tickers=tuple(roles.wide.prices),
        fixed_ticker=fixed,
        dates=reader,
        numbers=_numbers(columns, source, delimiter, texts, is_lean=_is_lean(columns, dates, price)),
        header=tuple(columns.names),
        blanks=source.blanks,
        ticker_case=source.ticker_case,
        extras=tuple(roles.extras.items()),
        beside=tuple(roles.wide.beside.items()),
    )


def _is_lean(columns: Columns, dates: Sequence[str], price: int | None) -> bool:
    """Tell files of one known form: no header, `YYYYMMDD 00:00`, then prices times 10,000 and a volume."""
    close = OHLC  # the fifth column, after the date, open, high and low
    if columns.has_header or columns.width != 1 + OHLCV or price != close or not dates:
        return False
    return all(len(text) == 14 and text.endswith("00:00") for text in dates)  # noqa: PLR2004


def _date_format(columns: Columns, date: int) -> DateFormat:
    if columns.sample[date].dtype in (pl.Date, pl.Datetime) or columns.sample[date].dtype == pl.Null:
        return DateFormat("%Y-%m-%d")
    return detect_format(columns.texts(date), f"{columns.where}, column {visible(columns.label(date))}")


def _numbers(columns: Columns, source: Source, delimiter: str, texts: Sequence[str], *, is_lean: bool) -> NumberFormat:
    decimal, thousands = source.decimal, source.thousands
    if decimal is None and thousands is None:
        decimal, thousands = detect_marks(texts, delimiter, columns.where)
        # A price whose decimals have one mark tells what the other mark can mean alone.
        if not thousands and any(decimal in text for text in texts):
            thousands = "." if decimal == "," else ","
    elif decimal is None:
        decimal = "," if thousands == "." else "."
    numbers = NumberFormat(decimal or ".", thousands or "")
    if numbers.decimal == numbers.thousands:
        raise InputError(f"{columns.where}: decimals and thousands cannot have the same mark")
    if source.scale is None and not is_lean:
        check_scale(texts, numbers, columns.where)
    return NumberFormat(numbers.decimal, numbers.thousands, source.scale or (_LEAN_SCALE if is_lean else 1.0))
