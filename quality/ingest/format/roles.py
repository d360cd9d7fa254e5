"""Which columns hold tickers and prices: as said, by their names, or by what they hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from quality.errors import InputError
from quality.ingest.format import names
from quality.ingest.format.columns import Columns
from quality.ingest.format.fields import Fields, by_field
from quality.ingest.format.numbers import NumberFormat, known_prices
from quality.ingest.format.source import Source
from quality.ingest.format.ticker_texts import look_like_tickers, repeat_over_dates
from quality.text import visible

OHLC, OHLCV = 4, 5
_MANY = 10
_FEW = 2
_MOSTLY = 0.95  # real files break every rule now and then
_SHOWN = 8
_TELLING_TEXTS = 300


@dataclass(frozen=True)
class Roles:
    """What the columns are.

    Attributes:
        ticker: The position of the tickers; None where the file is of one, or the table wide.
        price: The position of the prices; None in a wide table.
        extras: In a long table, the positions of the optional columns that are asked for, by their names in a panel.
        wide: What counts of a wide table.

    """

    ticker: int | None = None
    price: int | None = None
    extras: Mapping[str, int] = field(default_factory=dict)
    wide: Fields = field(default_factory=Fields)


def find_roles(columns: Columns, source: Source, date: int) -> Roles:
    """Find the columns of tickers, prices and what is asked for beside them, or a wide table's columns a ticker.

    Raises:
        InputError: They cannot be told and are not said; the message says which flag says them.

    """
    aside = {date, *columns.ignored(source)}
    if wide := by_field(columns, source, [position for position in range(columns.width) if position not in aside]):
        return Roles(wide=wide)
    beside = _find_extras(columns, source, date)
    aside |= set(beside.values())
    others = [position for position in range(columns.width) if position not in aside]
    ticker = price = None
    if source.layout != "wide":
        ticker, price = _named_roles(columns, source, others)
    texts = [position for position in others if position not in (ticker, price) and _is_text(columns, position)]
    if not _is_long(columns, source, date, others, ticker=ticker, price=price, texts=texts):
        if source.layout != "wide":
            _refuse_text(columns, others)
        if beside:
            raise _no_room(columns, beside)
        return Roles(wide=Fields(_needs_names(columns, [(position, columns.names[position]) for position in others])))
    if ticker is None and not source.ticker_from:
        ticker = _ticker_by_content(columns, date, texts, price, is_long=source.layout == "long")
    if price is None:
        price = _price(
            columns, [position for position in others if position != ticker and columns.is_numeric(position)]
        )
    _check_doubled(columns, source, ticker, price)
    return Roles(ticker, price, beside)


def _find_extras(columns: Columns, source: Source, date: int) -> dict[str, int]:
    """Find the optional columns that are asked for, by their names in a panel.

    Raises:
        InputError: There is none of the name, or one column is to be two things.

    """
    found: dict[str, int] = {}
    for name, stated in source.extras.items():
        position = columns.find(stated)
        taken = [date, columns.find(source.price_column), columns.find(source.ticker_column), *found.values()]
        if position is None or position in taken:
            flag = name.replace("_", "-")
            raise InputError(
                f"{columns.where}: --{flag}-column {visible(stated)} names a column that is something else"
            )
        found[name] = position
    return found


def _no_room(columns: Columns, beside: Mapping[str, int]) -> InputError:
    flags = " and ".join(f"--{name.replace('_', '-')}-column" for name in beside)
    return InputError(
        f"{columns.where}: is a wide table with one number a date and ticker: {flags} cannot be taken from it; "
        "give a table with fields in its columns' names (AAPL.Close, AAPL.Volume), or above them, or a long one"
    )


def _is_text(columns: Columns, position: int) -> bool:
    """Tell whether a column may name tickers: it holds text, and is not called like something else."""
    return columns.is_text(position) and not names.is_note(columns.names[position])


def _ticker_by_content(
    columns: Columns, date: int, texts: Sequence[int], price: int | None, *, is_long: bool
) -> int | None:
    """Find the tickers among columns of text; None where the file is of one ticker.

    Raises:
        InputError: There are several, or one that may hold tickers or something else.

    """
    side_by_side = [position for position in texts if _repeats(columns, date, position)]
    if len(side_by_side) == 1:
        return side_by_side[0]
    alike = [position for position in texts if columns.is_full(position) and look_like_tickers(columns.texts(position))]
    if (price is None or is_long) and len(alike) == len(texts) == 1:
        return alike[0]  # a date, a ticker and a number
    dates = columns.texts(date)
    is_of_one = price is not None and len(set(dates)) >= _MOSTLY * len(dates)
    if alike or side_by_side or (texts and not is_of_one):
        raise _unclear(columns, "ticker", texts)
    return None


def _repeats(columns: Columns, date: int, position: int) -> bool:
    if not columns.is_full(position):
        return False
    return repeat_over_dates(_as_list(columns, date), _as_list(columns, position))


def _as_list(columns: Columns, position: int) -> list[str]:
    """Give a column of the sample as texts, one a record."""
    texts: list[str] = columns.sample[position].cast(pl.String, strict=False).fill_null("").to_list()
    return texts


def _check_doubled(columns: Columns, source: Source, ticker: int | None, price: int) -> None:
    """Refuse to choose between two columns of one name."""
    for role, position, stated in (("ticker", ticker, source.ticker_column), ("price", price, source.price_column)):
        same = [
            other
            for other, name in enumerate(columns.names)
            if position is not None and name == columns.names[position]
        ]
        if not stated and columns.has_header and position is not None and columns.names[position] and len(same) > 1:
            numbers = " and ".join(f"#{other + 1}" for other in same)
            raise InputError(
                f"{columns.where}: columns {numbers} are both named {visible(columns.names[position])!r}; "
                f"say --{role}-column #N"
            )


def _named_roles(columns: Columns, source: Source, others: Sequence[int]) -> tuple[int | None, int | None]:
    """Find tickers and prices as they are said, or by their columns' names."""
    ticker = None
    if not source.ticker_from:
        ticker = columns.find(source.ticker_column)
        if ticker is None:
            ticker = columns.named(names.TICKERS, others)
    price = columns.find(source.price_column)
    if price is None:
        price = columns.named(names.PRICES, [position for position in others if position != ticker])
    named = ticker is not None and not source.ticker_column
    if named and columns.is_numeric(ticker or 0) and (price is None or len(others) > _MANY):
        ticker = None  # a wide table has a ticker that is called CODE or the like
    return ticker, price


def _is_long(
    columns: Columns,
    source: Source,
    date: int,
    others: Sequence[int],
    *,
    ticker: int | None,
    price: int | None,
    texts: Sequence[int],
) -> bool:
    """Tell a table with a row a price from one with a column a ticker.

    Raises:
        InputError: It can be either.

    """
    if source.layout or ticker is not None or source.ticker_from or source.price_column:
        return source.layout != "wide"
    if not columns.has_header:
        return True
    fields = [position for position in others if names.is_field(columns.names[position])]
    blank = [position for position in others if not columns.names[position]]
    texts_of_any_kind = [position for position in others if position not in fields and columns.is_text(position)]
    unknown = len(others) - len(fields) - len(texts_of_any_kind) - (len(blank) if price is not None else 0)
    if fields and unknown < _MANY * len(fields):
        if price is not None and (not unknown or 1 < len(fields) >= unknown):
            return True
        raise _either(columns, fields)
    if price is not None or not texts:
        return False
    return _has_tickers(columns, date, others, texts)


def _has_tickers(columns: Columns, date: int, others: Sequence[int], texts: Sequence[int]) -> bool:
    """Tell whether a table with a column of text and none called like a price is long.

    Raises:
        InputError: Several columns may hold the tickers; or there are too few rows to tell.

    """
    full = [position for position in texts if columns.is_full(position)]
    alike = [
        position for position in full if _repeats(columns, date, position) or look_like_tickers(columns.texts(position))
    ]
    if len(alike) == 1 and sum(columns.is_numeric(position) for position in others) == 1:
        if len(columns.sample[0]) > _FEW:
            return True
        shown = visible(columns.label(alike[0]))
        raise InputError(
            f"{columns.where}: can be long, with tickers in {shown}, or wide, with no price there: so few rows do not "
            "tell; say --layout long or wide"
        )
    if len(alike) > 1 and len(alike) == len(others) - 1:
        raise _unclear(columns, "ticker", alike)
    return False


def _refuse_text(columns: Columns, others: Sequence[int]) -> None:
    """Refuse a table whose column could only be a ticker's by mistake: it is full of text."""
    full = [position for position in others if columns.is_text(position) and columns.is_full(position)]
    if full and len(columns.sample[0]) > _FEW:
        shown = ", ".join(visible(columns.label(position)) for position in full[:_SHOWN])
        raise InputError(
            f"{columns.where}: is no wide table: what stands below {shown} is text, not prices; say --ignore "
            f"{visible(columns.label(full[0]))} to leave it aside, or --layout long and --ticker-column NAME"
        )


def _either(columns: Columns, fields: Sequence[int]) -> InputError:
    shown = ", ".join(visible(columns.label(position)) for position in fields[:_SHOWN])
    return InputError(
        f"{columns.where}: can be a wide table or prices of one ticker (files of prices have columns such as {shown}); "
        "say --layout wide or long, and for long which --price-column"
    )


def _needs_names(columns: Columns, wide: list[tuple[int, str]]) -> list[tuple[int, str]]:
    if not columns.has_header or not wide:
        raise InputError(
            f"{columns.where}: is a wide table without names of tickers; give the file a header, "
            "or say --layout long and --price-column #N"
        )
    return wide


def _price(columns: Columns, numbers: list[int]) -> int:
    may_be = [position for position in numbers if not names.is_field(columns.names[position])]  # a volume is no price
    if len(may_be) == 1:
        return may_be[0]
    if not columns.has_header and len(numbers) in (OHLC, OHLCV) and _is_ohlc(columns, numbers):
        return numbers[3]
    raise _unclear(columns, "price", numbers)


def _is_ohlc(columns: Columns, numbers: Sequence[int]) -> bool:
    """Tell whether four columns are open, high, low and close: the low is lowest and the high highest."""
    parts = [known_prices(columns.texts(position)[:_TELLING_TEXTS], NumberFormat()) for position in numbers[:OHLC]]
    if not parts[0] or len({len(part) for part in parts}) != 1:
        return False
    days = zip(*parts, strict=True)
    fits: list[bool] = [low <= min(first, close) and max(first, close) <= high for first, high, low, close in days]
    return bool(sum(fits) >= _MOSTLY * len(fits))


def _unclear(columns: Columns, role: str, choices: Sequence[int]) -> InputError:
    shown = ", ".join(visible(columns.label(position)) for position in choices[:8]) or "none"
    return InputError(
        f"{columns.where}: which column holds the {role}s cannot be told (candidates: {shown}); "
        f"say --{role}-column NAME or #N" + (", or --layout wide" if role == "ticker" else "")
    )
