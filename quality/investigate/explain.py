"""Explains a ticker's day: what was measured, what each rule made of it step by step, and what surrounds it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from quality.engine.connection import Connection, frame, run
from quality.engine.statements import statement
from quality.errors import InputError, UsageError
from quality.investigate.known import known_of
from quality.investigate.sources import Sources
from quality.investigate.verdicts import Measured, Verdict, measure_day
from quality.investigate.views import Limits, has_panel, open_views
from quality.patterns import fitting
from quality.rules.loading import load_ruleset
from quality.rules.model import Rule, RuleSet
from quality.rules.severities import Severity
from quality.text import similar

# Where the sessions around a day are looked for: no rule set looks further back or ahead.
_DAYS_BEFORE, _DAYS_AFTER = 550, 120


@dataclass(frozen=True)
class Timeline:
    """A ticker's incidents, the latest first, and when it was there."""

    ticker: str
    first_date: dt.date
    last_date: dt.date
    incidents: pl.DataFrame


@dataclass(frozen=True)
class Explanation:
    """A ticker's day.

    Attributes:
        ticker: The ticker.
        day: The day.
        around: date, price, expected, lower, upper, move, rule: the sessions around it.
        measured: The metrics of the cell and what each is.
        verdicts: What each rule made of it.
        findings: What the run holds of the cell.
        incidents: Those that the day is part of.
        suppressions: Those that concern the ticker on that day.
        market: What the market did, and what else was found that day.
        notes: What could not be said, and why.

    """

    ticker: str
    day: dt.date
    around: pl.DataFrame
    measured: Sequence[Measured]
    verdicts: Sequence[Verdict]
    findings: pl.DataFrame
    incidents: pl.DataFrame
    suppressions: Sequence[Mapping[str, Any]]
    market: Mapping[str, Any]
    notes: Sequence[str]

    def as_dict(self) -> dict[str, Any]:
        """Give it for JSON."""
        return {
            "ticker": self.ticker,
            "date": self.day,
            "around": self.around.to_dicts(),
            "measured": [vars(measured) for measured in self.measured],
            "verdicts": [verdict.as_dict() for verdict in self.verdicts],
            "findings": self.findings.to_dicts(),
            "incidents": self.incidents.to_dicts(),
            "suppressions": list(self.suppressions),
            "market": dict(self.market),
            "notes": list(self.notes),
        }


def explain_ticker(ticker: str, sources: Sources, limits: Limits | None = None) -> Timeline:
    """Tell a ticker's incidents.

    Raises:
        InputError: Neither the panel nor the findings hold the ticker.

    """
    with open_views(sources, {"incidents"}, limits or Limits()) as engine:
        first, last = _known(engine, ticker)
        return Timeline(ticker, first, last, _incidents(engine, ticker))


def explain_day(ticker: str, day: dt.date, sources: Sources, limits: Limits | None = None) -> Explanation:
    """Explain a ticker's day: the rule set of the run is evaluated again on the sessions around it.

    Args:
        ticker: The ticker.
        day: A session of the panel.
        sources: The run, and where it moved, its panel.
        limits: What the engine may take.

    Raises:
        InputError: There is no panel, or it holds neither the ticker nor the day.
        UsageError: The run names a rule set that is not known.

    """
    limits = limits or Limits()
    summary = sources.known_runs[-1].summary
    ruleset, notes = ruleset_of(summary)
    known, lacking = known_of(summary, sources.s3)
    with open_views(sources, {"panel", "incidents", "sessions"}, limits) as engine:
        _known(engine, ticker)
        if not run(engine, "select 1 from session_dates where date = $day", {"day": day}):
            raise InputError(_no_session(engine, day))
        given = {"ticker": ticker, "day": day}
        incidents = _incidents(engine, ticker)
        outcome = measure_day(
            engine, ticker, day, ruleset, (_back(day, _DAYS_BEFORE), _back(day, -_DAYS_AFTER)), known=known
        )
        around = outcome.around
        span = {"first": around.get_column("date").min() or day, "last": around.get_column("date").max() or day}
        nearby = frame(engine, statement("explain/findings"), {"ticker": ticker, **span})
        others = frame(engine, statement("explain/day"), {"day": day}).to_dicts()[0]
    found = nearby.filter(pl.col("date") == given["day"])
    return Explanation(
        ticker,
        day,
        _with_rules(around, nearby),
        outcome.measured,
        outcome.verdicts,
        found,
        incidents.filter((pl.col("first_date") <= day) & (pl.col("last_date") >= day)),
        [entry for entry in summary.get("suppressions") or [] if _concerns(entry, ticker, day)],
        {**outcome.market, **others},
        [*notes, *lacking, *outcome.notes],
    )


def _incidents(engine: Connection, ticker: str) -> pl.DataFrame:
    """Gather the incidents of one ticker only: those of all take long where findings are many."""
    run(engine, statement("explain/ticker_findings"), {"ticker": ticker})
    return frame(engine, statement("explain/incidents"), {"ticker": ticker})


def ruleset_of(summary: Mapping[str, Any]) -> tuple[RuleSet, list[str]]:
    """Give the rules of a run with the thresholds that were in force, and what of them is not known here."""
    name = summary.get("ruleset")
    if not name:
        raise UsageError("the run names no rule set: it was stopped, or is an ingest")
    ruleset = load_ruleset(str(name))
    in_force: Mapping[str, Mapping[str, float]] = summary.get("rules") or {}
    of_tickers: Mapping[str, Mapping[str, Mapping[str, float]]] = summary.get("rules_of_tickers") or {}
    severities: Mapping[str, Severity] = summary.get("rule_severities") or {}
    off = set(summary.get("disabled_rules") or [])
    known = {rule.name for rule in ruleset.rules}
    rules = tuple(
        replace(
            _as_run(rule, in_force.get(rule.name, {}), of_tickers.get(rule.name, {})),
            severity=severities.get(rule.name, rule.severity),
        )
        for rule in ruleset.rules
        if rule.name not in off
    )
    own = sorted(set(in_force) - known - set(ruleset.structural))
    notes = [f"rules of one's own are not evaluated again: {', '.join(own)}"] if own else []
    return replace(ruleset, rules=rules), notes


def _as_run(rule: Rule, parameters: Mapping[str, float], of_tickers: Mapping[str, Mapping[str, float]]) -> Rule:
    """Give a rule the parameters of a run, as far as it still has them."""

    def kept(given: Mapping[str, float]) -> dict[str, float]:
        return {name: given.get(name, value) for name, value in rule.parameters.items()}

    by_ticker = {pattern: kept(given) for pattern, given in of_tickers.items()}
    return replace(rule, parameters=kept(parameters), by_ticker=by_ticker)


def _known(engine: Connection, ticker: str) -> tuple[dt.date, dt.date]:
    name = "known" if has_panel(engine) else "known_findings"
    found = run(engine, statement(f"explain/{name}"), {"ticker": ticker})[0]
    if found[0] is None:
        names = [row[0] for row in run(engine, "select distinct ticker from findings")]  # what is misspelt is of these
        raise InputError(f"neither panel nor findings hold the ticker {ticker}{similar(ticker, names)}")
    return found[0], found[1]


def _no_session(engine: Connection, day: dt.date) -> str:
    text = "select max(date) filter (date < $day), min(date) filter (date > $day) from session_dates"
    before, after = run(engine, text, {"day": day})[0]
    return f"{day} is no session that the run looked at; near it are {before} and {after}"


def _back(day: dt.date, days: int) -> dt.date:
    return day - dt.timedelta(days=days)


def _with_rules(around: pl.DataFrame, findings: pl.DataFrame) -> pl.DataFrame:
    found = findings.group_by("date").agg(rule=pl.col("rule").sort().str.join(", "))
    return around.join(found, on="date", how="left").sort("date")


def _concerns(entry: Mapping[str, Any], ticker: str, day: dt.date) -> bool:
    is_then = (entry.get("from") or "") <= str(day) <= (entry.get("to") or "9999-12-31")
    return is_then and bool(fitting(str(entry.get("ticker")), [ticker]))
