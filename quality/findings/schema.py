"""The findings as frames: their columns and types, their files, and their CSV."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

from quality.errors import InputError
from quality.findings.columns import (
    COLUMNS,
    COVERED,
    CSV_KEY,
    FILED_COLUMNS,
    NOTEBOOK_REPORT_KEY,
    SUPPRESSED,
    is_partition_key,
    partition_key,
)
from quality.findings.plain_text import FORMULA_STARTS, FORMULA_WITHIN
from quality.storage import Store

__all__ = ["COVERED", "CSV_KEY", "NOTEBOOK_REPORT_KEY", "SUPPRESSED", "partition_key"]
_TYPES = {"date": pl.Date(), "text": pl.String(), "number": pl.Float64(), "flag": pl.Boolean()}
SCHEMA = pl.Schema({name: _TYPES[kind] for name, kind in COLUMNS.items()})
# As they are kept: the last column tells which ones a suppression makes not count.
FILED_SCHEMA = pl.Schema({name: _TYPES[kind] for name, kind in FILED_COLUMNS.items()})


def read_parts(run: Store) -> Iterator[pl.DataFrame]:
    """Read the findings of a run, a file at a time, as they are filed.

    Raises:
        InputError: A file is damaged: it is named.

    """
    for key in [entry.key for entry in run.entries("findings/") if is_partition_key(entry.key)]:
        with run.local_copy(key) as path:
            try:
                part = complete(pl.read_parquet(path, glob=False, hive_partitioning=False), FILED_SCHEMA)
            except pl.exceptions.PolarsError as error:
                raise InputError(
                    f"{run.url(key)} is damaged: {str(error).splitlines()[0]}; make its year again: scan with --resume"
                ) from error
        yield part


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
    texts = [position for position, dtype in enumerate(rows.dtypes) if dtype == pl.String]
    return rows.with_columns(_plain_column(pl.nth(position)) for position in texts)


def _plain_column(column: pl.Expr) -> pl.Expr:
    is_formula = pl.any_horizontal(column.str.starts_with(start) for start in FORMULA_STARTS)
    column = column.str.replace_all(FORMULA_WITHIN, "${1}'${2}")
    return pl.when(is_formula).then(pl.concat_str(pl.lit("'"), column)).otherwise(column).name.keep()
