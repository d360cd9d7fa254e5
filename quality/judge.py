"""Evaluates a rule set over one chunk of cells: the same statements for a scan's years and for a day."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from quality.engine import Connection, EngineError, columns_of, first_line, frame, register, run
from quality.errors import InputError, UsageError
from quality.measures import count_cells, make_findings, make_metrics, read_cells
from quality.queries import statement
from quality.rules import Rule, RuleSet


@dataclass(frozen=True)
class ChunkInputs:
    """What the statements know of a chunk beside its rows.

    Attributes:
        sessions: date, part, session, is_filed, is_sorted, is_near (see `chunks.chunk_sessions`).
        tickers: ticker, number, first_session: all tickers ever seen up to the chunk's end.
        presence: part, ticker, first_session, last_session: who has rows in the chunk's parts.

    """

    sessions: pl.DataFrame
    tickers: pl.DataFrame
    presence: pl.DataFrame


@dataclass(frozen=True)
class Judgement:
    """What came of a chunk.

    Attributes:
        findings: The findings' columns, sorted by date, ticker and rule.
        rows: Rows of the panel that were judged.
        absent: Cells that were expected and have no row.
        in_order: False when the files were not sorted by ticker and date: nothing else is then valid.

    """

    findings: pl.DataFrame
    rows: int
    absent: int
    in_order: bool = True


def judge(
    connection: Connection, inputs: ChunkInputs, ruleset: RuleSet, start: dt.date, end: dt.date
) -> Judgement:
    """Evaluate every rule over the views `filed_rows` and `near_rows`, which the caller has made.

    Args:
        connection: The engine that holds the two views (date, ticker, price).
        inputs: Sessions, tickers and presence of the chunk.
        ruleset: The rules.
        start: First date whose findings are wanted.
        end: Last date whose findings are wanted.

    Raises:
        InputError: Two rows share a date and ticker.

    """
    register(connection, "sessions", inputs.sessions)
    register(connection, "tickers", inputs.tickers)
    register(connection, "presence", inputs.presence)
    if ruleset.name == "robust":
        return _judge_robustly(connection, inputs, ruleset, start, end)
    for name in ("cells", f"metrics/{ruleset.name}", "chunk/cells", "chunk/present"):
        connection.execute(statement(name))
    disordered, doubled = run(connection, statement("chunk/disorder"))[0]
    if doubled:
        raise InputError(_doubled(doubled))
    if disordered:
        return Judgement(pl.DataFrame(), 0, 0, in_order=False)
    for name in ("chunk/absent", "chunk/metrics", "chunk/findings"):
        connection.execute(statement(name))
    for rule in ruleset.rules:
        _evaluate(connection, rule, start, end)
    rows, absent = run(connection, statement("chunk/size"), {"start": start, "end": end})[0]
    findings = frame(connection, statement("chunk/sorted_findings"))
    return Judgement(findings, rows, absent)


def _judge_robustly(
    connection: Connection, inputs: ChunkInputs, ruleset: RuleSet, start: dt.date, end: dt.date
) -> Judgement:
    """Evaluate the set that is measured as a matrix; the order of the rows does not matter to it."""
    cells = read_cells(connection, inputs.sessions, inputs.tickers)
    measured = make_metrics(connection, cells, ruleset)
    dates = inputs.sessions.filter("is_sorted").sort("session").get_column("date")
    rows, absent = count_cells(cells, measured, dates.is_between(start, end).to_numpy())
    return Judgement(make_findings(connection, cells, ruleset, start, end), rows, absent)


def _doubled(count: int) -> str:
    return (
        f"{count} rows repeat the date and ticker of another row; a panel holds one row a date and ticker: "
        "ingest the files again to settle which one counts"
    )


def _evaluate(connection: Connection, rule: Rule, start: dt.date, end: dt.date) -> None:
    """Put a rule's bad cells into `findings`: once for most tickers, once for each that has its own values."""
    scope = {"scope_start": start, "scope_end": end}
    _insert(connection, rule, rule.parameters, {**scope, "scope_only": None, "scope_but": list(rule.by_ticker)})
    for ticker, parameters in rule.by_ticker.items():
        _insert(connection, rule, parameters, {**scope, "scope_only": [ticker], "scope_but": []})


def _insert(
    connection: Connection, rule: Rule, parameters: Mapping[str, float], scope: Mapping[str, object]
) -> None:
    try:
        pattern, arguments = rule.message.as_sql(parameters, columns_of(connection, rule.sql, parameters))
        message = ", ".join(["format($rule_message", *arguments]) + ")"
        text = statement("chunk/insert_findings").format(bad_cells=rule.sql, message=message)
        told = {"rule_name": rule.name, "rule_severity": rule.severity, "rule_message": pattern}
        run(connection, text, {**parameters, **scope, **told})
    except EngineError as error:
        raise UsageError(f"{rule.source}: {first_line(error)}") from error
