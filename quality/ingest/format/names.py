"""What vendors call their columns."""

import re
from collections.abc import Sequence

DATES = (
    "date",
    "session",
    "day",
    "trade_date",
    "tradedate",
    "trading_date",
    "price_date",
    "as_of_date",
    "asof",
)
MOMENTS = ("datetime", "timestamp", "time", "__index_level_0__")
TICKERS = (
    *("ticker", "symbol", "ric", "figi", "isin", "sedol", "cusip", "instrument", "security", "stock", "code"),
    *("ticker_symbol", "stock_symbol", "bbg_ticker", "act_symbol", "permno", "name"),
)
# The first that a file has is its price.
PRICES = (
    *(
        "price",
        "close",
        "px_last",
        "last",
        "close_price",
        "closing_price",
        "settle",
        "settlement",
        "nav",
        "prc",
    ),
    *("last_price", "value", "adj_close", "adjclose", "adjusted_close"),
)
# What stands beside a price in files of one ticker.
FIELDS = frozenset(
    {*PRICES, "open", "high", "low", "volume", "vol", "px_open", "px_high", "px_low", "px_volume", "turnover"}
    | {
        "vwap",
        "dividends",
        "dividend",
        "stock_splits",
        "split",
        "splits",
        "open_interest",
        "oi",
        "bid",
        "ask",
    }
    | {"change", "change_percent", "trades", "adj_open", "adj_high", "adj_low", "adj_volume", "capital_gains"}
)
# What tools make of a column without a name.
_UNNAMED = re.compile(r"Unnamed: \d+(_level_\d+)?|_duplicated_\d+|column_\d+|")


def clean(name: object) -> str:
    """Give a column's name without white space around it; "" where it has none."""
    text = "" if name is None else str(name).strip()
    return "" if _UNNAMED.fullmatch(text) else text


def plain(name: str) -> str:
    """Give a name as it is compared: lower case, words joined by `_`."""
    return re.sub(r"[\s\-_]+", "_", name.strip().lower()).replace("*", "")


def first_named(names: Sequence[str], wanted: Sequence[str]) -> int | None:
    """Find the column that has the first of the wanted names that any has."""
    known = [plain(name) for name in names]
    return next((known.index(name) for name in wanted if name in known), None)
