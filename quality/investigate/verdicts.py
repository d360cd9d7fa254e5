"""Evaluates a rule set again around one cell, and says of each rule which of its conditions held."""

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from quality.engine.connection import Connection, EngineError, EngineOptions, frame, open_engine, run
from quality.engine.statements import sql_root, statement
from quality.errors import InputError
from quality.evaluation.protocol import Evaluation
from quality.evaluation.sets import evaluation_of
from quality.panel.extras import extras_among
from quality.panel.grid import Grid, grid_of_rows
from quality.rules.messages import Message
from quality.rules.model import Rule, RuleSet

AROUND = 10
# A rule that finds nothing and sees every cell: what is measured of each cell is then there to be read.
_PROBE = Rule(
    name="explained",
    severity="info",
    message=Message("Explained", ()),
    parameters={},
    look_back=0,
    sql="""select date, ticker, price, null::double as expected, null::double as deviation
from metrics
where price > 1 and price < 1""",
    source="explained.sql",
)
_HIDDEN = frozenset({"cell", "date", "ticker", "date_before"})
_WHERE = re.compile(r"\bwhere\b", re.IGNORECASE)
_AND = re.compile(r"\s+and\s+", re.IGNORECASE)
_BEGINS = re.compile(r"(with )?[a-z_]+ as (materialized )?\(")
_GLOSSARY = re.compile(r"^--   ([a-z_]+(?:, [a-z_]+)*) {2,}(\S.*)$", re.MULTILINE)
_NAMED = re.compile(r"\bas ([a-z_][a-z0-9_]*),?$|^([a-z_][a-z0-9_]*),$")


@dataclass(frozen=True)
class Measured:
    """One metric of the cell: its value, and the sentence of the reference that says what it is."""

    name: str
    value: Any
    what: str


@dataclass(frozen=True)
class Condition:
    """One condition of a rule: its text, with the numbers in place of the names, and whether it held."""

    text: str
    numbers: str
    holds: bool | None


@dataclass(frozen=True)
class Verdict:
    """What a rule made of the cell.

    Attributes:
        rule: The rule.
        severity: Its severity.
        found: Whether it found the cell.
        parameters: Those in force.
        conditions: Those of its SELECT, in order; of a rule that looks at several rows, none.
        look_ahead: The sessions after the day that it waits for.
        sql: The SELECT.
        source: Its file.

    """

    rule: str
    severity: str
    found: bool
    parameters: Mapping[str, float]
    conditions: Sequence[Condition]
    look_ahead: int
    sql: str
    source: str

    def as_dict(self) -> dict[str, Any]:
        """Give it for JSON."""
        return {**vars(self), "conditions": [vars(condition) for condition in self.conditions]}


@dataclass(frozen=True)
class Outcome:
    """What came of one cell."""

    around: pl.DataFrame
    measured: Sequence[Measured]
    verdicts: Sequence[Verdict]
    market: Mapping[str, Any]
    notes: Sequence[str]


def measure_day(
    views: Connection,
    ticker: str,
    day: dt.date,
    ruleset: RuleSet,
    reach: tuple[dt.date, dt.date],
    *,
    known: Callable[[Grid], Grid] = lambda grid: grid,
) -> Outcome:
    """Evaluate the rules of a set on the sessions around a day, all tickers with it: they are the market.

    Args:
        views: An engine with the views `panel` and `sessions`.
        ticker: The ticker.
        day: The day.
        ruleset: The rules, with the thresholds that were in force.
        reach: The first and the last date that are looked at.
        known: Lays over a grid what the run knew beside its panel.

    Raises:
        InputError: The panel has no rows of the day.

    """
    evaluation = evaluation_of(ruleset)
    given = {
        "day": day,
        "earliest": reach[0],
        "latest": reach[1],
        "before": evaluation.look_back + AROUND,
        "after": evaluation.look_ahead + AROUND,
    }
    rows = frame(views, statement("explain/window"), given)
    grid = known(_grid(views, rows, day, evaluation))
    with open_engine(EngineOptions(memory_limit="1GiB")) as engine:
        rules = RuleSet(ruleset.name, tuple(sorted((*ruleset.rules, _PROBE), key=lambda rule: rule.name)))
        first, last = grid.sessions[grid.judged][[0, -1]]
        found = pl.DataFrame(
            pl.from_arrow(evaluation.evaluate(engine, grid, rules, first.item(), last.item()).findings)
        )
        cell = frame(engine, statement("explain/metrics"), {"day": day, "ticker": ticker})
        here = found.filter(pl.col("date") == day, pl.col("ticker").cast(pl.String) == ticker)
        names = set(here.get_column("rule").cast(pl.String)) | set(here.get_column("first_rule").drop_nulls())
        own = [rule.for_ticker(ticker) for rule in ruleset.rules]
        verdicts = [_verdict(engine, rule, cell, ticker, day, found=rule.name in names) for rule in own]
        return Outcome(
            _around(engine, grid, ticker, ruleset),
            [Measured(name, cell.item(0, name), _what(ruleset.name, name)) for name in _shown(cell)],
            sorted(verdicts, key=lambda verdict: (not verdict.found, verdict.rule)),
            _market(engine, day, ruleset.name),
            [] if cell.height else [f"{ticker} is not expected on {day}: no rule speaks of it"],
        )


def _grid(views: Connection, rows: pl.DataFrame, day: dt.date, evaluation: Evaluation) -> Grid:
    sessions = rows.get_column("date").unique().sort().to_numpy().astype("datetime64[D]")
    places = np.flatnonzero(sessions == np.datetime64(day))
    if not len(places):
        raise InputError(
            f"the panel holds no rows of {day}: a day that was checked can be explained once it is in the panel "
            "(`check --append`); until then, `pricewatch sql` shows what was found"
        )
    position = int(places[0])
    judged = slice(max(0, position - AROUND), min(len(sessions), position + AROUND + 1))
    (before,) = run(views, "select count(*) from sessions where date < $first", {"first": sessions[0].item()})[0]
    first_seen = dict(run(views, statement("explain/first_dates"), {"day": day})) if evaluation.remembers else {}
    seen = rows.group_by("ticker").agg(pl.col("date").min())
    for name, first in seen.iter_rows():
        first_seen.setdefault(name, before + 1 + int(np.searchsorted(sessions, np.datetime64(first))))
    return grid_of_rows(
        rows.get_column("date").to_numpy(),
        rows.get_column("ticker").to_list(),
        rows.get_column("price").to_numpy(),
        sessions=sessions,
        judged=judged,
        first_seen=first_seen,
        first_number=before + 1,
        extras={
            name: rows.get_column(name).to_numpy() for name in extras_among(rows.columns) if name in evaluation.extras
        },
    )


def _shown(cell: pl.DataFrame) -> list[str]:
    return [name for name in cell.columns if name not in _HIDDEN] if cell.height else []


def _market(engine: Connection, day: dt.date, ruleset: str) -> dict[str, Any]:
    if ruleset != "robust":
        return {}
    rows = frame(engine, "select market, movers from days where date = $day", {"day": day}).to_dicts()
    return rows[0] if rows else {}


def _around(engine: Connection, grid: Grid, ticker: str, ruleset: RuleSet) -> pl.DataFrame:
    """Give the sessions around the day, with what was expected and the limits of the level rules."""
    limits = {rule.name: rule.for_ticker(ticker).parameters for rule in ruleset.rules}
    if ruleset.name == "robust":
        parameters = limits.get("price_spike", {})
        values = {"limit": parameters.get("limit", 0.2), "sigmas": parameters.get("sigmas", 8)}
        name = "explain/around_robust"
    else:
        values = {
            "up": limits.get("price_increase", {}).get("limit", 0.2),
            "down": limits.get("price_decrease", {}).get("limit", -0.2),
        }
        name = "explain/around_notebook"
    measured = frame(engine, statement(name), {"ticker": ticker, **values})
    sessions = [session.item() for session in grid.sessions[grid.judged]]
    return pl.DataFrame({"date": sessions}).join(measured, on="date", how="left")


def _verdict(engine: Connection, rule: Rule, cell: pl.DataFrame, ticker: str, day: dt.date, *, found: bool) -> Verdict:
    cell_key = {"explained_ticker": ticker, "explained_day": day}
    texts = conditions_of(rule.sql) if cell.height else []
    conditions = [_held(engine, text, rule, cell, cell_key) for text in texts]
    return Verdict(
        rule.name,
        rule.severity,
        found,
        dict(rule.parameters),
        [condition for condition in conditions if condition],
        rule.look_ahead,
        rule.sql,
        _file(rule.source),
    )


def _file(source: str) -> str:
    home = str(sql_root().parent)
    return source.removeprefix(f"{home}/")


def conditions_of(sql: str) -> list[str]:
    """Part the condition of a plain SELECT at its outermost ANDs; of a SELECT that does more, give none."""
    text = "\n".join(line.split("--", 1)[0] for line in sql.splitlines())
    if text.lower().count("select") != 1 or not (where := _WHERE.search(text)):
        return []
    return [" ".join(part.split()) for part in _parts(text[where.end() :])]


def _parts(text: str) -> Iterator[str]:
    depth, begin, between = 0, 0, False
    for match in re.finditer(r"[()]|\b(?:and|between)\b|'[^']*'", text, re.IGNORECASE):
        word = match[0].lower()
        depth += {"(": 1, ")": -1}.get(word, 0)
        if word == "between":
            between = True
        elif word == "and" and not depth:
            if between:
                between = False
                continue
            yield text[begin : match.start()]
            begin = match.end()
    yield text[begin:]


def _held(
    engine: Connection, text: str, rule: Rule, cell: pl.DataFrame, cell_key: Mapping[str, Any]
) -> Condition | None:
    """Ask the engine whether a condition of a rule holds for the cell."""
    named = {name: value for name, value in rule.parameters.items() if re.search(rf"\${name}\b", text)}
    query = statement("explain/condition").replace("{condition}", text)
    try:
        rows = run(engine, query, {**named, **cell_key})
    except EngineError:
        return None
    values = {name: cell.item(0, name) for name in cell.columns if name not in _HIDDEN}
    return Condition(text, _with_numbers(text, values, named), rows[0][0] if rows else None)


def _with_numbers(text: str, values: Mapping[str, Any], parameters: Mapping[str, float]) -> str:
    def number(match: re.Match[str]) -> str:
        name = match[0]
        if name.startswith("$"):
            return number_text(parameters.get(name[1:]))
        return number_text(values[name]) if name in values else name

    return re.sub(r"\$?[a-z_][a-z0-9_]*(?!\()\b(?!\()", number, text)


def number_text(value: object) -> str:
    """Show a value of a metric."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, float) else str(value)


@cache
def _what(ruleset: str, metric: str) -> str:
    return _sentences(ruleset).get(metric, "")


@cache
def _sentences(ruleset: str) -> dict[str, str]:
    """Read what each metric is: in the reference, the comment above it, or the expression that makes it."""
    sentences: dict[str, str] = {}
    expressions: dict[str, str] = {}
    comment: list[str] = []
    expression: list[str] = []
    for line in (sql_root() / f"reference/{ruleset}.sql").read_text(encoding="utf-8").splitlines():
        text = line.strip()
        if text.startswith("--"):
            comment.append(text.removeprefix("--").strip())
        elif not text or text in ("select", "*,") or _BEGINS.fullmatch(text):
            comment, expression = [], []
        else:
            expression.append(text)
            if name := _NAMED.search(text):
                key = name[1] or name[2]
                sentences[key] = " ".join(comment) or sentences.get(key, "")
                expressions[key] = " ".join(expression).rstrip(",")
                comment, expression = [], []
    glossary = (sql_root() / f"metrics/{ruleset}.sql").read_text(encoding="utf-8")
    words = {known: match[2] for match in _GLOSSARY.finditer(glossary) for known in match[1].split(", ")}
    return {
        name: sentences.get(name) or _not_itself(name, expressions) or words.get(name, "")
        for name in {*sentences, *words}
    }


def _not_itself(name: str, expressions: Mapping[str, str]) -> str:
    text = expressions.get(name, "")
    return "" if text in ("", name) else text.removesuffix(f" as {name}")
