"""Which columns hold tickers and prices: as said, by their names, or by what they hold."""

from collections.abc import Sequence

from quality.errors import InputError
from quality.ingest.format import names
from quality.ingest.format.columns import Columns
from quality.ingest.format.numbers import NumberFormat, known_prices
from quality.ingest.format.source import Source
from quality.text import visible

OHLC, OHLCV = 4, 5
_ROWS_THAT_TELL = 3
_MANY = 10
_MOSTLY = 0.95  # real files break every rule now and then


def find_roles(columns: Columns, source: Source, date: int) -> tuple[int | None, int | None, list[tuple[int, str]]]:
    """Give the columns of tickers and of prices, or a wide table's ticker columns with their names.

    Raises:
        InputError: They cannot be told and are not said; the message says which flag says them.

    """
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
    _check_doubled(columns, source, ticker, price)
    return ticker, price, []


def _check_doubled(columns: Columns, source: Source, ticker: int | None, price: int) -> None:
    """Refuse to choose between two columns of one name."""
    for role, at, said in (("ticker", ticker, source.ticker_column), ("price", price, source.price_column)):
        same = [other for other, name in enumerate(columns.names) if at is not None and name == columns.names[at]]
        if not said and columns.has_header and at is not None and columns.names[at] and len(same) > 1:
            numbers = " and ".join(f"#{other + 1}" for other in same)
            raise InputError(
                f"{columns.where}: columns {numbers} are both named {visible(columns.names[at])!r}; "
                f"say --{role}-column #N"
            )


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
    named = ticker is not None and not source.ticker_column
    if named and columns.is_numeric(ticker or 0) and (price is None or len(others) > _MANY):
        ticker = None  # a wide table has a ticker that is called CODE or the like
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
        # One line, or a column with notes, could as well be of a wide table.
        rows = len(columns.sample[0])
        told = len(texts) == 1 and len(numbers) == 1 and rows >= _ROWS_THAT_TELL
        return told and len(columns.texts(texts[0])) >= _MOSTLY * rows
    return _is_beside_a_price(columns, [at for at in others if at not in texts])


def _is_beside_a_price(columns: Columns, others: Sequence[int]) -> bool:
    """Tell columns of one ticker (open, high, close, …) from tickers of which one is called like a price.

    Raises:
        InputError: They can be either.

    """
    known = sum(_is_field(columns, at) for at in others)
    unknown = len(others) - known
    if not unknown or (known > 1 and known >= unknown):
        return True
    if unknown >= _MANY * known:
        return False
    raise InputError(f"{columns.where}: can be a wide table or prices of one ticker; say --layout wide or long")


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
    if not columns.has_header and len(numbers) in (OHLC, OHLCV) and _is_ohlc(columns, numbers):
        return numbers[3]
    raise _unclear(columns, "price", numbers)


def _is_ohlc(columns: Columns, numbers: Sequence[int]) -> bool:
    """Tell whether four columns are open, high, low and close: the low is lowest and the high highest."""
    parts = [known_prices(columns.texts(at), NumberFormat()) for at in numbers[:OHLC]]
    if not parts[0] or len({len(part) for part in parts}) != 1:
        return False
    days = zip(*parts, strict=True)
    fits: list[bool] = [low <= min(first, close) and max(first, close) <= high for first, high, low, close in days]
    return bool(sum(fits) >= _MOSTLY * len(fits))


def _unclear(columns: Columns, role: str, choices: Sequence[int]) -> InputError:
    shown = ", ".join(visible(columns.label(at)) for at in choices[:8]) or "none"
    return InputError(
        f"{columns.where}: which column holds the {role}s cannot be told (candidates: {shown}); "
        f"say --{role}-column NAME or #N" + (", or --layout wide" if role == "ticker" else "")
    )
