"""What a report shows: every table and series of it, made by SQL and small at any size of the panel."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from quality.engine.connection import Connection, first_line, frame, register, run
from quality.engine.statements import statement
from quality.errors import InputError
from quality.findings.runs import Run
from quality.investigate.report.series import thinned
from quality.investigate.sources import Sources
from quality.investigate.views import Limits, has_panel, open_views
from quality.scoring.score import Score, read_truth, score

HEAT_COLUMNS, HEAT_LINES = 120, 50
MOST_INCIDENTS = 400
MOST_CHARTS = 16
# All charts together, so that the page stays small.
_MOST_POINTS = 40_000
_STEPS = ((130, "day"), (1_000, "week"), (8_000, "month"))


@dataclass(frozen=True)
class Heat:
    """Findings by bins of sessions (columns) and bins of tickers (lines)."""

    cells: pl.DataFrame
    columns: pl.DataFrame
    lines: pl.DataFrame


@dataclass(frozen=True)
class ReportData:
    """Everything that a report shows.

    Attributes:
        runs: The runs, the earliest first; their latest tells how it was made.
        summary: The latest run's summary.
        incident_counts: severity, status, incidents.
        incidents: Those to look at first.
        step: The step of `over_time`: day, week, month or year.
        over_time: start, errors, warnings, infos.
        rules: rule, severity, findings, incidents, tickers.
        days: The days with the most findings.
        heat: Findings by sessions and tickers.
        tickers: Those with charts, the worst first.
        prices: Their prices and what could be expected, thinned where they are very many.
        flagged: What was found of them.
        coverage: A row a year; None where the panel is out of reach.
        score: How right the run is, by name of the table; empty where the truth is not known.
        notes: What the report could not show, and why.

    """

    runs: Sequence[Run]
    summary: Mapping[str, Any]
    runs_table: pl.DataFrame
    incident_counts: pl.DataFrame
    incidents: pl.DataFrame
    step: str
    over_time: pl.DataFrame
    rules: pl.DataFrame
    days: pl.DataFrame
    heat: Heat
    tickers: pl.DataFrame
    prices: pl.DataFrame
    flagged: pl.DataFrame
    coverage: pl.DataFrame | None
    score: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    notes: Sequence[str] = ()

    @property
    def first_session(self) -> dt.date | None:
        """The first session that was looked at."""
        return min((run.first_session for run in self.runs if run.first_session), default=None)

    @property
    def last_session(self) -> dt.date | None:
        """The last session that was looked at."""
        return max((run.last_session for run in self.runs if run.last_session), default=None)


def collect_report(sources: Sources, limits: Limits | None = None) -> ReportData:
    """Gather what a report of some runs shows.

    Args:
        sources: The runs; the panel, where it is not the one that they name; the truth, where it is known.
        limits: What the engine may take.

    Raises:
        InputError: There is no run, or it is an ingest, which has no findings.

    """
    runs = [run for run in sources.known_runs if run.summary.get("job") != "ingest"]
    if not runs:
        raise InputError("there is nothing to report: the run is an ingest; `pricewatch sql refused_rows` tells of it")
    notes: list[str] = [f"{run.name} was stopped before its end" for run in runs if not run.is_finished]
    with open_views(sources, {"incidents", "runs"}, limits or Limits()) as engine:
        is_there = has_panel(engine)
        if not is_there:
            notes.append("the panel is out of reach: no prices, no coverage; weekdays are taken for sessions")
        for name in ("counted", "kept_incidents", "panel_tickers" if is_there else "found_tickers"):
            engine.execute(statement(f"report/{name}"))
        tickers = frame(engine, statement("report/worst_tickers"), {"most": MOST_CHARTS})
        register(engine, "chart_tickers", tickers.select("ticker"))
        flagged = frame(engine, statement("report/flagged"))
        (sessions,) = run(engine, "select count(*) from session_dates")[0]
        step = next((step for most, step in _STEPS if sessions <= most), "year")
        summary = runs[-1].summary
        return ReportData(
            runs=runs,
            summary=summary,
            runs_table=frame(engine, "select * from runs"),
            incident_counts=frame(engine, statement("report/incident_counts")),
            incidents=frame(engine, statement("report/top_incidents"), {"most": MOST_INCIDENTS}),
            step=step,
            over_time=frame(engine, statement("report/over_time"), {"step": step}),
            rules=frame(engine, statement("report/rules")),
            days=frame(engine, statement("report/days")),
            heat=_heat(engine),
            tickers=tickers,
            prices=_prices(engine, flagged, summary, tickers.height) if is_there else _NO_PRICES,
            flagged=flagged,
            coverage=frame(engine, statement("report/coverage")) if is_there else None,
            score=_score(runs[-1], sources, notes),
            notes=notes,
        )


_NO_PRICES = pl.DataFrame(schema={"ticker": pl.String, "date": pl.Date, "price": pl.Float64, "expected": pl.Float64})


def _heat(engine: Connection) -> Heat:
    sizes = {"columns": HEAT_COLUMNS, "lines": HEAT_LINES}
    return Heat(
        frame(engine, statement("report/heat"), sizes),
        frame(engine, statement("report/heat_columns"), {"columns": HEAT_COLUMNS}),
        frame(engine, statement("report/heat_lines"), {"lines": HEAT_LINES}),
    )


def _prices(engine: Connection, flagged: pl.DataFrame, summary: Mapping[str, Any], tickers: int) -> pl.DataFrame:
    prices = frame(engine, statement("report/prices"), {"is_notebook": summary.get("ruleset") == "notebook"})
    return thinned(prices, flagged, _MOST_POINTS // max(tickers, 1))


def _score(latest: Run, sources: Sources, notes: list[str]) -> dict[str, pl.DataFrame]:
    """Give the score's tables: made where the truth was given, read where `score` has left them beside the run."""
    if sources.truth:
        scored = _fresh_score(latest, sources)
        return {"total": pl.DataFrame([dict(scored.total)]), "by_type": scored.by_type, "by_rule": scored.by_rule}
    tables = {}
    for name in ("total", "by_type", "by_rule"):
        key = f"score/{name}.parquet"
        if key in latest.sizes:
            try:
                with latest.store.local_copy(key) as path:
                    tables[name] = pl.read_parquet(path)
            except (pl.exceptions.PolarsError, OSError) as error:
                notes.append(f"the score cannot be read: {first_line(error)}")
    return tables


def _fresh_score(latest: Run, sources: Sources) -> Score:
    from quality.scoring.score import read_run  # noqa: PLC0415
    from quality.storage import read_file  # noqa: PLC0415

    summary, findings = read_run(latest.store)
    truth = str(sources.truth)
    return score(summary, findings, read_truth(read_file(truth, sources.s3), truth))
