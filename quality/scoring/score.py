"""Holds a run's findings against the truth about injected faults: precision, recall, F1, and every error's reason."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from quality.engine.connection import EngineOptions, frame, open_engine, register, run
from quality.engine.statements import statement
from quality.errors import InputError, UsageError
from quality.findings import schema as findings_files
from quality.findings import summary as summaries
from quality.panel.rounding import round_to_cents
from quality.storage import Store

TRUTH_COLUMNS = ("date", "ticker", "anomaly_type", "original_value", "new_value")
_TABLES = ("by_type", "by_rule", "confusion", "reasons", "errors")


@dataclass(frozen=True)
class Score:
    """How right a run is.

    Attributes:
        total: bad, claimed, found (cells), precision, recall, f1, type_right (shares; None where undefined).
        by_type: type, bad, found, recall, named_right, false_alarms.
        by_rule: rule, claimed, found, precision, false_alarms.
        confusion: type, rule (null: missed), cells.
        reasons: error (missed or false), what, reason, cells.
        errors: date, ticker, error, type, rule, clean, final, deviation, reason: one row a wrong cell.

    """

    total: Mapping[str, Any]
    by_type: pl.DataFrame
    by_rule: pl.DataFrame
    confusion: pl.DataFrame
    reasons: pl.DataFrame
    errors: pl.DataFrame

    def as_dict(self) -> dict[str, Any]:
        """Give the score as JSON takes it, without the single errors."""
        tables = {name: getattr(self, name).to_dicts() for name in _TABLES if name != "errors"}
        return {**self.total, **tables}


def read_truth(data: bytes, name: str) -> pl.DataFrame:
    """Read the log of injected faults.

    Raises:
        InputError: It is not Parquet, or lacks a column.

    """
    try:
        truth = pl.read_parquet(io.BytesIO(data))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise InputError(f"{name}: cannot be read as Parquet: {error}") from error
    missing = [column for column in TRUTH_COLUMNS if column not in truth.columns]
    if missing:
        raise InputError(f"{name}: is no truth: it lacks {', '.join(missing)}; `inject` writes one with --truth")
    return truth.select(TRUTH_COLUMNS)


def read_run(run_store: Store) -> tuple[dict[str, Any], pl.DataFrame]:
    """Read a run's summary and its findings.

    Raises:
        InputError: There is no finished run.

    """
    if not run_store.exists(summaries.KEY):
        raise InputError(f"{run_store.address}: holds no finished run: there is no {summaries.KEY}")
    summary = json.loads(run_store.read(summaries.KEY))
    parts = [findings_files.complete(pl.DataFrame(schema=findings_files.SCHEMA))]
    for entry in run_store.entries("findings/"):
        with run_store.local_copy(entry.key) as path:
            parts.append(findings_files.complete(pl.read_parquet(path, hive_partitioning=False)))
    return summary, pl.concat(parts)


def score(summary: Mapping[str, Any], findings: pl.DataFrame, truth: pl.DataFrame) -> Score:
    """Score findings of error or warning that name a ticker, cell by cell, from the eighth session on.

    Args:
        summary: The run's summary: it says which sessions were scanned.
        findings: The findings' columns.
        truth: `TRUTH_COLUMNS`, in order of injection.

    Raises:
        UsageError: The run has no sessions that can be scored.

    """
    if not summary.get("scored_from"):
        raise UsageError("the run cannot be scored: it is no scan of eight sessions or more")
    first, last = max(summary["scored_from"], summary["first_session"]), summary["last_session"]
    with open_engine(EngineOptions(threads=2)) as engine:
        register(engine, "truth", _in_cents(truth))
        register(engine, "findings", findings)
        engine.execute(statement("score/rule_types"))
        run(engine, statement("score/cells"), {"first": first, "last": last})
        total = frame(engine, statement("score/total")).row(0, named=True)
        tables = {}
        for name in ("errors", "by_type", "by_rule", "confusion", "reasons"):
            tables[name] = frame(engine, statement(f"score/{name}"))
            register(engine, name, tables[name])
    return Score(total, **tables)


def _in_cents(truth: pl.DataFrame) -> pl.DataFrame:
    """Add each fault's place in the log, and its values rounded as the panel is: the log itself is not."""

    def cents(column: str) -> pl.Series:
        values = truth.get_column(column).cast(pl.Float64).fill_null(float("nan")).to_numpy()
        return pl.Series(round_to_cents(values), nan_to_null=True)

    return truth.with_row_index("place").with_columns(clean=cents("original_value"), final=cents("new_value"))


def write_score(scored: Score, run_store: Store) -> None:
    """Write the score beside the run's findings: `score/total.parquet` and a table each."""
    tables = {"total": pl.DataFrame([dict(scored.total)]), **{name: getattr(scored, name) for name in _TABLES}}
    for name, table in tables.items():
        with run_store.writing(f"score/{name}.parquet") as path:
            table.write_parquet(path)
