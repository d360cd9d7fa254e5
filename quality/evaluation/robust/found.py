"""Finds the bad cells of rules: those of the set in one statement, which is parsed once, the user's own one by one."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa

from quality.engine.connection import Connection, EngineError, columns_of, first_line, register_table
from quality.engine.statements import statement
from quality.errors import UsageError
from quality.evaluation.robust.candidates import Candidates
from quality.evaluation.robust.evidence import evidence_of, evidence_of_each
from quality.evaluation.robust.questions import (
    FOUND,
    NUMBERS,
    TEXTS,
    WANTED,
    Description,
    Question,
    Scope,
    questions_of,
)
from quality.evaluation.robust.seen import Seen
from quality.findings.columns import OPTIONAL
from quality.panel.grid import Integers
from quality.rules.model import Rule

# What a rule sees as `metrics` on the evening itself: nothing of later days, blocks that returned, and runs so far.
_ON_THE_DAY = "with metrics as (from cells_on_the_day)"
_PARAMETER = re.compile(r"\$([a-z][a-z0-9_]*)")


@dataclass(frozen=True)
class _Part:
    """A question as a statement and its parameters."""

    text: str
    parameters: Mapping[str, object]


def candidates_of(
    questions: Sequence[Question], cells: pa.Table, days: pa.Table, *, beside: bool
) -> dict[int, pa.Table]:
    """Give what each question may find, by its position; a question that finds nothing is left out.

    Args:
        questions: Of rules of the set.
        cells: What was measured of the cells.
        days: What was measured of the sessions.
        beside: Whether there are optional columns or corporate actions.

    """
    cells = cells.unify_dictionaries().combine_chunks()
    views = {on_the_day: Candidates(Seen(cells, beside, on_the_day)) for on_the_day in (False, True)}
    of_days = Candidates(Seen(days, beside=True))
    found = {}
    each = evidence_of_each([question.rule.sql for question in questions])
    for position, (question, evidence) in enumerate(zip(questions, each, strict=True)):
        words = [place.name for place in question.rule.message.places]
        some = views[not question.sees_all].of(evidence, words, question.parameters)
        if len(some) or evidence is None or of_days.are_any(evidence, "days", question.parameters):
            found[position] = some
    return found


def find_together(
    connection: Connection, questions: Sequence[Question], candidates: Mapping[int, pa.Table], scope: Scope
) -> pa.Table:
    """Give what some questions find among their candidates, in one pass (the columns of `FOUND`).

    Raises:
        UsageError: A rule's SELECT or message is wrong; the message names its file.

    """
    parts = []
    for place, cells in candidates.items():
        register_table(connection, _relation(place), cells)
        if (wanted := questions[place].wanted(scope)) is not None:
            view = f"with metrics as (from {_relation(place)})"
            parts.append((place, _renamed(_part(connection, questions[place], place, view, wanted), place)))
    try:
        return _together(connection, [part for _, part in parts])
    except EngineError:
        for place, part in parts:
            _alone(connection, questions[place].rule, part)  # which names the rule that is wrong
        raise
    finally:
        for place in candidates:
            connection.unregister(_relation(place))


def find_one_by_one(connection: Connection, rules: Sequence[Rule], scope: Scope) -> pa.Table:
    """Give what some rules find in all that was measured, each in its own words (the columns of `FOUND`).

    Raises:
        UsageError: A rule's SELECT or message is wrong; the message names its file.

    """
    found = [FOUND.empty_table()]
    for question in questions_of(rules):
        if (wanted := question.wanted(scope)) is not None:
            part = _part(connection, question, None, "" if question.sees_all else _ON_THE_DAY, wanted)
            found.append(_alone(connection, question.rule, part).cast(FOUND))
    return pa.concat_tables(found)


def describe(connection: Connection, questions: Sequence[Question], found: pa.Table, rows: Integers) -> pa.Array:
    """Give the messages of some rows of what was found; those that have one keep it.

    Raises:
        UsageError: A rule's message is wrong; the message names its file.

    """
    number = found["question"].fill_null(-1).to_numpy()[rows]
    order = np.argsort(number, kind="stable")
    edges = np.searchsorted(number[order], np.arange(len(questions) + 1))
    texts = {-1: found["message"].take(pa.array(rows[order[: edges[0]]])).combine_chunks()}
    parts: dict[int, _Part] = {}
    for place in np.unique(number[number >= 0]).tolist():
        description = questions[place].described
        assert description is not None  # noqa: S101 - else its findings have messages
        of_place = rows[order[edges[place] : edges[place + 1]]]
        pattern, arguments = description.message.as_sql(questions[place].parameters, FOUND.names)
        if arguments:
            needed = {"price", *(one.name for one in description.message.places)} & set(FOUND.names)
            register_table(connection, _relation(place), found.select(sorted(needed)).take(pa.array(of_place)))
            message = ", ".join(["format($rule_message", *arguments]) + ")"
            text = statement("robust/described").format(message=message, findings=_relation(place), question=place)
            parts[place] = _renamed(_Part(text, {"rule_message": pattern}), place)
        else:
            texts[place] = pa.repeat(pattern, len(of_place))
    texts |= _described(connection, questions, parts)
    written = pa.concat_arrays([texts[place] for place in sorted(texts)])
    places = np.empty(len(order), dtype=np.int64)
    places[order] = np.arange(len(order))
    return written.take(pa.array(places))


def _described(
    connection: Connection, questions: Sequence[Question], parts: Mapping[int, _Part]
) -> Iterator[tuple[int, pa.Array]]:
    if not parts:
        return
    try:
        text, parameters = _union(list(parts.values()))
        written = _table(connection, text, parameters)
    except EngineError:
        for place, part in parts.items():
            _alone(connection, questions[place].rule, part)
        raise
    finally:
        for place in parts:
            connection.unregister(_relation(place))
    number = written["question"].to_numpy()
    for place in parts:
        begin, end = np.searchsorted(number, [place, place + 1])
        yield place, written["message"].slice(begin, end - begin).cast(pa.string()).combine_chunks()


def _together(connection: Connection, parts: Sequence[_Part]) -> pa.Table:
    return _table(connection, *_union(parts)).cast(FOUND) if parts else FOUND.empty_table()


def _alone(connection: Connection, rule: Rule, part: _Part) -> pa.Table:
    try:
        return _table(connection, part.text, part.parameters)
    except EngineError as error:
        raise UsageError(f"{rule.source}: {first_line(error)}") from error


def _union(parts: Sequence[_Part]) -> tuple[str, dict[str, object]]:
    text = "\nunion all\n".join(f"({part.text})" for part in parts)
    return text, {name: value for part in parts for name, value in part.parameters.items()}


def _table(connection: Connection, text: str, parameters: Mapping[str, object]) -> pa.Table:
    # A table between: asked for rows at once, the engine plans a long statement more often than once.
    connection.execute(f"create or replace temp table found as {text}", dict(parameters))
    found = connection.sql("from found").to_arrow_table()
    connection.execute("drop table found")
    return found


def _relation(place: int) -> str:
    """Give the name of the relation that a question is asked of."""
    return f"of_question_{place}"


def _part(
    connection: Connection, question: Question, place: int | None, metrics: str, wanted: Mapping[str, object]
) -> _Part:
    """Give a question as a statement; `place` tells by what its findings are described later, if they are."""
    rule, parameters = question.rule, question.parameters
    evidence = evidence_of(rule.sql)
    try:
        columns = (
            tuple(evidence.gives) if evidence else _columns(connection, metrics, rule.sql, tuple(parameters.items()))
        )
        description = question.described if place is not None else None
        pattern, arguments = rule.message.as_sql(parameters, columns)
    except EngineError as error:
        raise UsageError(f"{rule.source}: {first_line(error)}") from error
    except UsageError as error:
        raise UsageError(f"{rule.source}: {error}") from error
    text = statement("robust/found").format(
        metrics=metrics,
        number=question.number,
        in_hindsight=str(question.in_hindsight).lower(),
        message=_message(arguments) if description is None else "null::varchar",
        optional=", ".join(name if name in columns else f"{absent} as {name}" for name, absent in OPTIONAL.items()),
        question="null::integer" if description is None else place,
        arguments=", ".join(_arguments(description)),
        bad_cells=rule.sql,
        wanted=" and ".join(WANTED[name] for name in wanted) or "true",
    )
    return _Part(text, {**parameters, **wanted, **({"rule_message": pattern} if description is None else {})})


def _message(arguments: Sequence[str]) -> str:
    written = ", ".join(["format($rule_message", *arguments]) + ")" if arguments else "$rule_message"
    return f"coalesce({written}, $rule_message)"


def _arguments(description: Description | None) -> Iterator[str]:
    kinds = {**dict.fromkeys(NUMBERS, "double"), **dict.fromkeys(TEXTS, "varchar")}
    given = description.arguments if description else {}
    for name, kind in kinds.items():
        yield f"{given.get(name, f'null::{kind}')} as {name}"


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
