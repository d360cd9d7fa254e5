"""Opens DuckDB, locked in: the one place that does, for scans, checks and questions alike."""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import polars as pl

from quality.errors import InputError, UsageError
from quality.queries import statement

Connection: TypeAlias = duckdb.DuckDBPyConnection
EngineError: TypeAlias = duckdb.Error

# The kinds of queries that only read; an engine of another version may know more that write.
_READING = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EngineOptions:
    """How much of the machine one engine may take.

    Attributes:
        threads: Threads of one engine.
        memory_limit: Such as "1GiB"; beyond it, DuckDB spills to `temp_directory`.
        files: The local files that its statements may read; nothing else is reachable.

    """

    threads: int = 1
    memory_limit: str = "1GiB"
    files: Sequence[Path] = field(default_factory=tuple)


@contextmanager
def open_engine(options: EngineOptions) -> Iterator[Connection]:
    """Open an engine in memory that reads the given files only, with the macros of `sql/` loaded.

    No extension is loaded or fetched, and no statement can change this: not even a user's rule.
    """
    connection = duckdb.connect(":memory:", config={"threads": options.threads})  # noqa: TID251 - this is DuckDB's one door
    try:
        connection.execute("set memory_limit = $limit", {"limit": options.memory_limit})
        connection.execute("set preserve_insertion_order = true")
        connection.execute("set enable_progress_bar = false")
        # The statistics of Parquet files leave NaN out; the engine would trust that no price is one.
        connection.execute("set disabled_optimizers = 'statistics_propagation'")
        _lock_in(connection, options.files)
        connection.execute(statement("macros"))
        yield connection
    except duckdb.OutOfMemoryException as error:
        raise InputError(
            f"the engine needs more than its {options.memory_limit} of memory; raise engine.memory_limit"
        ) from error
    finally:
        connection.close()


def _lock_in(connection: Connection, files: Sequence[Path]) -> None:
    connection.execute("set allowed_paths = $files", {"files": [str(file) for file in files]})
    connection.execute("set autoinstall_known_extensions = false")
    connection.execute("set autoload_known_extensions = false")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")


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


def _kinds_of_nodes(text: str) -> set[str]:
    """Give the kinds of all queries within a SELECT: DuckDB lets a WITH hold an INSERT, DELETE or COPY too."""
    with closing(_parser().cursor()) as cursor:
        row = cursor.execute("select json_serialize_sql($text)", {"text": text}).fetchone()
    tree = json.loads(row[0]) if row else {}
    if tree.get("error", True):
        return {str(tree.get("error_message", "unreadable"))}
    kinds: set[str] = set()
    branches: list[Any] = [tree]
    while branches:
        branch = branches.pop()
        if isinstance(branch, dict):
            if str(branch.get("type")).endswith("_NODE"):
                kinds.add(str(branch["type"]))
            branches += branch.values()
        elif isinstance(branch, list):
            branches += branch
    return kinds


@cache
def _parser() -> Connection:
    """Open, once, an engine that only parses."""
    connection = duckdb.connect(":memory:", config={"threads": 1})  # noqa: TID251 - this is DuckDB's one door
    _lock_in(connection, [])
    return connection


def run(connection: Connection, text: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """Run one statement and give its rows."""
    return connection.execute(text, dict(parameters or {})).fetchall()


def frame(connection: Connection, text: str, parameters: Mapping[str, Any] | None = None) -> pl.DataFrame:
    """Run one SELECT and give its rows as a Polars frame."""
    answer: pl.DataFrame = connection.sql(text, params=dict(parameters or {})).pl()
    return answer


def register(connection: Connection, name: str, rows: pl.DataFrame) -> None:
    """Make a frame a table of the engine, in place of one of that name."""
    arriving = f"{name}_arriving"
    connection.register(arriving, rows.to_arrow())
    connection.execute(f"create or replace temp table {identifier(name)} as from {identifier(arriving)}")
    connection.unregister(arriving)


def view_files(connection: Connection, name: str, files: Sequence[Path]) -> None:
    """Make Parquet files, one after the other, a view of the engine, in place of one of that name."""
    connection.read_parquet([str(file) for file in files]).create_view(name, replace=True)


def columns_of(connection: Connection, text: str, parameters: Mapping[str, Any]) -> list[str]:
    """Give the names of a SELECT's columns without running it."""
    return [row[0] for row in run(connection, f"describe {text}", parameters)]


def identifier(name: str) -> str:
    """Quote a name for use in a statement, where a parameter cannot stand."""
    return '"' + name.replace('"', '""') + '"'


def first_line(error: Exception) -> str:
    """Give the first line of an engine's message, which says what; the others quote the statement."""
    return str(error).splitlines()[0]
