"""The findings: their columns, their files, their CSV, and the notebook's report."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl

from quality.findings.columns import (
    COLUMNS,
    COVERED,
    CSV_KEY,
    FILED_COLUMNS,
    NOTEBOOK_REPORT_KEY,
    SUPPRESSED,
    partition_key,
)
from quality.panel.parquet import encode

__all__ = ["COVERED", "CSV_KEY", "NOTEBOOK_REPORT_KEY", "SUPPRESSED", "partition_key"]
_TYPES = {"date": pl.Date(), "text": pl.String(), "number": pl.Float64(), "flag": pl.Boolean()}
SCHEMA = pl.Schema({name: _TYPES[kind] for name, kind in COLUMNS.items()})
# As they are kept: the last column tells which ones a suppression makes not count.
FILED_SCHEMA = pl.Schema({name: _TYPES[kind] for name, kind in FILED_COLUMNS.items()})
# The notebook knew nothing of new tickers, days that arrive wrong and calendars: they stand outside its own report.
NOT_IN_NOTEBOOK_REPORT = frozenset(
    {"unexpected_ticker", "wrong_date", "incomplete_day", "missing_session", "closed_day"}
)
# A spreadsheet takes a cell that begins with one of these for a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def in_order(findings: pl.DataFrame) -> pl.DataFrame:
    """Sort findings by date, ticker and rule; by one number for the three, since text sorts slowly."""
    key = pl.col("date").to_physical().cast(pl.Int64)
    for name in ("ticker", "rule"):
        words = findings.get_column(name).unique().sort()
        key = key * len(words) + pl.col(name).cast(pl.Enum(words)).to_physical()
    return findings.sort(key, maintain_order=True)


def encode_parquet(findings: pl.DataFrame) -> bytes:
    """Give findings as a Parquet file, in the order in which they come."""
    return encode(complete(findings, FILED_SCHEMA))


def complete(findings: pl.DataFrame, schema: pl.Schema = SCHEMA) -> pl.DataFrame:
    """Give findings all columns, in order; what the rule set does not know is null, and what no one marked counts."""
    return findings.select(_column(findings, name, dtype).alias(name) for name, dtype in schema.items())


def _column(findings: pl.DataFrame, name: str, dtype: pl.DataType) -> pl.Expr:
    if name in (SUPPRESSED, COVERED):
        return pl.col(name).fill_null(value=False) if name in findings.columns else pl.lit(value=False)
    return pl.col(name).cast(dtype) if name in findings.columns else pl.lit(None, dtype=dtype)


def counting(findings: pl.DataFrame) -> pl.DataFrame:
    """Keep the findings that count: those that no suppression and no other finding speaks for."""
    silent = [pl.col(name).fill_null(value=False) for name in (SUPPRESSED, COVERED) if name in findings.columns]
    return findings.filter(~pl.any_horizontal(silent)) if silent else findings


def write_csv(parts: Iterable[pl.DataFrame], path: Path) -> None:
    """Write findings part by part as one CSV; text that a spreadsheet would run is made plain by a `'`."""
    with path.open("wb") as file:
        file.write((",".join(FILED_SCHEMA) + "\n").encode())
        for part in parts:
            rows = plain(complete(part, FILED_SCHEMA))
            file.write(rows.write_csv(include_header=False).encode())


def plain(rows: pl.DataFrame) -> pl.DataFrame:
    """Put a `'` before each text that a spreadsheet would take for a formula."""
    texts = [at for at, dtype in enumerate(rows.dtypes) if dtype == pl.String]
    return rows.with_columns(_plain_column(pl.nth(at)) for at in texts)


def _plain_column(column: pl.Expr) -> pl.Expr:
    is_formula = pl.any_horizontal(column.str.starts_with(start) for start in _FORMULA_STARTS)
    return pl.when(is_formula).then(pl.concat_str(pl.lit("'"), column)).otherwise(column).name.keep()


def notebook_csv(issues: Sequence[tuple[str, str]]) -> bytes:
    """Give the notebook's report: header `Ticker/Key,Issue`, one line an issue."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("Ticker/Key", "Issue"))
    writer.writerows((_plain_text(key), _plain_text(issue)) for key, issue in issues)
    return text.getvalue().encode()


def _plain_text(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
