"""What is wrong with a day as a table: its names, its date, and whether it arrived whole."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from quality.check.day_file import Day
from quality.check.history import History

# Of yesterday's tickers, a day that arrived whole has at least this share, or lacks fewer than these.
_WHOLE_SHARE = 0.8
_FEW = 5
_LONGEST_BREAK_DAYS = 10
_SATURDAY = 5


def wrong_date(day: dt.date, named: dt.date | None, sessions: Sequence[dt.date]) -> tuple[str, str] | None:
    """Tell whether a day's date can be right.

    Args:
        day: The date.
        named: The date in the file's name.
        sessions: The sessions before it, ascending.

    Returns:
        The severity and the issue; None where nothing speaks against the date.

    """
    if named and named != day:
        return "error", f"Wrong Date ({day} in a file named {named})"
    if not sessions:
        return None
    if day.weekday() >= _SATURDAY and all(session.weekday() < _SATURDAY for session in sessions):
        return "error", f"Wrong Date ({day} is a {day:%A}, history has no weekends)"
    if (day - sessions[-1]).days > _LONGEST_BREAK_DAYS:
        return "warning", f"Wrong Date ({(day - sessions[-1]).days} days after the last session {sessions[-1]})"
    return None


def incomplete(arrived: int, yesterday: int) -> str | None:
    """Give the issue of a day with far fewer tickers than the session before; None where it has enough."""
    if yesterday - arrived < _FEW or arrived >= _WHOLE_SHARE * yesterday:
        return None
    return f"Incomplete Day ({arrived} tickers, {yesterday} the session before)"


_DUPLICATE_DATE_KEY = "__DUPLICATE_DATE__"


# The order of the report: blank columns, missing tickers, doubled tickers, the date, then the rest as it came.
BLANK, MISSING, DOUBLED, DATE, AS_IT_CAME, OUTSIDE, WHOLE_DAY = range(7)


_WRONG_DATE_KEY, _INCOMPLETE_KEY = "__WRONG_DATE__", "__INCOMPLETE_DAY__"


@dataclass(frozen=True)
class Reported:
    """A finding with its place in the report and its key in the notebook's."""

    place: tuple[int, int]
    key: str
    finding: dict[str, Any]


def structure(day: Day, history: History) -> list[Reported]:
    """Report what is wrong with the day as a table: blank and doubled names, a date that came before."""
    reported = [
        report(day, (BLANK, position), f"column_{position}", "blank_ticker", "Unnamed/Blank Ticker Column")
        for position in day.blanks
    ]
    times = Counter(entry.ticker for entry in day.entries if entry.ticker)
    first = {entry.ticker: entry.position for entry in reversed(day.entries)}
    reported += [
        report(day, (DOUBLED, first[ticker]), ticker, "duplicate_ticker", "Duplicate Ticker Name")
        for ticker, count in times.items()
        if count > day.times
    ]
    if history.holds_day or day.times > 1:
        issue = f"Duplicate Date Entry ({day.date})"
        reported.append(report(day, (DATE, 0), _DUPLICATE_DATE_KEY, "duplicate_date", issue))
    return reported + arrival_issues(day, history)


def arrival_issues(day: Day, history: History) -> list[Reported]:
    """Report a date that cannot be right, and a day that did not arrive whole."""
    reported = []
    if wrong := wrong_date(day.date, day.named, history.sessions):
        severity, issue = wrong
        reported.append(report(day, (OUTSIDE, 0), _WRONG_DATE_KEY, "wrong_date", issue, severity=severity))
    arrived = len({entry.ticker for entry in day.entries if entry.ticker})
    if issue := incomplete(arrived, history.yesterday) or "":
        reported.append(report(day, (OUTSIDE, 1), _INCOMPLETE_KEY, "incomplete_day", issue))
    return reported


def report(day: Day, place: tuple[int, int], key: str, rule: str, issue: str, *, severity: str = "error") -> Reported:
    """Give a finding of the day as a whole or of a key that is no ticker, with its place in the report."""
    nothing = {"price": None, "expected": None, "deviation": None}
    finding = {
        "date": day.date,
        "ticker": key,
        "rule": rule,
        "severity": severity,
        **nothing,
        "message": issue,
    }
    return Reported(place, key, finding)
