"""Bars queries of people from all but the relations given to them: their parse tree is looked at before they run."""

import difflib
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from quality.engine.connection import run
from quality.engine.syntax import nodes_of, parser, tree_of
from quality.errors import UsageError

# Table functions that make rows of their arguments alone.
_TABLE_FUNCTIONS = frozenset({"range", "generate_series", "unnest", "repeat_row", "json_each", "json_tree"})
# Functions that tell of the engine, its settings and its other statements, or that write its log.
_BARRED_FUNCTIONS = frozenset(
    {
        "current_query",
        "current_setting",
        "currval",
        "duckdb_logs_parsed",
        "getenv",
        "getvariable",
        "histogram_values",
        "in_search_path",
        "json_execute_serialized_sql",
        "json_serialize_plan",
        "nextval",
        "query",
        "query_table",
        "which_secret",
        "write_log",
    }
)
_BARRED_PREFIXES = ("duckdb_", "pragma_", "pg_", "inet_", "parquet_", "read_", "sniff_", "sqlite_")


@dataclass
class Reach:
    """What a SELECT reaches for.

    Attributes:
        relations: The tables and views, by name; those with a catalog or schema before them are written in full.
        named_within: The names that its own WITHs give.
        table_functions: The functions that it reads rows from.
        functions: All other functions.

    """

    relations: set[str] = field(default_factory=set)
    named_within: set[str] = field(default_factory=set)
    table_functions: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)


def reach_of(text: str) -> Reach:
    """Say what a SELECT reaches for (errors as `syntax.tree_of`)."""
    reach = Reach()
    for node in nodes_of(tree_of(text)):
        kind = node.get("type")
        if kind == "BASE_TABLE":
            reach.relations.add(_full_name(node))
        elif kind == "SHOW_REF" and node.get("table_name"):
            reach.relations.add(str(node["table_name"]).strip('"'))
        elif kind == "TABLE_FUNCTION":
            reach.table_functions.add(str(node["function"]["function_name"]).lower())
        elif kind == "FUNCTION":
            reach.functions.add(str(node["function_name"]).lower())
        if "cte_map" in node:
            reach.named_within.update(str(entry["key"]).lower() for entry in node["cte_map"]["map"])
    return reach


def columns_named(text: str) -> frozenset[str] | None:
    """Give the columns that a SELECT names anywhere; None where it may take all of a relation.

    Raises:
        UsageError: As `syntax.tree_of`.

    """
    names: set[str] = set()
    relations: set[str] = set()
    for node in nodes_of(tree_of(text)):
        kind = node.get("type")
        if kind in ("STAR", "SHOW_REF"):
            return None
        if kind == "COLUMN_REF":
            names.add(str(node["column_names"][-1]).lower())
        elif kind == "BASE_TABLE":
            relations |= {str(node["table_name"]).lower(), str(node.get("alias") or "").lower()}
    # A relation's own name stands for a row with all of its columns.
    return None if names & relations else frozenset(names)


def _full_name(node: dict[str, Any]) -> str:
    parts = [node.get("catalog_name"), node.get("schema_name"), node.get("table_name")]
    return ".".join(str(part) for part in parts if part).lower()


def check_reach(text: str, relations: Collection[str]) -> set[str]:
    """Make sure that a SELECT reads the given relations and nothing else.

    Args:
        text: One SELECT, as `syntax.parameters_of` took it.
        relations: What it may read.

    Returns:
        The relations that it does read.

    Raises:
        UsageError: It reaches for anything else: a file, the engine's catalogue or settings, a function that reads.

    """
    reach = reach_of(text)
    barred = sorted(name for name in reach.functions if name in _BARRED_FUNCTIONS or name.startswith(_BARRED_PREFIXES))
    barred += sorted(
        name
        for name in reach.table_functions - _TABLE_FUNCTIONS
        if name not in relations or name in _catalogue_relations()
    )
    if barred:
        raise UsageError(f"{barred[0]}() is not for queries: they read {_listed(relations)}, and nothing else")
    own = reach.named_within - _catalogue_relations()
    strange = sorted(reach.relations - set(relations) - own)
    if strange:
        raise UsageError(_no_such_relation(strange[0], relations))
    return reach.relations & set(relations)


@cache
def _catalogue_relations() -> frozenset[str]:
    """Give the names that the engine's own views have: no WITH may hide one of them."""
    return frozenset(row[0] for row in run(parser(), "select view_name from duckdb_views() where internal"))


def _no_such_relation(name: str, relations: Collection[str]) -> str:
    near = difflib.get_close_matches(name, relations, n=1)
    hint = f"; did you mean {near[0]}?" if near else f": there is {_listed(relations)}, and nothing else can be read"
    return f"there is no view {name}{hint}"


def _listed(relations: Collection[str]) -> str:
    return ", ".join(sorted(relations)) if relations else "no view"
