"""Holds a run's findings against the truth about injected faults: precision, recall, F1, and every error's reason."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from quality.engine.connection import EngineOptions, frame, open_engine, register, run
from quality.engine.statements import statement
from quality.errors import InputError, UsageError
from quality.findings import schema as findings_files
from quality.findings import summary as summaries
from quality.panel.grid import FloatMatrix
from quality.panel.rounding import round_to_cents
from quality.storage import Store
from quality.synthetic.faults import KINDS

TRUTH_COLUMNS = ("date", "ticker", "anomaly_type", "original_value", "new_value")
# A panel of the job's own has prices in cents; others may have more digits, up to floats of any length.
_CENTS, _MOST_DIGITS = 2, 10
_TABLES = ("by_type", "by_rule", "confusion", "reasons", "errors")


@dataclass(frozen=True)
class Score:
    """How right a run is.

    Attributes:
        total: bad, claimed, found (cells), precision, recall, f1, type_right (shares; None where undefined).
        by_type: type, bad, found, recall, named_right, false_alarms, rules (which of them found it, with shares).
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
    summary = summaries.read(run_store)
    parts = [pl.DataFrame(schema=findings_files.FILED_SCHEMA), *findings_files.read_parts(run_store)]
    return summary, findings_files.complete(pl.concat(parts))


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
        register(engine, "truth", _rounded(truth))
        register(engine, "findings", findings)
        engine.execute(statement("score/rule_types"))
        run(engine, statement("score/cells"), {"first": first, "last": last})
        total = frame(engine, statement("score/total")).row(0, named=True)
        tables = {}
        for name in ("errors", "by_type", "by_rule", "confusion", "reasons"):
            tables[name] = frame(engine, statement(f"score/{name}"))
            register(engine, name, tables[name])
    return Score(total, **tables)


def _rounded(truth: pl.DataFrame) -> pl.DataFrame:
    """Add each fault's place in the log, and its values rounded as the panel is: the log itself is not."""
    numbered = truth.with_row_index("place")
    values = {
        name: truth.get_column(column).cast(pl.Float64).fill_null(float("nan")).to_numpy()
        for name, column in (("clean", "original_value"), ("final", "new_value"))
    }
    is_own = set(truth.get_column("anomaly_type")) <= set(KINDS)  # logged of a panel in cents, faults on top unrounded
    digits = _CENTS if is_own else _digits(values["clean"])
    return numbered.with_columns(
        pl.Series(name, _as_panel(prices, digits), nan_to_null=True) for name, prices in values.items()
    )


def _digits(prices: FloatMatrix) -> int:
    """Give how many decimals clean prices have, at least two; more than any where they are floats of any length."""
    for digits in range(_CENTS, _MOST_DIGITS):
        if np.array_equal(_as_panel(prices, digits), prices, equal_nan=True):
            return digits
    return _MOST_DIGITS


def _as_panel(prices: FloatMatrix, digits: int) -> FloatMatrix:
    if digits == _MOST_DIGITS:
        return prices
    return round_to_cents(prices) if digits == _CENTS else np.round(prices, digits)


def write_score(scored: Score, run_store: Store) -> None:
    """Write the score beside the run's findings: `score/total.parquet` and a table each."""
    tables = {"total": pl.DataFrame([dict(scored.total)]), **{name: getattr(scored, name) for name in _TABLES}}
    for name, table in tables.items():
        with run_store.writing(f"score/{name}.parquet") as path:
            table.write_parquet(path)
