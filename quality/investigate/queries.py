"""Ad-hoc questions in SQL: read-only, over the views of a panel, of runs and of the truth, within limits."""

import datetime as dt
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from quality.engine.connection import Connection, EngineError, OutOfMemoryError, batches, first_line
from quality.engine.limits import LimitReachedError, within
from quality.engine.reach import check_reach, columns_named
from quality.engine.syntax import parameters_of
from quality.errors import UsageError
from quality.investigate.catalogue import views
from quality.investigate.questions import filled, saved_questions
from quality.investigate.sources import Sources
from quality.investigate.views import Limits, open_views

__all__ = ["Answer", "Limits", "Query", "Sources", "StuckError", "answering", "ask", "read_query"]
_ROWS_A_BATCH = 20_000
_LEAST_SECONDS = 0.001
_ASK_FOR_LESS = "ask for less, or raise --memory-limit"
_EPOCH = dt.date(1970, 1, 1).toordinal()
_Given = TypeVar("_Given")
_WORD = re.compile(r"\w+")


class StuckError(UsageError):
    """The engine heeds no interrupt: whoever can should end the process."""


@dataclass(frozen=True)
class Query:
    """One SELECT that was looked at.

    Attributes:
        sql: The SELECT.
        views: What it reads.
        parameters: The values of its parameters.
        columns: The columns that it names; None where it may take all.

    """

    sql: str
    views: frozenset[str]
    parameters: Mapping[str, str]
    columns: frozenset[str] | None = None


def read_query(text: str, given: Mapping[str, str] | None = None, folders: Sequence[str | Path] = ()) -> Query:
    """Read a SELECT, or a saved question by its name.

    Args:
        text: The SELECT, or the name.
        given: Values of its parameters.
        folders: Folders with questions of one's own.

    Raises:
        UsageError: It is not one SELECT, it reads what is no view, or a parameter is missing.

    """
    questions = saved_questions(folders) if _WORD.fullmatch(text.strip()) else {}
    if question := questions.get(text.strip()):
        sql, parameters = question.sql, filled(question, given or {})
    else:
        sql, parameters = text.strip().removesuffix(";"), dict(given or {})
        wanted = parameters_of(sql)
        if wanted != set(parameters):
            wrong = sorted(wanted ^ set(parameters))
            what = "has no parameter" if wrong[0] in parameters else "needs --set for"
            raise UsageError(f"the query {what} {', '.join(f'${name}' for name in wrong)}")
    return Query(sql, frozenset(check_reach(sql, views())), parameters, columns_named(sql))


@dataclass(frozen=True)
class Answer:
    """The rows of an answer, as they come.

    Attributes:
        schema: Its columns.
        batches: Its rows, in parts; to be taken while the engine is open.

    """

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]


@contextmanager
def answering(query: Query, sources: Sources, limits: Limits | None = None) -> Iterator[Answer]:
    """Answer a query part by part, for answers of any size.

    Args:
        query: What `read_query` gave.
        sources: What it may look at; nothing else can be read, and nothing written.
        limits: How long and how much it may take.

    Raises:
        UsageError: A view that it reads was not given, it is wrong SQL, or it reached a limit.
        InputError: A source cannot be read.

    """
    limits = limits or Limits()
    for name in sorted(query.views - sources.offers):
        raise UsageError(f"the view {name} needs {views()[name].option}")
    with open_views(sources, query.views, limits, query.columns) as engine, _explaining(limits):
        clock = _Clock(engine, limits)
        reader = clock.run(lambda: batches(engine, query.sql, query.parameters, _ROWS_A_BATCH))
        yield Answer(reader.schema, _parts(reader, clock))


def _parts(reader: pa.RecordBatchReader, clock: "_Clock") -> Iterator[pa.RecordBatch]:
    while (part := clock.run(lambda: next(reader, None))) is not None:
        yield part


class _Clock:
    """Runs the steps of one query within its time; what whoever takes the answer does meanwhile counts for nobody."""

    def __init__(self, engine: Connection, limits: Limits) -> None:
        self._engine, self._limits, self._used = engine, limits, 0.0

    def run(self, work: Callable[[], _Given]) -> _Given:
        began = time.monotonic()
        seconds = self._limits.seconds
        left = max(seconds - self._used, _LEAST_SECONDS) if seconds else 0.0
        try:
            return within(self._engine, work, seconds=left, memory=2 * self._limits.memory)
        finally:
            self._used += time.monotonic() - began


@contextmanager
def _explaining(limits: Limits) -> Iterator[None]:
    try:
        yield
    except LimitReachedError as error:
        if error.of == "time":
            what = f"the query was ended after {limits.seconds:g} s; ask for less, or raise --timeout"
        else:
            what = f"the query needs more than {limits.memory >> 20:,} MiB of memory; {_ASK_FOR_LESS}"
        raise (StuckError(what) if error.goes_on else UsageError(what)) from error
    except OutOfMemoryError as error:
        room = f"{limits.memory >> 20:,} MiB of memory and {limits.disk >> 20:,} MiB of disk"
        raise UsageError(f"the query needs more than {room}; {_ASK_FOR_LESS}") from error
    # Errors in the midst of an answer come through Arrow.
    except BrokenPipeError:  # whoever reads the answer has seen enough: that is no fault of the query
        raise
    except (EngineError, pa.ArrowException, OSError) as error:
        raise UsageError(first_line(error)) from error


def ask(
    text: str,
    sources: Sources,
    given: Mapping[str, str] | None = None,
    *,
    folders: Sequence[str | Path] = (),
    limits: Limits | None = None,
) -> pl.DataFrame:
    """Answer a SELECT, or a saved question by its name, as one frame.

    Args:
        text: The SELECT, or one of `saved_questions()`.
        sources: What it may look at; nothing else can be read, and nothing written.
        given: Values of its parameters.
        folders: Folders with questions of one's own.
        limits: How long and how much it may take.

    Raises:
        UsageError: As `read_query` and `answering`; or the answer does not fit the memory limit.
        InputError: A source cannot be read.

    """
    limits = limits or Limits()
    with answering(read_query(text, given, folders), sources, limits) as answer:
        return collect(answer, limits.memory)


def collect(answer: Answer, memory: int) -> pl.DataFrame:
    """Take a whole answer as a frame.

    Raises:
        UsageError: It takes more than `memory` bytes, or holds dates that are none of Python's.

    """
    parts, size = [], 0
    for part in answer.batches:
        size += part.nbytes
        if size > memory:
            raise UsageError(
                f"the answer is larger than {memory >> 20:,} MiB; ask for less, write it with --out, "
                "or raise --memory-limit"
            )
        parts.append(part)
    return as_frame(pa.Table.from_batches(parts, answer.schema))


def as_frame(rows: pa.Table) -> pl.DataFrame:
    """Give Arrow rows as a frame (errors as `collect`)."""
    for name, column in zip(rows.column_names, rows.columns, strict=True):
        if pa.types.is_date32(column.type) and not _are_dates_of_python(column):
            raise UsageError(f"{name} holds dates outside of the years 1 to 9999; cast it to varchar")
    try:
        frame = pl.from_arrow(rows)
    except (pl.exceptions.PanicException, pl.exceptions.PolarsError, pa.ArrowException) as error:
        raise UsageError(f"the answer cannot be shown: {first_line(error)}; cast its columns to varchar") from error
    return frame if isinstance(frame, pl.DataFrame) else frame.to_frame()


def _are_dates_of_python(column: pa.ChunkedArray) -> bool:
    """Tell whether all dates of a column can be shown: Polars panics at others."""
    ends = pc.min_max(column.cast(pa.int32())).as_py()
    first, last = dt.date.min.toordinal() - _EPOCH, dt.date.max.toordinal() - _EPOCH
    return ends["min"] is None or (first <= ends["min"] and ends["max"] <= last)
