"""Which column is what: layout, date, ticker, price, and how dates and numbers are written."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from quality.errors import InputError
from quality.ingest import names
from quality.ingest.columns import Columns
from quality.ingest.dates import DateFormat, DateReader, detect_format
from quality.ingest.numbers import NumberFormat, check_scale, detect_marks, known_prices
from quality.ingest.source import Source
from quality.ingest.tickers import ticker_of
from quality.text import visible

_OHLC, _OHLCV = 4, 5
_ROWS_THAT_TELL = 3
_SAMPLE_PRICES = 20_000
_MOSTLY = 0.95  # real files break every rule now and then
_LEAN_SCALE = 10_000.0


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

    def column(self, position: int) -> str:
        """Name a column for messages and refused rows."""
        return self.header[position] or f"#{position + 1}"

    def as_dict(self) -> dict[str, Any]:
        """Say the mapping, as a preview shows it and a summary keeps it."""
        said: dict[str, Any] = {"layout": self.layout, "date": self.column(self.date)}
        if self.layout == "wide":
            named = [name for _, name in self.tickers if name]
            said["tickers"] = len(self.tickers)
            said["ticker"] = f"a column each: {', '.join(named[:3])}{', …' if len(named) > 3 else ''}"  # noqa: PLR2004
            said["blanks"] = self.blanks
        else:
            said["ticker"] = self.column(self.ticker) if self.ticker is not None else self.fixed_ticker
            said["price"] = self.column(self.price or 0)
        said["date_format"] = self.dates.format.text
        if self.dates.timezone:
            said["timezone"] = self.dates.timezone
        marks = {"decimal": self.numbers.decimal, "thousands": self.numbers.thousands}
        return said | marks | {"scale": self.numbers.scale}


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
    ticker, price, wide = _roles(columns, source, date)
    prices = [at for at, _ in wide] if price is None else [price]
    texts = [text for at in prices for text in columns.texts(at)][:_SAMPLE_PRICES]
    dates = columns.texts(date)
    form = DateFormat(source.date_format) if source.date_format else _date_format(columns, date)
    reader = DateReader(form, source.timezone, source.clock)
    if columns.sample[date].dtype == pl.String and dates and not any(reader.read(dates)):
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
        tickers=tuple(wide),
        fixed_ticker=fixed,
        dates=reader,
        numbers=_numbers(columns, source, delimiter, texts, is_lean=_is_lean(columns, dates, price)),
        header=tuple(columns.names),
        blanks=source.blanks,
        ticker_case=source.ticker_case,
    )


def _roles(columns: Columns, source: Source, date: int) -> tuple[int | None, int | None, list[tuple[int, str]]]:
    """Give the columns of tickers and of prices, or a wide table's ticker columns."""
    others = [at for at in range(columns.width) if at != date and at not in columns.ignored(source)]
    ticker = price = None
    if source.layout != "wide":
        ticker, price = _named_roles(columns, source, others)
    texts = [at for at in others if at not in (ticker, price) and columns.is_text(at)]
    numbers = [at for at in others if at != ticker and columns.is_numeric(at)]
    if not _is_long(columns, source, others, (ticker, price), (texts, numbers)):
        if price is not None and texts:
            raise _unclear(columns, "ticker", texts)
        return None, None, _needs_names(columns, [(at, columns.names[at]) for at in others])
    if ticker is None and not source.ticker_from and texts:
        if len(texts) > 1:
            raise _unclear(columns, "ticker", texts)
        ticker = texts[0]
    if price is None:
        price = _price(columns, [at for at in numbers if at != ticker])
    return ticker, price, []


def _named_roles(columns: Columns, source: Source, others: Sequence[int]) -> tuple[int | None, int | None]:
    """Find tickers and prices as they are said, or by their columns' names."""
    ticker = None
    if not source.ticker_from:
        ticker = columns.said(source.ticker_column)
        if ticker is None:
            ticker = columns.named(names.TICKERS, others)
    price = columns.said(source.price_column)
    if price is None:
        price = columns.named(names.PRICES, [at for at in others if at != ticker])
    return ticker, price


def _is_long(
    columns: Columns,
    source: Source,
    others: Sequence[int],
    named: tuple[int | None, int | None],
    kinds: tuple[Sequence[int], Sequence[int]],
) -> bool:
    """Tell a table with a row a price from one with a column a ticker."""
    (ticker, price), (texts, numbers) = named, kinds
    if source.layout or ticker is not None or source.ticker_from or source.price_column:
        return source.layout != "wide"
    if not columns.has_header:
        return True
    if price is None:
        # One line could as well be a wide one with something odd for a price.
        return len(texts) == 1 and len(numbers) == 1 and len(columns.texts(texts[0])) >= _ROWS_THAT_TELL
    return all(_is_field(columns, at) for at in others if at not in texts)


def _needs_names(columns: Columns, wide: list[tuple[int, str]]) -> list[tuple[int, str]]:
    if not columns.has_header or not wide:
        raise InputError(
            f"{columns.where}: is a wide table without names of tickers; give the file a header, "
            "or say --layout long and --price-column #N"
        )
    return wide


def _is_field(columns: Columns, at: int) -> bool:
    name = names.plain(columns.names[at])
    return name in names.FIELDS or not name


def _price(columns: Columns, numbers: list[int]) -> int:
    if len(numbers) == 1:
        return numbers[0]
    if not columns.has_header and len(numbers) in (_OHLC, _OHLCV) and _is_ohlc(columns, numbers):
        return numbers[3]
    raise _unclear(columns, "price", numbers)


def _is_ohlc(columns: Columns, numbers: Sequence[int]) -> bool:
    """Tell whether four columns are open, high, low and close: the low is lowest and the high highest."""
    parts = [known_prices(columns.texts(at), NumberFormat()) for at in numbers[:_OHLC]]
    if not parts[0] or len({len(part) for part in parts}) != 1:
        return False
    days = zip(*parts, strict=True)
    fits: list[bool] = [low <= min(first, close) and max(first, close) <= high for first, high, low, close in days]
    return bool(sum(fits) >= _MOSTLY * len(fits))


def _is_lean(columns: Columns, dates: Sequence[str], price: int | None) -> bool:
    """Tell files of one known form: no header, `YYYYMMDD 00:00`, then prices times 10,000 and a volume."""
    close = _OHLC  # the fifth column, after the date, open, high and low
    if columns.has_header or columns.width != 1 + _OHLCV or price != close or not dates:
        return False
    return all(len(text) == 14 and text.endswith("00:00") for text in dates)  # noqa: PLR2004


def _unclear(columns: Columns, role: str, choices: Sequence[int]) -> InputError:
    shown = ", ".join(visible(columns.label(at)) for at in choices[:8]) or "none"
    return InputError(
        f"{columns.where}: which column holds the {role}s cannot be told (candidates: {shown}); "
        f"say --{role}-column NAME or #N" + (", or --layout wide" if role == "ticker" else "")
    )


def _date_format(columns: Columns, date: int) -> DateFormat:
    if columns.sample[date].dtype in (pl.Date, pl.Datetime) or columns.sample[date].dtype == pl.Null:
        return DateFormat("%Y-%m-%d")
    return detect_format(columns.texts(date), f"{columns.where}, column {visible(columns.label(date))}")


def _numbers(columns: Columns, source: Source, delimiter: str, texts: Sequence[str], *, is_lean: bool) -> NumberFormat:
    decimal, thousands = source.decimal, source.thousands
    if decimal is None and thousands is None:
        decimal, thousands = detect_marks(texts, delimiter, columns.where)
    elif decimal is None:
        decimal = "," if thousands == "." else "."
    numbers = NumberFormat(decimal or ".", thousands or "")
    if numbers.decimal == numbers.thousands:
        raise InputError(f"{columns.where}: decimals and thousands cannot have the same mark")
    if source.scale is None and not is_lean:
        check_scale(texts, numbers, columns.where)
    return NumberFormat(numbers.decimal, numbers.thousands, source.scale or (_LEAN_SCALE if is_lean else 1.0))
