"""Checks one incoming day against history: its structure first, then the same rules over the tail."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from quality.calendar.exchanges import PANEL
from quality.calendar.groups import EVERY, Calendars, closures_of
from quality.check.day import Day, Entry
from quality.check.history import History, read_history
from quality.check.report import make_report
from quality.check.structure import AS_IT_CAME, DATE, MISSING, WHOLE_DAY, Reported, structure
from quality.engine.connection import Connection, EngineOptions, open_engine
from quality.evaluation.session_findings import Span, as_findings, findings_of_groups
from quality.evaluation.sets import evaluation_of
from quality.findings.columns import COVERED
from quality.findings.suppressions import NO_SUPPRESSIONS, Suppressions, mark
from quality.findings.table import FILED_SCHEMA, complete, from_rows
from quality.panel.actions import CorporateActions
from quality.rules.model import RuleSet
from quality.rules.structural import INCOMPLETE_DAY
from quality.storage import Store

if TYPE_CHECKING:
    import polars as pl

# The rule of the set `robust` that says of cells what `incomplete_day` says of a file.
INCOMPLETE_SESSION = "incomplete_session"


@dataclass(frozen=True)
class CheckResult:
    """What a check found.

    Attributes:
        day: The session that was checked.
        table: The findings as an Arrow table of all their columns, in the order of the report.
        issues: The report's pairs of key and issue, in that order, those that count.
        entries: How many prices came.
        history: What they were checked against.
        outside: Pairs of key and issue that the report leaves out.
        suppressed: The pairs of key and issue that a suppression makes not count.
        calendars: Which days are sessions.
        suppressions: The suppressions.
        matched: By entry, how many findings it matches.
        ignored: How many rows of other dates the file holds, by date.

    """

    day: dt.date
    table: pa.Table
    issues: tuple[tuple[str, str], ...]
    entries: int
    history: History
    outside: tuple[tuple[str, str], ...] = ()
    suppressed: tuple[tuple[str, str], ...] = ()
    calendars: Calendars = field(default_factory=Calendars)
    suppressions: Suppressions = NO_SUPPRESSIONS
    matched: Mapping[str, int] = field(default_factory=dict)
    ignored: Mapping[dt.date, int] = field(default_factory=dict)

    @property
    def findings(self) -> "pl.DataFrame":
        """The findings as a Polars frame."""
        import polars as pl  # noqa: PLC0415 - a check itself does without

        from quality.findings.schema import FILED_SCHEMA, complete  # noqa: PLC0415

        return complete(pl.DataFrame(pl.from_arrow(self.table)), FILED_SCHEMA)


def check(
    day: Day,
    panel: Store,
    ruleset: RuleSet,
    calendar: str | Calendars = PANEL,
    suppressions: Suppressions = NO_SUPPRESSIONS,
    *,
    actions: CorporateActions | None = None,
    is_again: bool = False,
) -> CheckResult:
    """Check one day against the sessions before it.

    Only the tail of the panel is read, and the tickers of the rest.

    Args:
        day: The incoming day.
        panel: Where history is; sessions from the day on are left aside.
        ruleset: The rules; the retrospective ones among them are left out.
        calendar: Which days are sessions, for all tickers or by ticker; those missing since the last session are
            found too.
        suppressions: The findings that do not count.
        actions: The corporate actions that are known.
        is_again: Whether the panel holds the day by an earlier run of the same job, which is then no finding.

    Raises:
        NotEnoughHistoryError: There are fewer than seven sessions before the day (fewer still where the
            rules look back on less).
        InputError: The panel cannot be read.

    """
    ruleset = ruleset.causal
    calendars = Calendars(calendar) if isinstance(calendar, str) else calendar
    evaluation = evaluation_of(ruleset)
    history = read_history(
        panel, day.date, evaluation.look_back, remembers=evaluation.remembers, extras=evaluation.extras
    )
    history = replace(history, holds_day=history.holds_day and not is_again)
    closures = closures_of(calendars, np.array([*history.sessions, day.date], dtype="datetime64[D]"))
    history = replace(history, actions=actions or CorporateActions(), closures=closures)
    with open_engine(EngineOptions(threads=1)) as engine:
        reported = [
            *structure(day, history, ruleset.structural),
            *_values(engine, day, history, ruleset),
            *_session_findings(day, history, ruleset, calendars),
        ]
    reported = _told_once(sorted(reported, key=lambda item: item.place))
    marked, matched = mark(from_rows([item.finding for item in reported]), suppressions)
    found = complete({name: marked.column(name) for name in marked.column_names}, len(marked), FILED_SCHEMA)
    report = make_report(reported, found, by_position=evaluation.reports_positions)
    return CheckResult(
        day.date,
        found,
        report.issues,
        len(day.entries),
        history,
        report.outside,
        report.suppressed,
        calendars,
        suppressions,
        matched,
        day.ignored,
    )


def _told_once(reported: Sequence[Reported]) -> list[Reported]:
    """Let the finding that a session is incomplete cover the other one: that the file is short of yesterday's."""
    findings = [item.finding for item in reported]
    if not any(each["rule"] == INCOMPLETE_SESSION and not each.get(COVERED) for each in findings):
        return list(reported)
    return [
        replace(item, finding={**item.finding, COVERED: True}) if item.finding["rule"] == INCOMPLETE_DAY.name else item
        for item in reported
    ]


def _session_findings(day: Day, history: History, ruleset: RuleSet, calendars: Calendars) -> list[Reported]:
    """Report that the day is closed, and the sessions that a calendar holds between the last one and the day."""
    spans = _spans_of_groups(day, history, calendars)
    found = as_findings(findings_of_groups(calendars, ruleset.structural, spans))
    return [Reported((WHOLE_DAY, at), item["ticker"], item) for at, item in enumerate(found)]


def _spans_of_groups(day: Day, history: History, calendars: Calendars) -> dict[str, Span]:
    """Give the day and the last session before it, of each group of tickers that has rows on it."""
    if not calendars.by_pattern:
        return {EVERY: Span([day.date], history.sessions[-1] if history.sessions else None)}
    known = sorted(history.tickers)
    row = {ticker: number for number, ticker in enumerate(known)}
    arrived = {entry.ticker for entry in day.entries}
    spans = {}
    for pattern, tickers in calendars.groups({*known, *arrived}).items():
        has_rows = history.present[[row[ticker] for ticker in tickers if ticker in row]].any(axis=0)
        last = history.sessions[int(np.flatnonzero(has_rows)[-1])] if has_rows.any() else None
        if not arrived.isdisjoint(tickers):
            spans[pattern] = Span([day.date], last)
    return spans


def _values(engine: Connection, day: Day, history: History, ruleset: RuleSet) -> list[Reported]:
    """Judge the day's prices by the rules; the copies of a doubled ticker one after the other."""
    reported: list[Reported] = []
    arrived = {entry.ticker for entry in day.entries}
    position = {ticker: at for at, ticker in enumerate(history.tickers)}
    layers = day.layers
    for number, layer in enumerate(layers):
        others = [entry for entry in layers[0] if number and entry.ticker not in {own.ticker for own in layer}]
        found = _evaluate_layer(engine, day.date, [*layer, *others], history, ruleset)
        place = {entry.ticker: entry.position for entry in layer}
        for finding in found:
            ticker = finding["ticker"]
            if ticker in place:
                reported.append(Reported((AS_IT_CAME, place[ticker]), ticker, finding))
            elif number == 0 and ticker not in position:
                reported.append(Reported((DATE, 1), ticker, finding))
            elif number == 0 and ticker not in arrived:
                at = position.get(ticker, 0)
                reported.append(Reported((MISSING, at), f"column_{at}", finding))
    return reported


def _evaluate_layer(
    engine: Connection, day: dt.date, layer: Sequence[Entry], history: History, ruleset: RuleSet
) -> list[dict[str, Any]]:
    """Evaluate the rules on the day as a grid: its tail, and the day as the one judged session."""
    evaluation = evaluation_of(ruleset)
    evaluated = evaluation.evaluate(engine, history.grid(day, layer, evaluation.extras), ruleset, day, day)
    return list(evaluated.findings.to_pylist())
