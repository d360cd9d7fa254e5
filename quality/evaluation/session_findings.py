"""Findings of whole sessions that a calendar shows: missing sessions, and prices on closed days."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import pyarrow as pa

from quality.calendar.exchanges import PANEL, Calendar, open_calendar
from quality.calendar.groups import EVERY, Calendars
from quality.calendar.session_gaps import session_gaps
from quality.findings.columns import COLUMNS
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
    ticker: str = KEY


class Span(NamedTuple):
    """What a panel holds of some tickers: the dates, ascending, and the last one before the first of them."""

    sessions: Sequence[dt.date]
    after: dt.date | None = None


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


def findings_of_groups(
    calendars: Calendars, rules: Mapping[str, Rule], spans: Mapping[str, Span]
) -> list[SessionFinding]:
    """Find the days on which groups of tickers and their calendars disagree, ascending.

    Args:
        calendars: The calendars.
        rules: As of `session_findings`.
        spans: By the pattern of a group, what the panel holds of its tickers.

    """
    found: list[SessionFinding] = []
    for pattern, (sessions, after) in spans.items():
        if sessions:
            opened = open_calendar(calendars.names[pattern], after or sessions[0], sessions[-1])
            named = replace(opened, name=calendars.label(pattern)) if opened.name != PANEL else opened
            key = KEY if pattern == EVERY else f"{KEY} {pattern}"
            found += [replace(day, ticker=key) for day in session_findings(named, rules, sessions, after)]
    return sorted(found, key=lambda day: (day.date, day.ticker))


def as_findings(days: Sequence[SessionFinding]) -> list[dict[str, Any]]:
    """Give findings of sessions as rows, with a value for each of the findings' columns."""
    nothing = {name: False if kind == "flag" else None for name, kind in COLUMNS.items()}
    return [{**nothing, **vars(day)} for day in days]


def joined(findings: pa.Table, days: Sequence[SessionFinding]) -> pa.Table:
    """Add findings of sessions to those of the rules (a table of `table.SCHEMA`), in the order of findings."""
    if not days:
        return findings
    plain = pa.schema([(column.name, _plain(column.type)) for column in findings.schema])
    both = pa.concat_tables([findings.cast(plain), pa.Table.from_pylist(as_findings(days), schema=plain)])
    import pyarrow.compute as pc  # noqa: PLC0415 - few panels are held against a calendar

    order = pc.sort_indices(both, sort_keys=[(name, "ascending") for name in ("date", "ticker", "rule")])
    return both.take(order).cast(findings.schema).combine_chunks()


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind
