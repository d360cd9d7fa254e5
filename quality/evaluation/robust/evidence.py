"""Reads off a rule what must be true of a cell, or the rule does not find it: the plain conditions that it states.

A condition is plain where it compares what is reckoned from columns, numbers and parameters, or asks whether a column
is true or null. To ask that of all cells takes a fraction of the time that it takes the engine to ask the whole rule.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from quality.engine.syntax import is_bare, look_at_rows, nodes_of, trees_of

# A node of the engine's own tree of a statement.
_Node: TypeAlias = Mapping[str, Any]
RELATIONS = ("metrics", "days")
# With one of these, what a SELECT finds may depend on rows that a condition leaves out.
_SUMMARIES = frozenset(
    ("any_value", "avg", "bool_and", "bool_or", "count", "count_star", "first", "last", "list", "max", "median", "min")
) | frozenset(("quantile_cont", "string_agg", "sum"))
_COMPARISONS = {
    "COMPARE_EQUAL": "=",
    "COMPARE_NOTEQUAL": "<>",
    "COMPARE_LESSTHAN": "<",
    "COMPARE_GREATERTHAN": ">",
    "COMPARE_LESSTHANOREQUALTO": "<=",
    "COMPARE_GREATERTHANOREQUALTO": ">=",
}
# Functions, by how many arguments they have, that are the same to the last bit wherever they are reckoned.
FUNCTIONS = frozenset(
    {("-", 1), ("abs", 1), ("+", 2), ("-", 2), ("*", 2), ("/", 2), ("least", 2), ("greatest", 2), ("coalesce", 2)}
)


@dataclass(frozen=True)
class Expression:
    """What is compared: a column, a parameter, a number, or a function of such.

    Attributes:
        kind: "column", "parameter", "number", or the name of the function.
        name: Of the column or parameter.
        number: The number.
        arguments: What it is a function of.

    """

    kind: str
    name: str = ""
    number: float = 0.0
    arguments: tuple["Expression", ...] = ()

    def columns(self) -> Iterator[str]:
        """Give the columns that it is made of."""
        if self.kind == "column":
            yield self.name
        for argument in self.arguments:
            yield from argument.columns()


@dataclass(frozen=True)
class Condition:
    """A plain condition.

    Attributes:
        test: "true", "false", "null", "known" or "infinite", of one column; or a comparison, of two expressions.
        of: What it is about.

    """

    test: str
    of: tuple[Expression, ...]

    def columns(self) -> Iterator[str]:
        """Give the columns that it is about."""
        for one in self.of:
            yield from one.columns()

    @property
    def is_simple(self) -> bool:
        """Whether it takes no more than to look at one column."""
        return len(list(self.columns())) <= 1


@dataclass(frozen=True)
class Choice:
    """Several sets of conditions, of which one must be true."""

    sets: tuple[tuple["Condition | Choice", ...], ...]

    def columns(self) -> Iterator[str]:
        """Give the columns that they are about."""
        for conditions in self.sets:
            for one in conditions:
                yield from one.columns()


@dataclass(frozen=True)
class Filter:
    """A SELECT that filters the rows of a relation: what it finds is true of all conditions."""

    relation: str
    conditions: tuple[Condition | Choice, ...]


@dataclass(frozen=True)
class Evidence:
    """What a rule looks at, row by row.

    Attributes:
        filters: Its SELECTs: it finds nothing but rows that pass one of them.
        words: The columns that it names, and whatever else it names.
        gives: The columns that it gives.

    """

    filters: tuple[Filter, ...]
    words: frozenset[str]
    gives: frozenset[str]


# By SELECT, what is read off it: a process has a few dozen rules.
_KNOWN: dict[str, Evidence | None] = {}


def evidence_of(sql: str) -> Evidence | None:
    """Take a rule apart; None where what it finds may depend on more than the row itself."""
    return evidence_of_each([sql])[0]


def evidence_of_each(rules: Sequence[str]) -> list[Evidence | None]:
    """Take the SELECTs of rules apart, all at once: that is a third of the work (see `evidence_of`)."""
    if new := [sql for sql in dict.fromkeys(rules) if sql not in _KNOWN]:
        _KNOWN.update(zip(new, map(_evidence, trees_of(new)), strict=True))
    return [_KNOWN[sql] for sql in rules]


def _evidence(tree: Mapping[str, Any]) -> Evidence | None:
    try:
        node = tree["statements"][0]["node"]
        nodes = list(nodes_of(node))
        if look_at_rows(nodes) or any(inner.get("function_name") in _SUMMARIES for inner in nodes):
            return None
        columns = frozenset(inner["column_names"][-1] for inner in nodes if inner.get("class") == "COLUMN_REF")
        return Evidence(tuple(_filters(node)), columns, frozenset(_given(node)))
    except (KeyError, IndexError, TypeError, _OtherShapeError):
        return None


class _OtherShapeError(Exception):
    """A SELECT is not of the kind that is taken apart."""


def _given(node: _Node) -> Iterator[str]:
    for select in node["children"] if node["type"] == "SET_OPERATION_NODE" else [node]:
        for item in select["select_list"]:
            if item["class"] == "STAR" or not (item["alias"] or item["class"] == "COLUMN_REF"):
                raise _OtherShapeError
            yield str(item["alias"] or item["column_names"][-1])


def _filters(node: _Node) -> Iterator[Filter]:
    inner = {entry["key"]: entry["value"]["query_node"] for entry in node["cte_map"]["map"]}
    selects = node["children"] if node["type"] == "SET_OPERATION_NODE" else [node]
    if node["type"] == "SET_OPERATION_NODE" and not (node["setop_all"] and node["setop_type"].startswith("UNION")):
        raise _OtherShapeError
    for select in selects:
        yield _filter(select, inner)


def _filter(select: _Node, inner: Mapping[str, _Node]) -> Filter:
    """Give the filter that a SELECT is; one from a named part is that of the part, too."""
    if not is_bare(select):
        raise _OtherShapeError
    tables = list(_tables(select["from_table"]))
    own = tuple(_conditions(select["where_clause"])) if select["where_clause"] else ()
    if tables[0] in inner and len(tables) == 1:
        part = inner[tables[0]]
        source = _filter(part, {})
        new = {item["alias"] for item in part["select_list"]}
        if part["select_list"][0]["class"] != "STAR":
            own = ()
        return Filter(source.relation, (*source.conditions, *(one for one in own if not new & set(one.columns()))))
    if not set(tables) <= set(RELATIONS) or len(set(tables)) < len(tables) or inner:
        raise _OtherShapeError
    return Filter(tables[0], own)


def _tables(source: _Node) -> Iterator[str]:
    """Give the tables that a SELECT joins, the one that it filters first."""
    if source["type"] == "JOIN":
        if source["join_type"] != "INNER":
            raise _OtherShapeError
        yield from _tables(source["left"])
        yield from _tables(source["right"])
    elif source["type"] == "BASE_TABLE" and not source["sample"]:
        yield source["table_name"]
    else:
        raise _OtherShapeError


def _conditions(node: _Node) -> Iterator[Condition | Choice]:
    """Give the plain conditions among those that a filter states, all of which must be true."""
    if node["type"] == "CONJUNCTION_AND":
        for child in node["children"]:
            yield from _conditions(child)
    elif node["type"] == "CONJUNCTION_OR":
        sets = tuple(tuple(_conditions(child)) for child in node["children"])
        if all(sets):
            yield Choice(sets)
    elif node["type"] in _COMPARISONS:
        yield from _compared(node["left"], _COMPARISONS[node["type"]], node["right"])
    elif node["type"] == "COMPARE_BETWEEN":
        yield from _compared(node["input"], ">=", node["lower"])
        yield from _compared(node["input"], "<=", node["upper"])
    else:
        yield from _asked(node)


def _compared(left: _Node, test: str, right: _Node) -> Iterator[Condition]:
    sides = _expression(left), _expression(right)
    if sides[0] and sides[1]:
        yield Condition(test, (sides[0], sides[1]))


def _asked(node: _Node) -> Iterator[Condition]:
    """Give what is asked of a column by itself."""
    test, column = "true", node
    if node["class"] == "FUNCTION" and node["function_name"] == "isinf":
        test, column = "infinite", node["arguments"][0]["expression"]
    elif node["type"] in _OF_ONE:
        test, column = _OF_ONE[node["type"]], node["children"][0]
    if column["class"] == "COLUMN_REF":
        yield Condition(test, (Expression("column", _name(column)),))


_OF_ONE = {"OPERATOR_NOT": "false", "OPERATOR_IS_NULL": "null", "OPERATOR_IS_NOT_NULL": "known"}


def _expression(node: _Node) -> Expression | None:
    if node["class"] == "COLUMN_REF":
        return Expression("column", _name(node))
    if node["class"] == "PARAMETER":
        return Expression("parameter", node["identifier"])
    if node["class"] == "CONSTANT":
        is_number = node["literal"]["kind"] in ("INTEGER", "NUMERIC")
        return Expression("number", number=float(node["literal"]["text"])) if is_number else None
    if node["type"] == "OPERATOR_COALESCE":
        return _function("coalesce", node["children"])
    if node["class"] == "FUNCTION":
        return _function(node["function_name"], [argument["expression"] for argument in node["arguments"]])
    return None


def _function(name: str, arguments: Sequence[_Node]) -> Expression | None:
    inner = tuple(filter(None, map(_expression, arguments)))
    is_known = len(inner) == len(arguments) and (name, len(inner)) in FUNCTIONS
    return Expression(name, arguments=inner) if is_known else None


def _name(node: _Node) -> str:
    """Give the name of a column; one of another relation than the cells keeps that before it."""
    names = node["column_names"]
    return ".".join(names[1:] if names[0] == RELATIONS[0] and len(names) > 1 else names)
