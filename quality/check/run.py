"""Checks one incoming day against history: its structure first, then the same rules over the tail."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl

from quality.calendar.exchanges import PANEL, open_calendar
from quality.check.day import Day, Entry
from quality.check.history import History, read_history, too_little_history
from quality.check.report import make_report
from quality.check.structure import AS_IT_CAME, DATE, MISSING, WHOLE_DAY, Reported, structure
from quality.engine.connection import Connection, EngineError, EngineOptions, first_line, frame, open_engine
from quality.engine.statements import statement
from quality.errors import InputError
from quality.evaluation.session_findings import as_findings, session_findings
from quality.evaluation.sets import evaluation_of
from quality.findings import schema as findings_files
from quality.findings.suppressions import NO_SUPPRESSIONS, Suppressions, mark
from quality.panel.grid import grid_of_rows
from quality.panel.partitions import SCHEMA, list_years
from quality.rules.model import RuleSet
from quality.storage import Store, local_copies


@dataclass(frozen=True)
class CheckResult:
    """What a check found.

    Attributes:
        day: The session that was checked.
        findings: The findings' columns, in the order of the report.
        issues: The report's pairs of key and issue, in that order, those that count.
        entries: How many prices came.
        history: What they were checked against.
        outside: Pairs of key and issue that the report leaves out.
        suppressed: The pairs of key and issue that a suppression makes not count.
        calendar: Which days are sessions.
        suppressions: The suppressions.
        matched: By entry, how many findings it matches.
        ignored: How many rows of other dates the file held, by date.

    """

    day: dt.date
    findings: pl.DataFrame
    issues: tuple[tuple[str, str], ...]
    entries: int
    history: History
    outside: tuple[tuple[str, str], ...] = ()
    suppressed: tuple[tuple[str, str], ...] = ()
    calendar: str = PANEL
    suppressions: Suppressions = NO_SUPPRESSIONS
    matched: Mapping[str, int] = field(default_factory=dict)
    ignored: Mapping[dt.date, int] = field(default_factory=dict)


def check(
    day: Day,
    panel: Store,
    ruleset: RuleSet,
    calendar: str = PANEL,
    suppressions: Suppressions = NO_SUPPRESSIONS,
    *,
    is_again: bool = False,
) -> CheckResult:
    """Check one day against the sessions before it.

    Only the tail of the panel is read, and the tickers of the rest.

    Args:
        day: The incoming day.
        panel: Where history is; sessions from the day on are left aside.
        ruleset: The rules; the retrospective ones among them are left out.
        calendar: Which days are sessions; those missing since the last session are found too.
        suppressions: The findings that do not count.
        is_again: Whether the panel holds the day by an earlier run of the same job, which is then no finding.

    Raises:
        NotEnoughHistoryError: There are fewer than seven sessions before the day (fewer still where the
            rules look back on less).
        InputError: The panel cannot be read.

    """
    ruleset = ruleset.causal
    years = [year for year in list_years(panel) if year.year <= day.date.year]
    if not years:
        raise too_little_history()
    keys = [key for year in years for key in year.keys]
    with (
        local_copies(panel, keys) as paths,
        open_engine(EngineOptions(threads=2, files=list(paths.values()))) as engine,
    ):
        try:
            history = read_history(
                engine, panel, years, paths, day=day.date, look_back=evaluation_of(ruleset).look_back
            )
            history = replace(history, holds_day=history.holds_day and not is_again)
            reported = [
                *structure(day, history, ruleset.structural),
                *_values(engine, day, history, ruleset),
                *_session_findings(day, history, ruleset, calendar),
            ]
        except EngineError as error:
            raise InputError(f"{panel.address}: {first_line(error)}") from error
    reported.sort(key=lambda item: item.place)
    rows = pl.DataFrame([item.finding for item in reported], schema=findings_files.SCHEMA)
    marked, matched = mark(rows.to_arrow(), suppressions)
    found = findings_files.complete(pl.DataFrame(pl.from_arrow(marked)), findings_files.FILED_SCHEMA)
    report = make_report(reported, found, ruleset)
    return CheckResult(
        day.date,
        found,
        report.issues,
        len(day.entries),
        history,
        report.outside,
        report.suppressed,
        calendar,
        suppressions,
        matched,
        day.ignored,
    )


def _session_findings(day: Day, history: History, ruleset: RuleSet, name: str) -> list[Reported]:
    """Report that the day is closed, and the sessions that the calendar holds between the last one and the day."""
    last = history.sessions[-1] if history.sessions else None
    calendar = open_calendar(name, last or day.date, day.date)
    found = as_findings(session_findings(calendar, ruleset.structural, [day.date], after=last))
    return [Reported((WHOLE_DAY, at), item["ticker"], item) for at, item in enumerate(found)]


def _values(engine: Connection, day: Day, history: History, ruleset: RuleSet) -> list[Reported]:
    """Judge the day's prices by the rules; the copies of a doubled ticker one after the other."""
    reported: list[Reported] = []
    held = {entry.ticker for entry in day.entries}
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
            elif number == 0 and ticker not in held:
                at = position.get(ticker, 0)
                reported.append(Reported((MISSING, at), f"column_{at}", finding))
    return reported


def _evaluate_layer(
    engine: Connection, day: dt.date, layer: Sequence[Entry], history: History, ruleset: RuleSet
) -> list[dict[str, Any]]:
    """Evaluate the rules on the day as a grid: its tail, and the day as the one judged session."""
    evaluation = evaluation_of(ruleset)
    tail = frame(engine, statement("check/rows"))
    incoming = [(day, entry.ticker, entry.price) for entry in layer]
    rows = pl.concat([tail, pl.DataFrame(incoming, schema=SCHEMA, orient="row")])
    sessions = np.array([*history.sessions, day], dtype="datetime64[D]")
    known = history.tickers if evaluation.remembers else rows.get_column("ticker").unique().to_list()
    old = set(history.tickers)
    grid = grid_of_rows(
        rows.get_column("date").to_numpy(),
        rows.get_column("ticker").to_list(),
        rows.get_column("price").to_numpy(),
        sessions=sessions,
        judged=slice(len(sessions) - 1, len(sessions)),
        first_seen={ticker: 1 if ticker in old else len(sessions) for ticker in (*known, *(e.ticker for e in layer))},
    )
    return list(evaluation.evaluate(engine, grid, ruleset, day, day).findings.to_pylist())
