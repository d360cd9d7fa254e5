"""Ad-hoc questions in SQL: read-only, over the views of one panel, one run and its truth."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from quality.engine.connection import (
    Connection,
    EngineError,
    EngineOptions,
    first_line,
    frame,
    open_engine,
    register,
    view_files,
)
from quality.engine.statements import sql_root, statement
from quality.engine.syntax import parameters_of
from quality.errors import UsageError
from quality.findings import schema as findings_files
from quality.findings import summary as summaries
from quality.panel.partitions import list_years
from quality.storage import S3Options, Store, local_copies, open_store, split_address

VIEWS = {
    "panel": "date, ticker, price",
    "sessions": "session, date, rows, prices",
    "findings": ", ".join(findings_files.FILED_SCHEMA),
    "runs": "run, job, outcome, first_session, last_session, cells, findings, ruleset, seconds",
    "truth": "date, ticker, anomaly_type, original_value, new_value",
}
_RUN_COLUMNS = {
    "run": pl.String,
    "job": pl.String,
    "outcome": pl.String,
    "first_session": pl.String,
    "last_session": pl.String,
    "cells": pl.Int64,
    "findings": pl.Int64,
    "ruleset": pl.String,
    "seconds": pl.Float64,
}


@dataclass(frozen=True)
class Sources:
    """Where the views come from; None leaves a view out.

    Attributes:
        panel: For `panel` and `sessions`.
        run: For `findings` and `runs`.
        truth: For `truth`.
        s3: How S3 is reached.

    """

    panel: str | None = None
    run: str | None = None
    truth: str | None = None
    s3: S3Options | None = None


def saved_questions() -> dict[str, str]:
    """Give the saved questions: by name, what each asks."""
    files = sorted((sql_root() / "questions").glob("*.sql"))
    return {file.stem: file.read_text(encoding="utf-8").splitlines()[0].removeprefix("-- ") for file in files}


def ask(text: str, sources: Sources, *, threads: int = 2, memory_limit: int = 1 << 30) -> pl.DataFrame:
    """Answer a SELECT, or a saved question by its name.

    Args:
        text: The SELECT, or one of `saved_questions()`.
        sources: What it may look at; nothing else can be read, and nothing written.
        threads: Threads of the engine.
        memory_limit: Bytes of the engine.

    Raises:
        UsageError: The text is not one SELECT, is wrong SQL, or asks for a view that was not given.
        InputError: A source cannot be read.

    """
    query = statement(f"questions/{text}") if text in saved_questions() else text
    wanted = parameters_of(query)
    if wanted:
        raise UsageError(f"the query has parameters (${', $'.join(sorted(wanted))}); write the values into it")
    with _engine(sources, threads, memory_limit) as engine:
        try:
            return frame(engine, query.strip().removesuffix(";"))
        except EngineError as error:
            raise UsageError(f"{first_line(error)}{_hint(str(error), sources)}") from error


def _hint(message: str, sources: Sources) -> str:
    """Say how a view that the query misses would be given."""
    needs = {"panel": "panel", "sessions": "panel", "findings": "run", "runs": "run", "truth": "truth"}
    for view, option in needs.items():
        if f"Table with name {view} does not exist" in message and getattr(sources, option) is None:
            return f" (the view {view} needs --{option})"
    return ""


@contextmanager
def _engine(sources: Sources, threads: int, memory_limit: int) -> Iterator[Connection]:
    with ExitStack() as stack:
        panel = _staged_panel(stack, sources)
        findings = _staged_findings(stack, sources)
        truth = _staged_truth(stack, sources)
        files = [*panel, *findings, *truth]
        options = EngineOptions(threads=threads, memory_limit=f"{memory_limit >> 20}MiB", files=files)
        engine = stack.enter_context(open_engine(options))
        if panel:
            view_files(engine, "panel", panel)
            engine.execute(statement("investigate/sessions"))
        if sources.run is not None:
            _make_run_views(engine, open_store(sources.run, sources.s3), findings)
        if truth:
            view_files(engine, "truth", truth)
        yield engine


def _make_run_views(engine: Connection, run: Store, findings: Sequence[Path]) -> None:
    register(engine, "runs", _runs(run))
    if findings:
        view_files(engine, "findings", findings)
    else:
        register(engine, "findings", pl.DataFrame(schema=findings_files.FILED_SCHEMA))


def _runs(run: Store) -> pl.DataFrame:
    # A run that was stopped has findings to look at, but no summary yet.
    if not run.exists(summaries.KEY) and run.entries("findings/"):
        return pl.DataFrame(schema=_RUN_COLUMNS)
    summary = {"run": run.address, **summaries.read(run)}
    return pl.DataFrame({name: [summary.get(name)] for name in _RUN_COLUMNS}, schema=_RUN_COLUMNS)


def _staged_panel(stack: ExitStack, sources: Sources) -> list[Path]:
    if sources.panel is None:
        return []
    store = open_store(sources.panel, sources.s3)
    keys = [key for year in list_years(store) for key in year.keys]
    return list(stack.enter_context(local_copies(store, keys)).values())


def _staged_findings(stack: ExitStack, sources: Sources) -> list[Path]:
    if sources.run is None:
        return []
    store = open_store(sources.run, sources.s3)
    keys = [entry.key for entry in store.entries("findings/") if entry.key.endswith(".parquet")]
    return list(stack.enter_context(local_copies(store, keys)).values())


def _staged_truth(stack: ExitStack, sources: Sources) -> list[Path]:
    if sources.truth is None:
        return []
    folder, name = split_address(sources.truth)
    return [stack.enter_context(open_store(folder, sources.s3).local_copy(name))]
