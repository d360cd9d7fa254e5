"""An open table: its columns' names, a sample of its records, and all of them in batches."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from quality.ingest.rows.records import Batch


@dataclass(frozen=True)
class Table:
    """An open table.

    Attributes:
        kind: "csv", "parquet" or "arrow".
        header: The columns' names as they stand, also blank and doubled ones; None where there are none.
        sample: The first records, a series a column.
        batches: All records, once.
        skipped: Lines before the header.
        delimiter: Of a CSV file.
        fields: See `Columns`.

    """

    kind: str
    header: list[str] | None
    sample: list[pl.Series]
    batches: Iterator[Batch]
    skipped: int = 0
    delimiter: str = ","
    fields: list[str] | None = None
