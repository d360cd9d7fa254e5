"""The order in which people count tickers: ST0002, ST9999, ST10000."""

from collections.abc import Iterable


def natural_order(tickers: Iterable[str]) -> list[str]:
    """Sort tickers as people count them; names without a number by letter."""
    return sorted(tickers, key=_natural)


def _natural(ticker: str) -> tuple[str, int, str, str]:
    stem = ticker.rstrip("0123456789")
    number = ticker[len(stem) :].lstrip("0")  # compared as text: `int` refuses very long ones
    return stem, len(number), number, ticker
