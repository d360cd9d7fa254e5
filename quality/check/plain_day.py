"""Reads the plainest kinds of day at once: a CSV with a column a ticker or a row a ticker, where nothing is open."""

import datetime as dt
import re
from collections.abc import Sequence

from quality.check.day import Day, Entry
from quality.ingest.files.file_dates import date_in_name
from quality.ingest.format import names

_MOST_BYTES = 1 << 24
_PRICE = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,6})?")
# A point before three digits may part thousands.
_DECIMALS = re.compile(r"-?[0-9]+\.([0-9]{1,2}|[0-9]{4,6})")
_DATE = re.compile(r"(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}")
# Letters before a number name nothing but a ticker.
_CODE = re.compile(r"[A-Z]{2,5}[0-9]+")
# What names a ticker and nothing else, in any delimiter and spelling.
_TICKER = re.compile(r"[A-Z0-9][A-Za-z0-9.^$&=+/_-]*")
_FEWEST_TICKERS = 3
_SPECIAL = frozenset({*names.DATES, *names.MOMENTS, *names.TICKERS, *names.PRICES})
# A long file of these alone says of each column what it is.
_ROLES = tuple(map(frozenset, (names.DATES, names.TICKERS, names.PRICES)))

_Rows = list[list[str]]


def read_plain_day(data: bytes, name: str) -> Day | None:
    """Read a day that can be read in one way only; None for every other file, also for one that is wrong.

    A wide one has a header that begins with `date`, and one row; a long one has a header of three names, which are a
    date's, a ticker's and a price's. Dates are written YYYY-MM-DD, prices with points, or not at all.

    Args:
        data: The file's bytes.
        name: The file's name, which may tell a date.

    """
    rows = _rows(data)
    if rows is None:
        return None
    read = _read_wide(*rows) if len(rows) == 2 and rows[0][0] == "date" else None  # noqa: PLR2004 - a header and a row
    read = read or _read_long(rows[0], rows[1:])
    if read is None:
        return None
    date, entries = read
    return Day(date, 1, entries, date_in_name(name))


def _rows(data: bytes) -> _Rows | None:
    """Give the fields of a text whose lines have equally many."""
    if len(data) > _MOST_BYTES or b'"' in data or b"\0" in data:
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    if len(lines) == 1 or not all(map(str.isprintable, lines)):
        return None
    rows = [line.split(",") for line in lines]
    return rows if len(set(map(len, rows))) == 1 else None


def _read_wide(header: list[str], fields: list[str]) -> tuple[dt.date, tuple[Entry, ...]] | None:
    tickers = [names.clean(field) for field in header[1:]]
    texts = fields[1:]
    date = _date(fields[0])
    if date is None or len(tickers) < _FEWEST_TICKERS or any(map(_has_meaning, tickers)) or not _are_prices(texts):
        return None
    named = zip(tickers, texts, strict=True)
    return date, tuple(Entry(at, ticker, _price(text)) for at, (ticker, text) in enumerate(named))


def _read_long(header: list[str], rows: _Rows) -> tuple[dt.date, tuple[Entry, ...]] | None:
    plain = [names.plain(field) for field in header]
    order = [next((at for at, field in enumerate(plain) if field in role), None) for role in _ROLES]
    if len(header) != len(order) or None in order:
        return None
    columns = list(zip(*rows, strict=True))
    dates, tickers, texts = (columns[at] for at in order if at is not None)
    date = _date(dates[0])
    if date is None or len(set(dates)) > 1 or not all(map(_TICKER.fullmatch, tickers)) or not _are_prices(texts):
        return None
    named = zip(tickers, texts, strict=True)
    return date, tuple(Entry(at, ticker, _price(text)) for at, (ticker, text) in enumerate(named))


def _are_prices(texts: Sequence[str]) -> bool:
    """Tell whether all texts are prices or blanks, and one of them shows what a point means."""
    prices = [text for text in texts if text]
    return all(map(_PRICE.fullmatch, prices)) and any(map(_DECIMALS.fullmatch, prices))


def _price(text: str) -> float | None:
    return float(text) if text else None


def _has_meaning(ticker: str) -> bool:
    """Tell whether a name can mean another column than a ticker's."""
    if not ticker or _CODE.fullmatch(ticker):
        return False
    return names.is_field(ticker) or names.is_note(ticker) or names.plain(ticker) in _SPECIAL


def _date(text: str) -> dt.date | None:
    if not _DATE.fullmatch(text):
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
