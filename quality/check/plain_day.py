"""Reads the plainest kind of day at once: a CSV of one row with a column a ticker, where nothing is open."""

import datetime as dt
import re

from quality.check.day import Day, Entry
from quality.ingest.files.file_dates import date_in_name
from quality.ingest.format import names

_MOST_BYTES = 1 << 24
_PRICE = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,6})?")
# A point before three digits may part thousands.
_DECIMALS = re.compile(r"-?[0-9]+\.([0-9]{1,2}|[0-9]{4,6})")
_DATE = re.compile(r"(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}")
# Letters before a number name nothing but a ticker.
_CODE = re.compile(r"[A-Z]{2,5}[0-9]+")
_FEWEST_TICKERS = 3
_SPECIAL = frozenset({*names.DATES, *names.MOMENTS, *names.TICKERS, *names.PRICES})


def read_plain_day(data: bytes, name: str) -> Day | None:
    """Read a day that can be read in one way only; None for every other file, also for one that is wrong.

    It has a header that begins with `date` and one row: a date YYYY-MM-DD, and prices with points, or nothing.

    Args:
        data: The file's bytes.
        name: The file's name, which may tell a date.

    """
    rows = _rows(data)
    if rows is None:
        return None
    header, fields = rows
    tickers = [names.clean(field) for field in header[1:]]
    if header[0] != "date" or len(tickers) < _FEWEST_TICKERS or any(map(_has_meaning, tickers)):
        return None
    texts = fields[1:]
    prices = [text for text in texts if text]
    if not all(map(_PRICE.fullmatch, prices)) or not any(map(_DECIMALS.fullmatch, prices)):
        return None
    date = _date(fields[0])
    if date is None:
        return None
    named = zip(tickers, texts, strict=True)
    entries = tuple(Entry(at, ticker, float(text) if text else None) for at, (ticker, text) in enumerate(named))
    return Day(date, 1, entries, date_in_name(name))


def _rows(data: bytes) -> tuple[list[str], list[str]] | None:
    """Give the fields of a text of two lines."""
    if len(data) > _MOST_BYTES or b'"' in data or b"\0" in data:
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    if len(lines) != 2 or not all(line.isprintable() for line in lines):  # noqa: PLR2004 - a header and a row
        return None
    header, fields = (line.split(",") for line in lines)
    return (header, fields) if len(header) == len(fields) else None


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
