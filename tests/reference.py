"""The notebook's rules in plain Python, cell by cell, straight from the text of the contract: slow and obvious."""

import datetime as dt
import math
from collections.abc import Iterable, Iterator

WINDOW = 7
UP, DOWN = 0.2, -0.2

Row = tuple[dt.date, str, float | None]
Finding = tuple[dt.date, str, str, str, float | None, float | None, float | None, str]


def notebook_findings(rows: Iterable[Row]) -> list[Finding]:
    """Give the findings of a whole panel, sorted by date, ticker and rule."""
    prices = {(date, ticker): _usable(price) for date, ticker, price in rows}
    sessions = sorted({date for date, _ in prices})
    first: dict[str, dt.date] = {}
    for date, ticker in sorted(prices):
        first.setdefault(ticker, date)
    found = [
        finding for number, date in enumerate(sessions) for finding in _day(date, prices, first, sessions[:number])
    ]
    return sorted(found, key=lambda finding: finding[:3])


def _usable(price: float | None) -> float | None:
    return None if price is None or math.isnan(price) else price


def _day(
    date: dt.date,
    prices: dict[tuple[dt.date, str], float | None],
    first: dict[str, dt.date],
    before: list[dt.date],
) -> Iterator[Finding]:
    known = sorted((ticker for ticker in first if first[ticker] < date), key=_natural)
    has_history = len(before) >= WINDOW
    for ticker in first:
        if (date, ticker) not in prices:
            if ticker in known and has_history:
                text = f"Missing Ticker at Position {known.index(ticker)}"
                yield date, ticker, "missing_ticker", "error", None, None, None, text
        elif ticker not in known and has_history:
            price = prices[date, ticker]
            yield date, ticker, "unexpected_ticker", "info", price, None, None, "Unexpected New Ticker"
        else:
            window = [prices.get((session, ticker)) for session in before[-WINDOW:]] if has_history else None
            yield from _price(date, ticker, prices[date, ticker], window)


def _price(date: dt.date, ticker: str, price: float | None, window: list[float | None] | None) -> Iterator[Finding]:
    if price is None:
        yield date, ticker, "missing_price", "error", None, None, None, "Missing/Null Price (value=None)"
    elif price == 0:
        yield date, ticker, "zero_price", "error", price, None, None, "Zero Price (value=0.00)"
    elif price < 0:
        yield date, ticker, "negative_price", "error", price, None, None, f"Negative Price (value={price:.2f})"
    elif window is not None:
        mean = _mean([value for value in window if value is not None])
        if mean is None or mean == 0 or math.isnan(mean):
            yield date, ticker, "invalid_moving_average", "warning", price, mean, None, "Invalid Moving Average"
            return
        change = (price - mean) / mean
        text = f"({change * 100:.2f}%)"
        if change > UP:
            yield date, ticker, "price_increase", "warning", price, mean, change, f"Price Increase > 20% {text}"
        elif change < DOWN:
            yield date, ticker, "price_decrease", "warning", price, mean, change, f"Price Decrease < 20% {text}"


def _mean(values: list[float]) -> float | None:
    if not values:
        return None
    total = 0.0
    for value in values:
        total += value
    return total / len(values)


def _natural(ticker: str) -> tuple[str, int, str]:
    stem = ticker.rstrip("0123456789")
    return stem, int(ticker[len(stem) :] or 0), ticker
