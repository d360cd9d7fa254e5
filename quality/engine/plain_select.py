"""Takes a SELECT that only filters one relation apart, so that several of them can be asked in one pass."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quality.engine.connection import Connection, run
from quality.engine.statements import statement
from quality.engine.syntax import is_bare, look_at_rows, nodes_of


@dataclass(frozen=True)
class PlainSelect:
    """A statement `select <columns> from <relation> where <condition>`.

    Attributes:
        columns: By name, the column of the relation that it gives; None for null.
        condition: The text of its condition.
        parameters: Where in that text parameters stand, ascending.

    """

    columns: Mapping[str, str | None]
    condition: str
    parameters: tuple[int, ...]

    def condition_with(self, prefix: str) -> str:
        """Give the condition with parameters whose names begin with a prefix, since statements share names."""
        text, end = "", 0
        for position in self.parameters:
            text += self.condition[end : position + 1] + prefix
            end = position + 1
        return text + self.condition[end:]


def plain_select(connection: Connection, sql: str, relation: str) -> PlainSelect | None:
    """Parse a SELECT; None where it does more than to filter the rows of a relation and name some of their columns."""
    # Places are counted in bytes: in a text of plain letters they are its characters.
    if not sql.isascii():
        return None
    try:
        tree = json.loads(run(connection, statement("engine/parse"), {"text": sql})[0][0])
        return None if tree["error"] else _taken_apart(tree["statements"][0]["node"], sql, relation)
    except (KeyError, IndexError, TypeError):  # a tree that another version of the engine shapes otherwise
        return None


def _taken_apart(node: Mapping[str, Any], sql: str, relation: str) -> PlainSelect | None:
    if not _is_plain(node, relation):
        return None
    begin = node["from_table"]["query_location"]
    end = begin + node["from_table"]["query_location_length"]
    rest = sql[end:].lstrip()
    start = len(sql) - len(rest) + len("where")
    names = {_name(item): _column(item) for item in node["select_list"]}
    places = sorted(inner["query_location"] - start for inner in nodes_of(node) if inner.get("class") == "PARAMETER")
    if sql[begin:end].lower() != relation or rest[: len("where")].lower() != "where" or None in names:
        return None
    if len(names) < len(node["select_list"]) or any(sql[start + place : start + place + 1] != "$" for place in places):
        return None
    return PlainSelect({str(name): column for name, column in names.items()}, sql[start:], tuple(places))


def _is_plain(node: Mapping[str, Any], relation: str) -> bool:
    source = node.get("from_table", {})
    return (
        is_bare(node)
        and not node["cte_map"]["map"]
        and source.get("type") == "BASE_TABLE"
        and source["qualified_name"]["path"] == [relation]
        and not source["alias"]
        and not source["sample"]
        and bool(node["where_clause"])
        # A row is found or not whatever the other rows are.
        and not look_at_rows(nodes_of(node))
    )


def _name(item: Mapping[str, Any]) -> str | None:
    """Give the name of a column that is one of the relation's, or null; None for any other."""
    if item["class"] == "COLUMN_REF":
        return str(item["alias"] or item["column_names"][-1])
    value = item["child"] if item["class"] == "CAST" else item
    is_null = value["class"] == "CONSTANT" and value["literal"]["kind"] == "NULL_LITERAL"
    return str(item["alias"]) if is_null and item["alias"] else None


def _column(item: Mapping[str, Any]) -> str | None:
    return str(item["column_names"][-1]) if item["class"] == "COLUMN_REF" else None
