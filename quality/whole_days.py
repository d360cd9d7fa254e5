"""Findings of whole days: sessions of the calendar that are missing, and prices on days that it has closed."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from quality.calendars import PANEL, Calendar
from quality.findings import SCHEMA
from quality.rules import CLOSED_DAY, MISSING_SESSION, Severity

# The key of such findings in place of a ticker, as the notebook's own `__DUPLICATE_DATE__`.
KEY = "__SESSION__"
MESSAGES = {
    MISSING_SESSION: "Missing Session ({weekday} {date} is a session of {calendar})",
    CLOSED_DAY: "Prices on a Closed Day ({weekday} {date} is no session of {calendar})",
}


@dataclass(frozen=True)
class WholeDay:
    """One day on which panel and calendar disagree."""

    date: dt.date
    rule: str
    severity: Severity
    message: str


def disagreements(
    calendar: Calendar,
    severities: Mapping[str, Severity],
    sessions: Sequence[dt.date],
    after: dt.date | None = None,
) -> list[WholeDay]:
    """Compare a panel's sessions with a calendar.

    Args:
        calendar: The calendar; the panel's own disagrees with nothing.
        severities: Of the two rules; one that is not there is not evaluated.
        sessions: Dates that the panel holds, at least one, ascending.
        after: A date before the first of them, from which on sessions may be missing too.

    Returns:
        Ascending: each session of the calendar between the first and the last date that the panel does not
        hold, and each date that the panel holds while the calendar has it closed.

    """
    if calendar.name == PANEL:
        return []
    first = after + dt.timedelta(days=1) if after else sessions[0]
    held = set(sessions)
    named = {day: MISSING_SESSION for day in calendar.sessions if first <= day <= sessions[-1] and day not in held}
    named |= {day: CLOSED_DAY for day in sessions if calendar.knows(day) and day not in calendar.sessions}
    return [
        WholeDay(day, rule, severities[rule], _message(rule, day, calendar))
        for day, rule in sorted(named.items())
        if rule in severities
    ]


def _message(rule: str, day: dt.date, calendar: Calendar) -> str:
    return MESSAGES[rule].format(weekday=f"{day:%A}", date=day, calendar=calendar.name)


def as_findings(days: Sequence[WholeDay]) -> pl.DataFrame:
    """Give whole days as findings (the findings' columns)."""
    rows = [
        {"date": day.date, "ticker": KEY, "rule": day.rule, "severity": day.severity, "message": day.message}
        for day in days
    ]
    return pl.DataFrame(rows, schema=SCHEMA)


def joined(findings: pl.DataFrame, days: Sequence[WholeDay]) -> pl.DataFrame:
    """Add whole days to the findings of the rules, in the order in which findings are kept."""
    if not days:
        return findings
    both = pl.concat([findings, as_findings(days)], how="diagonal_relaxed")
    return both.sort("date", "ticker", "rule", maintain_order=True)
