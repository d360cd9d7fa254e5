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
MOMENTS = ("datetime", "timestamp", "time", "index_level_0")
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
    *("last_price", "close_last", "last_close", "px_close", "value"),
    *("adj_close", "adjclose", "adjusted_close", "adjusted"),
)
# What stands beside a price in files of one ticker.
FIELDS = frozenset(
    {*PRICES, "open", "high", "low", "volume", "vol", "px_open", "px_high", "px_low", "px_volume", "turnover"}
    | {"vwap", "dividends", "dividend", "stock_splits", "split", "splits", "open_interest", "openint", "oi", "bid"}
    | {"ask", "mid", "change", "chg", "change_percent", "pct_change", "trades", "adj", "adj_open", "adj_high"}
    | {"adj_low", "adj_volume", "capital_gains", "split_factor", "div_cash", "market_cap", "mktcap", "per"}
)
# What is computed of prices, and stands beside them too.
_INDICATORS = frozenset(
    {"mavg", "ma", "sma", "ema", "rsi", "macd", "atr", "obv", "dn", "up", "ret", "return", "returns", "log_return"}
    | {"signal", "upper_band", "lower_band", "middle_band"}
)
# Text that stands beside a price and names no ticker.
_NOTES = frozenset(
    {"currency", "ccy", "cur", "curr", "weekday", "day_of_week", "dow", "month", "note", "notes", "comment"}
    | {"comments", "remark", "remarks", "exchange", "exch", "mic", "market", "venue", "country", "sector"}
    | {"industry", "status", "state", "type", "kind", "flag", "flags", "source", "vendor", "direction", "trend"}
    | {"unit", "units", "description", "period", "freq", "frequency", "series", "quality", "time"}
)
_FIELD = r"(adj[ ._]?close|open|high|low|close|volume|vol|adjusted|vwap|bid|ask|last)"
# `('Close', 'IBM')`, `AAPL.Volume`, `Open_MSFT`: a ticker and a field in one name.
_PAIR = re.compile(r"\(\s*['\"]?([^'\"]*)['\"]?\s*,\s*['\"]?([^'\"]*)['\"]?\s*\)")
_FIELD_LAST = re.compile(rf"(.+)[ ._:|-]{_FIELD}", re.IGNORECASE)
_FIELD_FIRST = re.compile(rf"{_FIELD}[ ._:|](.+)", re.IGNORECASE)
# What tools make of a column without a name.
_UNNAMED = re.compile(r"Unnamed: \d+(_level_\d+)?|_duplicated_\d+|column_\d+|")


def clean(name: object) -> str:
    """Give a column's name without white space around it; "" where it has none."""
    text = "" if name is None else str(name).strip()
    return "" if _UNNAMED.fullmatch(text) else text


def plain(name: str) -> str:
    """Give a name as it is compared: lower case, words joined by `_`, without a number or signs around them."""
    text = re.sub(r"^[0-9]+\. +", "", name.strip().lower())
    return re.sub(r"[\W_]+", "_", text).strip("_")


def first_named(names: Sequence[str], wanted: Sequence[str]) -> int | None:
    """Find the column that has the first of the wanted names that any has."""
    known = [plain(name) for name in names]
    return next((known.index(name) for name in wanted if name in known), None)


def is_field(name: str) -> bool:
    """Tell whether a name is of a column beside prices, and so hardly a ticker: `Volume`, `AAPL.Open`, `mavg`."""
    bare = plain(name)
    return bare in FIELDS or bare in _INDICATORS or split_field(name)[0] != ""


def is_note(name: str) -> bool:
    """Tell whether a name says that a column's text names no tickers: `Currency`, `Weekday`, `Volume`."""
    bare = plain(name)
    return bare in _NOTES or bare in FIELDS or bare in _INDICATORS


def split_field(name: str) -> tuple[str, str]:
    """Split a name that holds a ticker and a field: `AAPL.Volume` is Volume of AAPL; two blanks for any other."""
    text = name.strip()
    if pair := _PAIR.fullmatch(text):
        first, second = pair[1].strip(), pair[2].strip()
        return (first, second) if plain(first) in FIELDS else (second, first) if plain(second) in FIELDS else ("", "")
    if plain(text) in FIELDS:
        return "", ""
    if ended := _FIELD_LAST.fullmatch(text):
        return ended[2], ended[1]
    begun = _FIELD_FIRST.fullmatch(text)
    return (begun[1], begun[2]) if begun else ("", "")
