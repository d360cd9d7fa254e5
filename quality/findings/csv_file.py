"""Writes the findings of a run as one CSV, a year at a time."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from quality.findings.columns import CSV_KEY, is_partition_key
from quality.storage import Store

if TYPE_CHECKING:
    pass


def write_run_csv(run: Store, progress: Callable[[str, int, int], None]) -> None:
    """Write the CSV of a run from its Parquet files; memory holds one of them."""
    import polars as pl  # noqa: PLC0415 - only a run that is asked for CSV waits for it

    from quality.findings.schema import write_csv  # noqa: PLC0415

    keys = [entry.key for entry in run.entries("findings/") if is_partition_key(entry.key)]

    def parts() -> Iterator[pl.DataFrame]:
        for done, key in enumerate(keys, start=1):
            with run.local_copy(key) as path:
                yield pl.read_parquet(path, glob=False, hive_partitioning=False)
            progress("csv", done, len(keys))

    with run.writing(CSV_KEY) as path:
        write_csv(parts(), path)
