"""Opens DuckDB, locked in: the one place that does, for scans, checks and questions alike."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import duckdb
import pyarrow as pa

from quality.engine.statements import statement
from quality.errors import InputError
from quality.storage import name_originals, temporary_folder

if TYPE_CHECKING:
    import polars as pl

Connection: TypeAlias = duckdb.DuckDBPyConnection


EngineError: TypeAlias = duckdb.Error
OutOfMemoryError: TypeAlias = duckdb.OutOfMemoryException


_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EngineOptions:
    """How much of the machine one engine may take.

    Attributes:
        threads: Threads of one engine.
        memory_limit: Such as "1GiB"; beyond it, DuckDB spills to `temp_directory`.
        files: The local files that its statements may read; nothing else is reachable.
        disk_limit: How much it may spill, such as "4GiB"; None for most of what the disk has free.

    """

    threads: int = 1
    memory_limit: str = "1GiB"
    files: Sequence[Path] = field(default_factory=tuple)
    disk_limit: str | None = None


@contextmanager
def open_engine(options: EngineOptions) -> Iterator[Connection]:
    """Open an engine in memory that reads the given files only, with the macros of `sql/` loaded.

    No extension is loaded or fetched, and no statement can change this: not even a user's rule.
    """
    # What lies in an engine's temporary folder, its statements can read: each has an empty one of its own.
    with temporary_folder() as folder:
        connection = duckdb.connect(":memory:", config={"threads": options.threads})  # noqa: TID251 - this is DuckDB's one door
        try:
            _configure(connection, options, folder)
            yield connection
        except duckdb.OutOfMemoryException as error:
            raise InputError(
                f"the engine needs more than its {options.memory_limit} of memory; raise engine.memory_limit"
            ) from error
        finally:
            with suppress(duckdb.Error):  # it is busy still where it heeds no interrupt
                connection.close()


def _configure(connection: Connection, options: EngineOptions, folder: Path) -> None:
    connection.execute("set temp_directory = $folder", {"folder": str(folder)})
    if options.disk_limit is not None:
        connection.execute("set max_temp_directory_size = $limit", {"limit": options.disk_limit})
    connection.execute("set memory_limit = $limit", {"limit": options.memory_limit})
    # One thread keeps the order of rows by itself, and gathers tables faster where it need not prove it.
    connection.execute("set preserve_insertion_order = $keep", {"keep": options.threads > 1})
    connection.execute("set enable_progress_bar = false")
    # A name that is no view must not turn out to be a variable of this program.
    connection.execute("set python_enable_replacements = false")
    # The statistics of Parquet files leave NaN out; the engine would trust that no price is one.
    connection.execute("set disabled_optimizers = 'statistics_propagation'")
    lock_in(connection, options.files)
    connection.execute(statement("macros"))


def lock_in(connection: Connection, files: Sequence[Path]) -> None:
    """Bar an engine from everything but the given files, for good."""
    connection.execute("set allowed_paths = $files", {"files": [str(file) for file in files]})
    connection.execute("set autoinstall_known_extensions = false")
    connection.execute("set autoload_known_extensions = false")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")


def run(connection: Connection, text: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """Run one statement and give its rows."""
    return connection.execute(text, dict(parameters or {})).fetchall()


def frame(connection: Connection, text: str, parameters: Mapping[str, Any] | None = None) -> "pl.DataFrame":
    """Run one SELECT and give its rows as a Polars frame."""
    answer: pl.DataFrame = connection.sql(text, params=dict(parameters or {})).pl()
    return answer


def batches(
    connection: Connection, text: str, parameters: Mapping[str, Any] | None = None, rows: int = 1_000_000
) -> pa.RecordBatchReader:
    """Run one SELECT and give its rows in parts, as they are made; the engine keeps none of them."""
    return connection.sql(text, params=dict(parameters or {})).to_arrow_reader(rows)


def register(connection: Connection, name: str, rows: "pl.DataFrame") -> None:
    """Make a frame a table of the engine, in place of one of that name."""
    arriving = f"{name}_arriving"
    connection.register(arriving, rows.to_arrow())
    connection.execute(f"create or replace temp table {identifier(name)} as from {identifier(arriving)}")
    connection.unregister(arriving)


def register_table(connection: Connection, name: str, rows: pa.Table) -> None:
    """Let statements read an Arrow table where it lies, in place of a relation of that name."""
    connection.register(name, rows)


def view_files(connection: Connection, name: str, files: Sequence[Path]) -> None:
    """Make Parquet files, one after the other, a view of the engine, in place of one of that name.

    It has the columns that any of them has.
    """
    connection.read_parquet([str(file) for file in files], union_by_name=True).create_view(name, replace=True)


def columns_of(connection: Connection, text: str, parameters: Mapping[str, Any]) -> list[str]:
    """Give the names of a SELECT's columns without running it."""
    return [row[0] for row in run(connection, f"describe {text}", parameters)]


def identifier(name: str) -> str:
    """Quote a name for use in a statement, where a parameter cannot stand."""
    return '"' + name.replace('"', '""') + '"'


def first_line(error: Exception) -> str:
    """Give the first line of an engine's message, which says what; the others quote the statement."""
    return name_originals(str(error).splitlines()[0])
