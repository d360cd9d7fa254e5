"""Checks one incoming day against history: its structure first, then the same rules over the tail."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from quality.calendar.exchanges import PANEL, open_calendar
from quality.check.day import Day, Entry
from quality.check.history import History, read_history, too_little_history
from quality.check.report import make_report
from quality.check.structure import AS_IT_CAME, DATE, MISSING, WHOLE_DAY, Reported, structure
from quality.engine.connection import Connection, EngineError, EngineOptions, first_line, open_engine, register
from quality.engine.statements import statement
from quality.errors import InputError
from quality.evaluation.notebook import ChunkInputs, judge
from quality.evaluation.session_findings import as_findings, session_findings
from quality.findings import schema as findings_files
from quality.findings.suppressions import NO_SUPPRESSIONS, Suppressions, mark
from quality.panel.partitions import SCHEMA, list_years, natural_order
from quality.rules.model import RuleSet
from quality.storage import Store, local_copies

_HISTORY, _INCOMING = 0, 1


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
            history = read_history(engine, panel, years, paths, day=day.date, look_back=ruleset.look_back)
            history = replace(history, holds_day=history.holds_day and not is_again)
            reported = [
                *structure(day, history, ruleset.structural),
                *_values(engine, day, history, ruleset),
                *_session_findings(day, history, ruleset, calendar),
            ]
        except EngineError as error:
            raise InputError(f"{panel.address}: {first_line(error)}") from error
    reported.sort(key=lambda item: item.place)
    found, matched = mark(pl.DataFrame([item.finding for item in reported], schema=findings_files.SCHEMA), suppressions)
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
    return [Reported((WHOLE_DAY, at), item["ticker"], item) for at, item in enumerate(found.iter_rows(named=True))]


def _values(engine: Connection, day: Day, history: History, ruleset: RuleSet) -> list[Reported]:
    """Judge the day's prices by the rules; the copies of a doubled ticker one after the other."""
    reported: list[Reported] = []
    held = {entry.ticker for entry in day.entries}
    position = {ticker: at for at, ticker in enumerate(history.tickers)}
    layers = day.layers
    for number, layer in enumerate(layers):
        others = [entry for entry in layers[0] if number and entry.ticker not in {own.ticker for own in layer}]
        found = _judge_layer(engine, day.date, [*layer, *others], history, ruleset)
        place = {entry.ticker: entry.position for entry in layer}
        for finding in found.iter_rows(named=True):
            ticker = finding["ticker"]
            if ticker in place:
                reported.append(Reported((AS_IT_CAME, place[ticker]), ticker, finding))
            elif number == 0 and ticker not in position:
                reported.append(Reported((DATE, 1), ticker, finding))
            elif number == 0 and ticker not in held:
                at = position.get(ticker, 0)
                reported.append(Reported((MISSING, at), f"column_{at}", finding))
    return reported


def _judge_layer(
    engine: Connection, day: dt.date, layer: Sequence[Entry], history: History, ruleset: RuleSet
) -> pl.DataFrame:
    incoming = [(day, entry.ticker, entry.price) for entry in layer]
    register(engine, "incoming", pl.DataFrame(incoming, schema=SCHEMA, orient="row"))
    engine.execute(statement("check/rows"))
    return judge(engine, _inputs(day, [entry.ticker for entry in layer], history), ruleset, day, day).findings


def _inputs(day: dt.date, tickers: Sequence[str], history: History) -> ChunkInputs:
    """Describe the day as a chunk of one session, number `look-back + 1`, after its tail."""
    sessions = [*history.sessions, day]
    today = len(sessions)
    new = natural_order([ticker for ticker in tickers if ticker not in set(history.tickers)])
    is_day = pl.col("date") == day
    return ChunkInputs(
        sessions=pl.DataFrame({"date": sessions}, schema={"date": pl.Date}).select(
            "date",
            part=pl.when(is_day).then(_INCOMING).otherwise(_HISTORY).cast(pl.Int32),
            session=pl.int_range(1, pl.len() + 1, dtype=pl.Int32),
            is_filed=pl.lit(value=False),
            is_sorted=is_day,
            is_near=pl.lit(value=True),
        ),
        tickers=pl.DataFrame(
            {
                "ticker": [*history.tickers, *new],
                "first_session": [1] * len(history.tickers) + [today] * len(new),
            },
            schema={"ticker": pl.String, "first_session": pl.Int32},
        ).with_row_index("number", offset=1),
        presence=pl.DataFrame({"ticker": tickers}, schema={"ticker": pl.String}).with_columns(
            part=pl.lit(_INCOMING, dtype=pl.Int32),
            first_session=pl.lit(today, dtype=pl.Int32),
            last_session=pl.lit(today, dtype=pl.Int32),
        ),
    )
