"""Writes the findings of a run as one CSV, a year at a time."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from quality.findings.columns import CSV_KEY, is_partition_key
from quality.storage import Store

if TYPE_CHECKING:
    import polars as pl


def write_run_csv(run: Store, progress: Callable[[str, int, int], None]) -> None:
    """Write the CSV of a run from its Parquet files; memory holds one of them."""
    from quality.findings.schema import read_parts, write_csv  # noqa: PLC0415 - only a run that is asked for CSV waits

    files = sum(is_partition_key(entry.key) for entry in run.entries("findings/"))

    def parts() -> Iterator["pl.DataFrame"]:
        for done, part in enumerate(read_parts(run), start=1):
            yield part
            progress("csv", done, files)

    with run.writing(CSV_KEY) as path:
        write_csv(parts(), path)
