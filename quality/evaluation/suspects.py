"""Says beforehand which cells the rules of a set can find, so that only those need to be kept.

A rule that is `select … from metrics where …` sees nothing but the rows of its WHERE, so it finds the same
in any part of `metrics` that holds them. The conditions are taken from the engine's own parse tree of the
rules' files; where a rule is of another form, every cell is kept.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from quality.engine.connection import Connection, EngineError, run
from quality.engine.statements import statement
from quality.rules.model import Rule, RuleSet

Tree: TypeAlias = dict[str, Any]

# Beyond this many conditions, testing them costs more than keeping every cell.
_MOST_CONDITIONS = 64
_SELECT = "SELECT * FROM metrics WHERE "
# What these columns are for every cell that has a row, but for those that are kept anyway.
_KNOWN = {"is_absent": False, "is_new": False}
# Columns of the cells that rules do not see; in a rule such a name means something else.
_HIDDEN = frozenset({"place", "place_before", "date_before", "is_judged", "is_streamed", "barrier"})


@dataclass(frozen=True)
class Suspects:
    """A condition over `metrics` that holds for every cell that a rule of the set may find.

    Attributes:
        condition: An expression of the rules' own conditions.
        parameters: The values of its `$parameters`.

    """

    condition: str = "true"
    parameters: Mapping[str, float] = field(default_factory=dict)


EVERY_CELL = Suspects()


def suspects(connection: Connection, ruleset: RuleSet) -> Suspects:
    """Join the conditions of all rules by OR; where one cannot be taken out of its rule, give `EVERY_CELL`."""
    conditions: list[Tree] = []
    parameters: dict[str, float] = {}
    for rule in ruleset.rules:
        versions = _versions(rule)
        if len(conditions) + len(versions) > _MOST_CONDITIONS:
            return EVERY_CELL
        for values in versions:
            condition = _condition(connection, rule.sql)
            if condition is None:
                return EVERY_CELL
            conditions.append(condition)
            _rename_parameters(condition, f"suspect_{len(conditions)}_", values, parameters)
            _fill_in_known(connection, condition)
    if not conditions:
        return EVERY_CELL
    text = _text(connection, conditions, list(parameters))
    return Suspects(text, parameters) if text else EVERY_CELL


def _versions(rule: Rule) -> list[Mapping[str, float]]:
    """Give the values that a rule is evaluated with, each once."""
    versions = {tuple(sorted(values.items())): values for values in (rule.parameters, *rule.by_ticker.values())}
    return list(versions.values())


def _condition(connection: Connection, sql: str) -> Tree | None:
    """Give the WHERE of a plain SELECT over `metrics`, None for any other form."""
    tree = json.loads(run(connection, statement("chunk/parse"), {"text": sql})[0][0])
    if tree["error"]:
        return None
    node = tree["statements"][0]["node"]
    source = node.get("from_table", {})
    is_plain = (
        node["type"] == "SELECT_NODE"
        and not node["cte_map"]["map"]
        and source.get("type") == "BASE_TABLE"
        and source["qualified_name"]["path"] == ["metrics"]
        and not source["alias"]
        and not source["sample"]
        and node["where_clause"]
        and not any(inner.get("class") == "SUBQUERY" for inner in _nodes(node))
        and not any(_HIDDEN.intersection(inner.get("column_names", ())) for inner in _nodes(node))
    )
    return node["where_clause"] if is_plain else None


def _rename_parameters(condition: Tree, prefix: str, values: Mapping[str, float], names: dict[str, float]) -> None:
    """Give a condition parameters of its own, since rules share names; note their values."""
    for node in _nodes(condition):
        if node.get("class") == "PARAMETER":
            names[prefix + node["identifier"]] = values[node["identifier"]]
            node["identifier"] = prefix + node["identifier"]


def _fill_in_known(connection: Connection, condition: Tree) -> None:
    """Put values in the place of columns where they are known, which the engine then folds away."""
    for node in _nodes(condition):
        if node.get("class") == "COLUMN_REF" and node["column_names"][-1] in _KNOWN:
            value = _parsed(connection, f"select {_KNOWN[node['column_names'][-1]]}")["select_list"][0]
            node.clear()
            node.update(value)


def _parsed(connection: Connection, text: str) -> Tree:
    node: Tree = json.loads(run(connection, statement("chunk/parse"), {"text": text})[0][0])["statements"][0]["node"]
    return node


def _nodes(tree: Any) -> Iterator[Tree]:  # noqa: ANN401 - a JSON value
    if isinstance(tree, dict):
        yield tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for branch in tree:
            yield from _nodes(branch)


def _text(connection: Connection, conditions: list[Tree], parameters: list[str]) -> str | None:
    """Give the conditions, joined by OR, as text."""
    tree = json.loads(run(connection, statement("chunk/parse"), {"text": f"{_SELECT}true or false"})[0][0])
    parsed = tree["statements"][0]
    parsed["node"]["where_clause"]["children"] = [*conditions, *conditions[:1]]
    parsed["named_param_map"] = [{"key": name, "value": at} for at, name in enumerate(parameters, start=1)]
    try:
        text = str(run(connection, statement("chunk/unparse"), {"tree": json.dumps(tree)})[0][0])
    except EngineError:
        return None
    return text.removeprefix(_SELECT) if text.startswith(_SELECT) else None
