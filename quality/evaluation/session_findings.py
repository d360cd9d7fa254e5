"""Findings of whole sessions that a calendar shows: missing sessions, and prices on closed days."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from quality.calendar.exchanges import Calendar
from quality.calendar.session_gaps import session_gaps
from quality.findings.schema import SCHEMA
from quality.rules.model import Rule
from quality.rules.severities import Severity
from quality.rules.structural import CLOSED_DAY, MISSING_SESSION

# The key of such findings in place of a ticker, as the notebook's own `__DUPLICATE_DATE__`.
KEY = "__SESSION__"


@dataclass(frozen=True)
class SessionFinding:
    """One day on which panel and calendar disagree, as a finding."""

    date: dt.date
    rule: str
    severity: Severity
    message: str


def session_findings(
    calendar: Calendar,
    rules: Mapping[str, Rule],
    sessions: Sequence[dt.date],
    after: dt.date | None = None,
) -> list[SessionFinding]:
    """Find the days on which a panel and a calendar disagree, ascending.

    Args:
        calendar: The calendar.
        rules: By name; of the two rules of whole days, one that is not there is not evaluated.
        sessions: Dates that the panel holds, at least one, ascending.
        after: A date before the first of them, from which on sessions may be missing too.

    """
    found = []
    for gap in session_gaps(calendar, sessions, after):
        rule = rules.get(CLOSED_DAY.name if gap.is_closed else MISSING_SESSION.name)
        if rule:
            message = rule.message.as_text({"weekday": f"{gap.date:%A}", "date": gap.date, "calendar": calendar.name})
            found.append(SessionFinding(gap.date, rule.name, rule.severity, message))
    return found


def as_findings(days: Sequence[SessionFinding]) -> pl.DataFrame:
    """Give findings of sessions as rows (the findings' columns)."""
    rows = [
        {"date": day.date, "ticker": KEY, "rule": day.rule, "severity": day.severity, "message": day.message}
        for day in days
    ]
    return pl.DataFrame(rows, schema=SCHEMA)


def joined(findings: pl.DataFrame, days: Sequence[SessionFinding]) -> pl.DataFrame:
    """Add findings of sessions to those of the rules, in the order in which findings are kept."""
    if not days:
        return findings
    both = pl.concat([findings, as_findings(days)], how="diagonal_relaxed")
    return both.sort("date", "ticker", "rule", maintain_order=True)
