"""What rules see as `metrics`, column by column, without the engine: the views of `sql/metrics`, read off their text.

Which cells a rule may find is asked of these columns; the rule itself is asked by the engine, of those cells alone.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from quality.engine.statements import statement
from quality.engine.syntax import tree_of
from quality.errors import UsageError
from quality.panel.grid import BoolMatrix, Integers

ALONE, BESIDE, ON_THE_DAY = "metrics/robust_alone", "metrics/robust_beside", "metrics/robust"
_VIEW = re.compile(r"create or replace temp view (\w+) as\b([^;]*)")
_COMMENT = re.compile(r"--.*")
_KINDS = {
    "DOUBLE": pa.float64(),
    "BIGINT": pa.int64(),
    "VARCHAR": pa.string(),
    "DATE": pa.date32(),
    "BOOLEAN": pa.bool_(),
}


@dataclass(frozen=True)
class _Source:
    """What a column of a view is: a column of the relation below, its opposite, or the same everywhere.

    Attributes:
        column: The column below; "" for none.
        is_opposite: Whether it stands for the opposite of it.
        everywhere: What it is everywhere, where it is no column.

    """

    column: str = ""
    is_opposite: bool = False
    everywhere: pa.Scalar | None = None


@dataclass(frozen=True)
class Seen:
    """Cells as rules see them.

    Attributes:
        cells: What was measured of them.
        beside: Whether that includes what comes from optional columns and corporate actions.
        on_the_day: Whether they are seen as on the evening itself.

    """

    cells: pa.Table
    beside: bool
    on_the_day: bool = False
    _known: dict[str, pa.Array] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.cells)

    def __contains__(self, name: str) -> bool:
        return name in self._sources

    @property
    def names(self) -> list[str]:
        """The columns that there are."""
        return list(self._sources)

    def is_null(self, name: str) -> BoolMatrix:
        """Say where a column has no value."""
        return _flags(self._column(name).is_null())

    def numbers(self, name: str) -> tuple[npt.NDArray[Any], BoolMatrix | bool] | None:
        """Give a column of numbers or flags as such, and where they are known; None for another one."""
        column = self._column(name)
        is_known = _flags(column.is_valid()) if column.null_count else True
        if pa.types.is_boolean(column.type):
            return _flags(column), is_known
        if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type)):
            return None
        # What lies where there is nothing is of no interest.
        values = np.frombuffer(column.buffers()[1], dtype=column.type.to_pandas_dtype())
        return values[column.offset : column.offset + len(column)], is_known

    def some(self, names: Sequence[str], places: Integers | None) -> pa.Table:
        """Give some columns of some of the cells, or of all."""
        columns = {name: self._column(name) for name in names}
        if places is not None and not len(places):
            columns = {name: column.slice(0, 0) for name, column in columns.items()}
        elif places is not None:
            at = pa.array(places)
            columns = {name: column.take(at) for name, column in columns.items()}
        return pa.table(columns)

    def _column(self, name: str) -> pa.Array:
        if name not in self._known:
            self._known[name] = self._made(self._sources[name])
        return self._known[name]

    def _made(self, source: _Source) -> pa.Array:
        if source.everywhere is not None:
            return pa.repeat(source.everywhere, len(self.cells))
        values = self.cells.column(source.column)
        whole = values.chunk(0) if values.num_chunks == 1 else values.combine_chunks()
        return pc.invert(whole) if source.is_opposite else whole

    @cached_property
    def _sources(self) -> Mapping[str, _Source]:
        below = _listed(BESIDE if self.beside else ALONE, "metrics", tuple(self.cells.column_names))
        if not self.on_the_day:
            return below
        return {
            name: _through(one, below) for name, one in _listed(ON_THE_DAY, "cells_on_the_day", tuple(below)).items()
        }


def _through(source: _Source, below: Mapping[str, _Source]) -> _Source:
    """Give what a column is of the relation below the one that it is of."""
    if not source.column:
        return source
    found = below[source.column]
    if found.everywhere is not None and source.is_opposite:
        return _Source(everywhere=pc.invert(found.everywhere))
    return _Source(found.column, found.is_opposite != source.is_opposite, found.everywhere)


def _flags(values: pa.Array) -> BoolMatrix:
    flags = values.fill_null(False) if values.null_count else values  # noqa: FBT003 - Arrow takes it by position
    return np.asarray(flags.to_numpy(zero_copy_only=False))


@cache
def _listed(name: str, view: str, below: tuple[str, ...]) -> Mapping[str, _Source]:
    """Give the columns of a view by name, over a relation that has the columns `below`."""
    text = _COMMENT.sub("", statement(name))
    (select,) = (found[2] for found in _VIEW.finditer(text) if found[1] == view)
    node = tree_of(select)["statements"][0]["node"]
    listed: dict[str, _Source] = {}
    for item in node["select_list"]:
        if item["class"] == "STAR":
            listed |= {column: _Source(column) for column in below if column not in item["exclude_list"]}
        else:
            listed[item["alias"]] = _source(item)
    return listed


def _source(item: Mapping[str, Any]) -> _Source:
    if item["class"] == "COLUMN_REF":
        return _Source(item["column_names"][-1])
    if item["type"] == "OPERATOR_NOT" and item["children"][0]["class"] == "COLUMN_REF":
        return _Source(item["children"][0]["column_names"][-1], is_opposite=True)
    if item["class"] == "CAST" and item["child"].get("literal", {}).get("kind") == "NULL_LITERAL":
        return _Source(everywhere=pa.scalar(None, _KINDS[item["type_expr"]["type_name"].upper()]))
    if item["class"] == "CONSTANT" and item["literal"]["kind"] == "BOOLEAN":
        return _Source(everywhere=pa.scalar(item["literal"]["text"] == "true"))
    raise UsageError(f"sql/metrics: {item['alias']} is neither a column, its opposite, null nor a flag")
