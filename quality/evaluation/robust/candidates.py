"""Gives the cells that a rule may find, by the plain conditions that it states: the engine is asked of those alone."""

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from quality.evaluation.robust.evidence import Choice, Condition, Evidence, Expression
from quality.evaluation.robust.seen import Seen
from quality.panel.grid import BoolMatrix, Integers

_COMPARED: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
}
# Numbers or flags, and where they are known.
_Values: TypeAlias = tuple[Any, Any]
# Columns that every rule gives, whether it names them or not.
_ALWAYS = frozenset(("date", "ticker", "price", "expected", "deviation"))


@dataclass(frozen=True)
class Candidates:
    """The cells of some grids, or their sessions, in one of the views that rules have of them.

    No number among them is NaN: where there is none, there is null.

    Attributes:
        seen: The cells.

    """

    seen: Seen
    _answers: dict[tuple[Condition, tuple[float, ...]], BoolMatrix] = field(default_factory=dict)
    _columns: dict[str, _Values | None] = field(default_factory=dict)

    def of(self, evidence: Evidence | None, words: Iterable[str], parameters: Mapping[str, float]) -> pa.Table:
        """Give the cells that a rule may find, with the columns that it names.

        Args:
            evidence: What is read off the rule; None where it may need every cell.
            words: What its message names.
            parameters: Its values.

        """
        if evidence is None:
            return self.seen.some(self.seen.names, None)
        wanted = {*evidence.words, *words, *_ALWAYS}
        places = self._places(evidence, "metrics", parameters)
        return self.seen.some([name for name in self.seen.names if name in wanted], places)

    def are_any(self, evidence: Evidence, relation: str, parameters: Mapping[str, float]) -> bool:
        """Tell whether a rule may find any of them, where they are the rows of a relation."""
        return len(self._places(evidence, relation, parameters)) > 0

    def _places(self, evidence: Evidence, relation: str, parameters: Mapping[str, float]) -> Integers:
        found = [self._found(one.conditions, parameters) for one in evidence.filters if one.relation == relation]
        return found[0] if len(found) == 1 else np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *found]))

    def _found(self, conditions: Iterable[Condition | Choice], parameters: Mapping[str, float]) -> Integers:
        kept, others = np.ones(len(self.seen), dtype=np.bool_), []
        for one in conditions:
            if isinstance(one, Choice):
                kept &= self._any(one, parameters)
            elif one.is_simple:
                kept &= self._one(one, parameters)
            else:
                others.append(one)
        places = np.flatnonzero(kept)
        for one in others:  # few cells are left, of which more is asked
            is_true = self._compared(one, parameters, places)
            places = places if is_true is None else places[is_true]
        return places

    def _any(self, choice: Choice, parameters: Mapping[str, float]) -> BoolMatrix:
        kept = np.zeros(len(self.seen), dtype=np.bool_)
        for conditions in choice.sets:
            kept[self._found(conditions, parameters)] = True
        return kept

    def _one(self, condition: Condition, parameters: Mapping[str, float]) -> BoolMatrix:
        """Say where a condition is true, or cannot be told: of a word that is no column, or of texts."""
        key = (condition, tuple(parameters.values()) if condition.test in _COMPARED else ())
        if key not in self._answers:
            is_true = self._compared(condition, parameters) if condition.test in _COMPARED else self._asked(condition)
            self._answers[key] = np.ones(len(self.seen), dtype=np.bool_) if is_true is None else is_true
        return self._answers[key]

    def _asked(self, condition: Condition) -> BoolMatrix | None:
        (name,) = condition.columns()
        if name not in self.seen:
            return None
        if condition.test in ("null", "known"):
            is_null = self.seen.is_null(name)
            return is_null if condition.test == "null" else ~is_null
        if (column := self._column(name)) is None:
            return None
        values, is_known = column
        if condition.test == "infinite":
            return np.asarray(np.isinf(values) & is_known)
        if values.dtype != np.bool_:
            return None
        return np.asarray((values if condition.test == "true" else ~values) & is_known)

    def _compared(
        self, condition: Condition, parameters: Mapping[str, float], places: Integers | None = None
    ) -> BoolMatrix | None:
        """Say where, or at which places, a comparison is true or cannot be told; None where it never can be."""
        with np.errstate(all="ignore"):
            left, right = (self._reckoned(one, parameters, places) for one in condition.of)
            if left is None or right is None:
                return None
            is_true = _COMPARED[condition.test](left[0], right[0])
            if not condition.is_simple:
                # How the engine compares what is no number is nothing that need be known here.
                is_true |= np.isnan(left[0]) | np.isnan(right[0])
        for is_known in (left[1], right[1]):
            is_true = is_true if is_known is True else is_true & is_known
        return np.broadcast_to(is_true, len(self.seen) if places is None else len(places))

    def _reckoned(
        self, expression: Expression, parameters: Mapping[str, float], places: Integers | None
    ) -> _Values | None:
        if expression.kind == "column":
            column = self._column(expression.name)
            if column is None or column[0].dtype == np.bool_:
                return None
            values, is_known = column
            if places is not None:
                values, is_known = values[places], is_known if is_known is True else is_known[places]
            return values, is_known
        if expression.kind == "parameter":
            return parameters[expression.name], True
        if expression.kind == "number":
            return expression.number, True
        inner = [self._reckoned(argument, parameters, places) for argument in expression.arguments]
        values = [one[0] for one in inner if one is not None]
        known = [one[1] for one in inner if one is not None]
        return _function(expression.kind, values, known) if len(values) == len(inner) else None

    def _column(self, name: str) -> _Values | None:
        """Give the numbers or flags of a column, and where they are known; None for another one."""
        if name not in self._columns:
            self._columns[name] = self.seen.numbers(name) if name in self.seen else None
        return self._columns[name]


def _function(name: str, values: list[Any], known: list[Any]) -> _Values:
    if len(values) == 1:
        return (-values[0] if name == "-" else np.abs(values[0])), known[0]
    first, second = known
    if name == "coalesce":
        return np.where(first, *values), first | second
    if name in ("least", "greatest"):
        # Of two, of which one is unknown, the engine takes the other.
        either = (np.minimum if name == "least" else np.maximum)(*values)
        return np.where(first, np.where(second, either, values[0]), values[1]), first | second
    return _FUNCTIONS[name](*values), first & second
