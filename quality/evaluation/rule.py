"""Evaluates one rule over `metrics`: of most tickers at once, then of each group that has values of its own."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

import polars as pl

from quality.engine.connection import Connection, EngineError, columns_of, first_line, frame
from quality.engine.statements import statement
from quality.errors import UsageError
from quality.findings.schema import SCHEMA
from quality.patterns import best_fits
from quality.rules.model import Rule

# What a rule's SELECT may leave out, and what stands there then: limits, and the stretch that a finding speaks of.
OPTIONAL = {
    "lower": "null::double",
    "upper": "null::double",
    "first_date": "null::date",
    "last_date": "null::date",
    "factor": "null::double",
    "covered": "false",
}
# What a rule alone can say: the findings' columns but for what later days make of them.
FOUND = pl.Schema({name: dtype for name, dtype in SCHEMA.items() if name not in ("status", "first_rule")})


def evaluate(
    connection: Connection, rule: Rule, tickers: Iterable[str], start: dt.date, end: dt.date
) -> Iterator[pl.DataFrame]:
    """Give a rule's findings between two dates, the columns of `FOUND`, a frame a group of tickers.

    Raises:
        UsageError: The rule's SELECT or message is wrong; the message names its file.

    """
    scope = {"scope_start": start, "scope_end": end}
    own = best_fits(rule.by_ticker, tickers) if rule.by_ticker else {}
    yield _found(connection, rule, rule.parameters, {**scope, "scope_only": None, "scope_but": list(own)})
    for pattern, parameters in rule.by_ticker.items():
        if group := [ticker for ticker, best in own.items() if best == pattern]:
            yield _found(connection, rule, parameters, {**scope, "scope_only": group, "scope_but": []})


@lru_cache(maxsize=128)
def _columns(connection: Connection, text: str, parameters: tuple[tuple[str, float], ...]) -> tuple[str, ...]:
    """Give the names of a SELECT's columns; the relations that it reads are the same in every chunk."""
    return tuple(columns_of(connection, text, dict(parameters)))


def _found(
    connection: Connection, rule: Rule, parameters: Mapping[str, float], scope: Mapping[str, object]
) -> pl.DataFrame:
    try:
        columns = _columns(connection, rule.sql, tuple(parameters.items()))
        pattern, arguments = rule.message.as_sql(parameters, columns)
        message = ", ".join(["format($rule_message", *arguments]) + ")"
        limits = ", ".join(name if name in columns else f"{absent} as {name}" for name, absent in OPTIONAL.items())
        text = statement("chunk/found").format(bad_cells=rule.sql, message=message, limits=limits)
        told = {"rule_name": rule.name, "rule_severity": rule.severity, "rule_message": pattern}
        return frame(connection, text, {**parameters, **scope, **told}).cast(FOUND)
    except EngineError as error:
        raise UsageError(f"{rule.source}: {first_line(error)}") from error
    except UsageError as error:
        raise UsageError(f"{rule.source}: {error}") from error
