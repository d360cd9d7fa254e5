"""Writes a panel without the cells that a run found bad, for a back-test to read."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import polars as pl

from quality.errors import InputError, UsageError
from quality.findings.schema import SUPPRESSED, partition_key
from quality.panel.partitions import Year, list_years, new_panel, read_rows, write_year
from quality.panel.version import PanelVersion
from quality.rules.severities import SEVERITIES
from quality.storage import Store, holding, overlaps

FLAG = "flag"
# Tells a clean panel from one of the user's own, which is never written over.
_MARKER = ".clean"
_NO_CELLS = pl.DataFrame(schema={"date": pl.Date, "ticker": pl.String, FLAG: pl.String})


def write_clean(
    panel: Store,
    run: Store,
    clean: Store,
    *,
    severity: str = "error",
    keep_flags: bool = False,
    progress: Callable[[str, int, int], None] = lambda _what, _done, _all: None,
) -> dict[str, Any]:
    """Write a copy of a panel in which the bad cells have no price; all other rows are as they were.

    Args:
        panel: The panel that was scanned.
        run: The finished run of its scan; the cells of a fault that lasts are all bad, suppressed findings are not.
        clean: Where the copy goes; an earlier one there is replaced.
        severity: From which severity on a cell is bad.
        keep_flags: Keep the prices, and name the rule that found a cell in a column `flag` instead.
        progress: Told the stage, and how many years of how many are written.

    Returns:
        Rows written, and how many cells are cleaned, in all and by rule; years of the panel that could not be read
        under `damaged`: they are left out.

    Raises:
        UsageError: As `check_clean`.
        InputError: There is no panel, or a file of the findings cannot be read.
        MixedVersionsError: The panel is half replaced, or was replaced meanwhile; the copy does not count as a panel.

    """
    check_clean(panel, run, clean)
    years = list_years(panel)
    version = PanelVersion(panel, years)
    version.check_now()
    damaged = []
    by_rule: Counter[str] = Counter()
    rows = 0
    with holding(clean), new_panel(clean, overwrite=True) as digests, version.reading():
        clean.write(_MARKER, b"written by pricewatch scan --clean\n")
        for position, year in enumerate(years, start=1):
            try:
                frame = _cleaned(panel, run, year, severity)
            except InputError as error:
                damaged.append({"year": year.year, "reason": str(error)})
                continue
            by_rule.update(dict(frame.get_column(FLAG).drop_nulls().value_counts().iter_rows()))
            rows += frame.height
            digests.update([write_year(clean, frame if keep_flags else _nulled(frame))])
            progress("clean", position, len(years))
    return {
        "clean": clean.address,
        "rows": rows,
        "cleaned": by_rule.total(),
        "by_rule": dict(sorted(by_rule.items(), key=lambda item: (-item[1], item[0]))),
        "damaged": damaged,
    }


def check_clean(panel: Store, run: Store, clean: Store) -> None:
    """Make sure that a clean panel can be written to a place.

    Raises:
        UsageError: It would lie in the panel or the run, or in the place of a panel that is no clean one.

    """
    for other in (panel, run):
        if overlaps(clean, other):
            raise UsageError(f"the clean panel {clean.address} and {other.address} lie in one another: choose another")
    if not clean.exists(_MARKER) and any(entry.key.endswith(".parquet") for entry in clean.entries("year=")):
        raise UsageError(
            f"{clean.address} holds a panel that is not of --clean: choose another place for the clean one"
        )


def _cleaned(panel: Store, run: Store, year: Year, severity: str) -> pl.DataFrame:
    """Read a year with the rule of each bad cell, the most severe first; null for the others."""
    rows = read_rows(panel, year)
    return rows.join(_bad_cells(run, year.year, severity), on=["date", "ticker"], how="left", maintain_order="left")


def _nulled(frame: pl.DataFrame) -> pl.DataFrame:
    price = pl.when(pl.col(FLAG).is_null()).then(pl.col("price"))
    return frame.with_columns(price=price).drop(FLAG)


def _bad_cells(run: Store, year: int, severity: str) -> pl.DataFrame:
    key = partition_key(year)
    if not run.exists(key):
        return _NO_CELLS
    ranks: dict[str, int] = {name: rank for rank, name in enumerate(SEVERITIES)}
    with run.local_copy(key) as path:
        columns = ["date", "ticker", "rule", "severity", SUPPRESSED]
        found = pl.read_parquet(path, columns=columns, glob=False, hive_partitioning=False)
    return (
        found.with_columns(rank=pl.col("severity").replace_strict(ranks, default=len(ranks)))
        .filter(~pl.col(SUPPRESSED).fill_null(value=False), pl.col("rank") <= ranks[severity])
        .sort("rank", maintain_order=True)
        .unique(["date", "ticker"], keep="first", maintain_order=True)
        .select("date", "ticker", pl.col("rule").alias(FLAG))
    )
