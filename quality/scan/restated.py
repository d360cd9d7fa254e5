"""History that is no longer what an earlier run saw: which years, and what it changed."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quality.findings.columns import COLUMNS, partition_key
from quality.scan.ledger import Record
from quality.storage import Store

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Restatement:
    """A year of history that is no longer what an earlier run into the same place saw.

    Attributes:
        year: The year.
        rows_before: Its rows then.
        rows: Its rows now; 0 where the year is gone.
        cells: Cells whose findings differ.

    """

    year: int
    rows_before: int
    rows: int
    cells: int


def restated_years(
    contents: Mapping[int, str], earlier: Mapping[int, Record], seen_of: Callable[[int, dt.date], str]
) -> list[int]:
    """List the years that are no longer what an earlier run has seen.

    Days that came after what the earlier run saw do not restate anything.

    Args:
        contents: By year, the digest of the panel's files.
        earlier: By year, the records of the earlier run.
        seen_of: Gives the digest of a year's rows up to a day.

    """
    changed = [record for year, record in earlier.items() if contents.get(year, "") != record.content]
    return sorted(
        record.year
        for record in changed
        if record.year not in contents
        or not record.seen
        or seen_of(record.year, dt.date.fromisoformat(record.seen_to)) != record.seen
    )


def findings_of(run: Store, year: int) -> "pl.DataFrame":
    """Read the findings of a year of a run; none where there is no file."""
    import polars as pl  # noqa: PLC0415 - only a run that finds restated years waits for it

    from quality.findings.schema import SCHEMA  # noqa: PLC0415

    key = partition_key(year)
    if not run.exists(key):
        return pl.DataFrame(schema=SCHEMA)
    with run.local_copy(key) as path:
        return pl.read_parquet(path, columns=list(SCHEMA), hive_partitioning=False)


def compare(run: Store, earlier: Record, before: "pl.DataFrame", records: Sequence[Record]) -> Restatement:
    """Say what became of a year: `earlier` and `before` are its record and findings then, `records` those of now."""
    now = next((record for record in records if record.year == earlier.year), None)
    after = findings_of(run, earlier.year)
    columns = list(COLUMNS)
    gone = before.join(after, on=columns, how="anti", nulls_equal=True)
    come = after.join(before, on=columns, how="anti", nulls_equal=True)
    cells = gone.vstack(come).select("date", "ticker").n_unique()
    rows = now.rows if now else 0
    return Restatement(earlier.year, earlier.rows, rows, cells)
