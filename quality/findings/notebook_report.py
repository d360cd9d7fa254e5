"""The notebook's own report: what it knew, and the file that it wrote."""

from collections.abc import Sequence

from quality.findings.plain_text import csv_of

# The notebook knew nothing of new tickers, days that arrive wrong and calendars: they stand outside its own report.
NOT_IN_NOTEBOOK_REPORT = frozenset(
    {"unexpected_ticker", "wrong_date", "incomplete_day", "missing_session", "closed_day"}
)


def notebook_csv(issues: Sequence[tuple[str, str]]) -> bytes:
    """Give the notebook's report: header `Ticker/Key,Issue`, one line an issue."""
    return csv_of(("Ticker/Key", "Issue"), issues)
