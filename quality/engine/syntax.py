"""Parses SQL with DuckDB's own parser: what a statement is, and which parameters it has."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import cache
from typing import Any

import duckdb

from quality.engine.connection import Connection, first_line, lock_in
from quality.errors import UsageError

# The kinds of queries that only read; an engine of another version may know more that write.
_READING = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})

# What makes a SELECT more than a filter: its other clauses, and expressions that look at several rows.
_BESIDE_FILTER = ("modifiers", "group_expressions", "having", "sample", "qualify")
_OF_SEVERAL_ROWS = frozenset({"SUBQUERY", "WINDOW"})


def parameters_of(text: str) -> set[str]:
    """Give the names of a statement's `$parameters`.

    Raises:
        UsageError: The text is not one SELECT; the message says what it is instead.

    """
    try:
        statements = duckdb.extract_statements(text)
    except duckdb.Error as error:
        raise UsageError(f"not valid SQL: {first_line(error)}") from error
    if len(statements) != 1:
        raise UsageError(f"holds {len(statements)} statements, not one SELECT")
    if statements[0].type != duckdb.StatementType.SELECT:
        raise UsageError(f"is a statement of kind {statements[0].type.name}, not a SELECT")
    # Only a WITH can hold them; without one, the cost of a second parse is saved.
    if "with" in text.lower() and (written := _kinds_of_nodes(text) - _READING):
        raise UsageError(f"holds a part that writes ({', '.join(sorted(written))}); a SELECT may only read")
    return set(statements[0].named_parameters)


def tree_of(text: str) -> Any:  # noqa: ANN401 - JSON
    """Parse a SELECT into the engine's own tree.

    Raises:
        UsageError: The engine cannot write its tree.

    """
    (tree,) = trees_of([text])
    if tree.get("error", True):
        raise UsageError(f"not a SELECT that can be read: {tree.get('error_message', 'unreadable')}")
    return tree


def trees_of(texts: Sequence[str]) -> list[dict[str, Any]]:
    """Parse SELECTs into the engine's own trees, all at once: a statement a text takes three times as long.

    Where it cannot write a text's tree, that has `error` and `error_message`.
    """
    with closing(parser().cursor()) as cursor:
        rows = cursor.execute(
            "select json_serialize_sql(text) from unnest($texts) as given(text)", {"texts": list(texts)}
        ).fetchall()
    return [json.loads(tree) for (tree,) in rows]


def nodes_of(tree: object) -> Iterator[dict[str, Any]]:
    """Give all nodes of a tree, in no order that means anything."""
    branches = [tree]
    while branches:
        branch = branches.pop()
        if isinstance(branch, dict):
            yield branch
            branches += branch.values()
        elif isinstance(branch, list):
            branches += branch


def is_bare(node: Mapping[str, Any]) -> bool:
    """Tell whether a query is one SELECT that neither groups nor orders, limits, samples or filters what it made."""
    return node.get("type") == "SELECT_NODE" and not any(node[part] for part in _BESIDE_FILTER)


def look_at_rows(nodes: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether any of the nodes of a tree looks at several rows by itself: a window or a query within."""
    return any(node.get("class") in _OF_SEVERAL_ROWS for node in nodes)


def _kinds_of_nodes(text: str) -> set[str]:
    """Give the kinds of all queries within a SELECT: DuckDB lets a WITH hold an INSERT, DELETE or COPY too."""
    try:
        tree = tree_of(text)
    except UsageError as error:
        return {str(error)}
    return {str(node["type"]) for node in nodes_of(tree) if str(node.get("type")).endswith("_NODE")}


@cache
def parser() -> Connection:
    """Open, once, an engine that only parses."""
    connection = duckdb.connect(":memory:", config={"threads": 1})  # noqa: TID251 - this is DuckDB's one door
    lock_in(connection, [])
    return connection
