"""Finds the bad cells of rules: those of the set in one statement, which is parsed once, the user's own one by one."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import pyarrow as pa

from quality.engine.connection import Connection, EngineError, columns_of, first_line, run
from quality.engine.statements import sql_root, statement
from quality.errors import UsageError
from quality.evaluation.robust.evidence import first_conditions
from quality.findings.columns import OPTIONAL
from quality.patterns import best_fits
from quality.rules.model import Rule

# What a rule sees as `metrics` on the evening itself: nothing of later days, blocks that returned, and runs so far.
_ON_THE_DAY = "with metrics as (from cells_on_the_day)"
# The columns of what is found; `rule_number` is the position among the rules that were asked, and `in_hindsight` tells
# what a rule says in the light of later days from what it says on the day: some do both.
FOUND = pa.schema(
    {
        "date": pa.date32(),
        "ticker": pa.string(),
        "rule_number": pa.int32(),
        "in_hindsight": pa.bool_(),
        "price": pa.float64(),
        "expected": pa.float64(),
        "deviation": pa.float64(),
        "message": pa.string(),
        "lower": pa.float64(),
        "upper": pa.float64(),
        "first_date": pa.date32(),
        "last_date": pa.date32(),
        "factor": pa.float64(),
        "covered": pa.bool_(),
    }
)
# Which findings are wanted, by what the scope says of them.
_WANTED = {
    "scope_start": "date >= $scope_start",
    "scope_end": "date <= $scope_end",
    "scope_only": "list_contains($scope_only, ticker)",
    "scope_but": "not list_contains($scope_but, ticker)",
}
_PARAMETER = re.compile(r"\$([a-z][a-z0-9_]*)")


@dataclass(frozen=True)
class Scope:
    """What findings are wanted of.

    Attributes:
        tickers: All tickers that there are.
        start: The first date, None for the first that there is.
        end: The last date, None for the last that there is.

    """

    tickers: Sequence[str]
    start: dt.date | None = None
    end: dt.date | None = None


def is_of_set(rule: Rule) -> bool:
    """Tell whether a rule is of the set, not the user's own."""
    return rule.source.startswith(str(sql_root()))


@dataclass(frozen=True)
class _View:
    """A rule, its number, and whether it is asked in the light of later days."""

    rule: Rule
    number: int
    in_hindsight: bool

    @property
    def sees_all(self) -> bool:
        """Whether it sees later days: a rule of the set that looks ahead says so, or a test fails; others may not."""
        return self.in_hindsight or (is_of_set(self.rule) and not self.rule.look_ahead)


@dataclass(frozen=True)
class _Question:
    """A rule with its values for a group of tickers, and which of its findings are wanted."""

    view: _View
    parameters: Mapping[str, float]
    scope: Mapping[str, object]


@dataclass(frozen=True)
class _Part:
    """A rule with its values for a group of tickers, as a statement and its parameters."""

    text: str
    parameters: Mapping[str, object]


def find_together(connection: Connection, rules: Sequence[Rule], scope: Scope) -> pa.Table:
    """Give what some rules find, in one pass (the columns of `FOUND`); their parameters are told apart by number.

    Raises:
        UsageError: A rule's SELECT or message is wrong; the message names its file.

    """
    questions = [question for number, rule in enumerate(rules) for question in _questions(rule, number, scope)]
    parts = []
    try:
        parts = [_renamed(_part(connection, one), place) for place, one in enumerate(_open(connection, questions))]
    except EngineError:
        return find_one_by_one(connection, rules, scope)
    if not parts:
        return FOUND.empty_table()
    text = "\nunion all\n".join(f"({part.text})" for part in parts)
    parameters = {name: value for part in parts for name, value in part.parameters.items()}
    try:
        return _table(connection, text, parameters)
    except EngineError:
        return find_one_by_one(connection, rules, scope)  # which names the rule that is wrong


def find_one_by_one(connection: Connection, rules: Sequence[Rule], scope: Scope) -> pa.Table:
    """Give what some rules find, each in its own words (the columns of `FOUND`).

    Raises:
        UsageError: A rule's SELECT or message is wrong; the message names its file.

    """
    found = [FOUND.empty_table()]
    for number, rule in enumerate(rules):
        for question in _questions(rule, number, scope):
            part = _part(connection, question)
            try:
                found.append(_table(connection, part.text, part.parameters))
            except EngineError as error:
                raise UsageError(f"{rule.source}: {first_line(error)}") from error
    return pa.concat_tables(found)


def _table(connection: Connection, text: str, parameters: Mapping[str, object]) -> pa.Table:
    # A table between: asked for rows at once, the engine plans a long statement more often than once.
    connection.execute(f"create or replace temp table found as {text}", dict(parameters))
    found = connection.sql("from found").to_arrow_table()
    connection.execute("drop table found")
    # To cast, where nothing needs it, would import all that Arrow computes: a check does without.
    return found if found.schema.equals(FOUND) else found.cast(FOUND)


def _open(connection: Connection, questions: Sequence[_Question]) -> list[_Question]:
    """Leave out the questions to which the answer is nothing: what their rules state first is true nowhere."""
    asked: dict[str, list[tuple[int, _Part]]] = {}
    is_open = [not first_conditions(question.view.rule.sql) for question in questions]
    for number, question in enumerate(questions):
        for relation, condition in first_conditions(question.view.rule.sql):
            used = {name: question.parameters[name] for name in _PARAMETER.findall(condition)}
            seen = "cells_on_the_day" if relation == "metrics" and not question.view.sees_all else relation
            asked.setdefault(seen, []).append((number, _renamed(_Part(f"bool_or({condition})", used), number)))
    for relation, parts in asked.items():
        text = f"select {', '.join(part.text for _, part in parts)} from {relation}"  # noqa: S608 - the rules' own words
        (answers,) = run(
            connection, text, {name: value for _, part in parts for name, value in part.parameters.items()}
        )
        for (number, _), answer in zip(parts, answers, strict=True):
            is_open[number] |= bool(answer)
    return [question for question, kept in zip(questions, is_open, strict=True) if kept]


def _questions(rule: Rule, number: int, scope: Scope) -> Iterator[_Question]:
    """Give a rule as questions: of most tickers, and of each group that has values of its own, each in its views."""
    own = best_fits(rule.by_ticker, scope.tickers) if rule.by_ticker else {}
    dates = {"scope_start": scope.start, "scope_end": scope.end}
    wanted: dict[str, object] = {name: value for name, value in dates.items() if value is not None}
    but: dict[str, object] = {"scope_but": list(own)} if own else {}
    groups = [(rule.parameters, {**wanted, **but})]
    for pattern, parameters in rule.by_ticker.items():
        if group := [ticker for ticker, best in own.items() if best == pattern]:
            groups.append((parameters, {**wanted, "scope_only": group}))
    views = [False] * rule.is_causal + [True] * rule.is_retrospective
    for parameters, chosen in groups:
        for in_hindsight in views:
            yield _Question(_View(rule, number, in_hindsight), parameters, chosen)


def _part(connection: Connection, question: _Question) -> _Part:
    view, parameters, scope = question.view, question.parameters, question.scope
    rule, metrics = view.rule, "" if view.sees_all else _ON_THE_DAY
    try:
        columns = _columns(connection, metrics, rule.sql, tuple(parameters.items()))
        pattern, arguments = rule.message.as_sql(parameters, columns)
    except EngineError as error:
        raise UsageError(f"{rule.source}: {first_line(error)}") from error
    except UsageError as error:
        raise UsageError(f"{rule.source}: {error}") from error
    text = statement("robust/found").format(
        metrics=metrics,
        number=view.number,
        in_hindsight=str(view.in_hindsight).lower(),
        message=", ".join(["format($rule_message", *arguments]) + ")" if arguments else "$rule_message",
        optional=", ".join(name if name in columns else f"{absent} as {name}" for name, absent in OPTIONAL.items()),
        bad_cells=rule.sql,
        wanted=" and ".join(_WANTED[name] for name in scope) or "true",
    )
    return _Part(text, {**parameters, **scope, "rule_message": pattern})


@lru_cache(maxsize=256)
def _columns(
    connection: Connection, metrics: str, text: str, parameters: tuple[tuple[str, float], ...]
) -> tuple[str, ...]:
    """Give the names of a SELECT's columns; the relations that it reads have the same ones in every chunk."""
    described = f"{metrics} select * from ({text}\n)"  # noqa: S608 - a rule's own text
    return tuple(columns_of(connection, described, dict(parameters)))


def _renamed(part: _Part, place: int) -> _Part:
    """Put a part's place before the names of its parameters, which other parts use too."""
    prefix = f"part_{place}_"
    text = _PARAMETER.sub(lambda match: f"${prefix}{match[1]}", part.text)
    return _Part(text, {prefix + name: value for name, value in part.parameters.items()})
