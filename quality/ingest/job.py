"""Ingest: files into a panel, whole or not at all, with the books of what became of every row."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from quality.errors import InputError, QualityError
from quality.findings import quarantine as refused
from quality.findings import summary as summaries
from quality.ingest.files.arrivals import Found, find_arrivals
from quality.ingest.format.source import Source
from quality.ingest.rows import counts as books
from quality.ingest.rows.merge import CONFLICTS, PANEL_FILE, POLICIES, Merged, merge_year
from quality.ingest.rows.reading import Reading
from quality.ingest.rows.spill import Kept
from quality.panel.partitions import Year, list_years, partition_key, read_year, write_year
from quality.storage import S3Options, Store, holding, open_store

REFUSED_KEY = "refused.parquet"
CONFLICTS_KEY = "conflicts.parquet"
_EXAMPLES = 3

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class IngestOptions:
    """What is said of one ingest.

    Attributes:
        source: What is said of the files.
        on_conflict: Which of several prices of one key counts: "last" or "first" to arrive, or "error".
        s3: How S3 is reached.

    """

    source: Source = field(default_factory=Source)
    on_conflict: str = POLICIES[0]
    s3: S3Options | None = None


def ingest(
    addresses: Sequence[str],
    panel: Store,
    out: Store,
    options: IngestOptions,
    progress: Progress = lambda _stage, _done, _of: None,
) -> dict[str, Any]:
    """Read files into a panel, and give the summary; it is also written to `out`, with the refused rows.

    Every year of the panel that a file changes is replaced whole; all others are left alone.

    Args:
        addresses: Files, folders, globs and `s3://` addresses, in the order of arrival.
        panel: Where the rows go; it is made where it is missing.
        out: Where `refused.parquet`, `conflicts.parquet` and at last `summary.json` go.
        options: What is said of the files.
        progress: Told the stage, and how much of it is done, in bytes or years.

    Raises:
        InputError: No file could be read; or prices conflict and `on_conflict` is "error".

    """
    began = time.perf_counter()
    found = find_arrivals(addresses, options.s3)
    with holding(panel), holding(out), _folder() as folder:
        out.delete(summaries.KEY)
        reading = Reading(folder, options.source)
        _read(reading, found, progress)
        staged = _Staged(folder, panel, reading, options.on_conflict)
        years = reading.spill.years
        for at, year in enumerate(years, 1):
            staged.add(year)
            progress("merge", at, len(years))
        _write_lists(out, reading, staged.conflicts)
        for counts in reading.files:
            counts.check()
        conflicts = staged.conflict_count
        if conflicts and options.on_conflict == "error":
            raise InputError(
                f"{conflicts} prices conflict with others of the same key, and nothing is written; "
                f"{out.url(CONFLICTS_KEY)} lists them; mend the files, or say --on-conflict last or first"
            )
        staged.publish(progress)
        told = _summary(reading, found, staged, panel, options) | {"seconds": round(time.perf_counter() - began, 3)}
        out.write(summaries.KEY, summaries.encode(told))
    return told


@contextmanager
def _folder() -> Iterator[Path]:
    base = Path(tempfile.gettempdir())
    try:
        with tempfile.TemporaryDirectory(prefix="pricewatch-ingest-", ignore_cleanup_errors=True) as folder:
            yield Path(folder)
    except OSError as error:
        raise QualityError(
            f"cannot work in {base}: {os.strerror(error.errno or 0).lower()}; free some space, or "
            "set TMPDIR to another folder"
        ) from error


def _read(reading: Reading, found: Found, progress: Progress) -> None:
    total, before = sum(arrival.size for arrival in found.arrivals), 0
    for arrival in found.arrivals:
        reading.add(arrival, partial(_tell, progress, before, arrival.size, total))
        before += arrival.size
        progress("read", before, total)
    reading.spill.flush()
    if len(reading.failed) == len(reading.files):
        reasons = [counts.failed for counts in reading.files]
        more = f" (and {len(reasons) - _EXAMPLES} more files)" if len(reasons) > _EXAMPLES else ""
        raise InputError("; ".join(reasons[:_EXAMPLES]) + more)


def _tell(progress: Progress, before: int, size: int, total: int, done: int) -> None:
    progress("read", before + min(done, size), total)


class _Staged:
    """The panel's years as they will be, each merged on disk before any of them is published."""

    def __init__(self, folder: Path, panel: Store, reading: Reading, policy: str) -> None:
        for name in ("years", "conflicts"):
            (folder / name).mkdir()
        self._panel = panel
        self._reading = reading
        self._policy = policy
        self._store = open_store(folder / "years")
        self._held = {year.year: year for year in _years(panel)}
        self.changed: list[int] = []
        self.untouched: list[int] = []
        self.damaged: list[dict[str, Any]] = []
        self.conflicts = Kept(folder / "conflicts", CONFLICTS)
        self.conflict_count = 0

    def add(self, year: int) -> None:
        """Merge a year's arrivals; where the panel's own part of it is damaged, its arrivals are refused."""
        rows = self._reading.rows(year)
        if not rows.height:
            return
        try:
            held = read_year(self._panel, self._held[year]) if year in self._held else None
        except InputError as error:
            self._refuse(rows, year, str(error))
            return
        merged = merge_year(rows, held, self._policy)
        self._count(merged)
        if merged.is_changed:
            write_year(self._store, merged.rows)
            self.changed.append(year)
        else:
            self.untouched.append(year)

    def _count(self, merged: Merged) -> None:
        for file, written, agreed, lost in merged.counts.iter_rows():
            self._reading.files[file].add_fate(written, agreed, lost)
        self.conflicts.add(merged.conflicts)
        self.conflict_count += merged.conflicts.height

    def _refuse(self, rows: pl.DataFrame, year: int, reason: str) -> None:
        self.damaged.append({"year": year, "reason": reason})
        text = pl.concat_str(
            pl.col("date").cast(pl.String),
            pl.lit(" "),
            "ticker",
            pl.lit(" "),
            pl.col("price").cast(pl.String),
            ignore_nulls=True,
        )
        why = pl.lit(f"the panel's own part year={year:04d} cannot be read: mend it, then ingest again")
        self._reading.refused.add(rows.select("file", "line", column=pl.lit(None, pl.String), text=text, reason=why))
        for file, count in rows.group_by("file").len().iter_rows():
            self._reading.files[file].unreadable += count

    def publish(self, progress: Progress) -> None:
        """Put every changed year in its place, one after the other, each whole or not at all."""
        for at, year in enumerate(self.changed, 1):
            key = partition_key(year)
            with self._store.local_copy(key) as merged, self._panel.writing(key) as place:
                shutil.copyfile(merged, place)
            for old in self._held[year].keys if year in self._held else []:
                if old != key:
                    self._panel.delete(old)
            progress("write", at, len(self.changed))


def _years(panel: Store) -> list[Year]:
    """List a panel's years; a panel that is not there yet has none."""
    return list_years(panel) if any(entry.key.startswith("year=") for entry in panel.entries()) else []


def _write_lists(out: Store, reading: Reading, conflicts: Kept) -> None:
    """Write which rows were refused and which prices conflicted, with the names of their files."""
    names = [*(counts.file for counts in reading.files), "the panel"]
    numbers = [*range(len(reading.files)), PANEL_FILE]

    def named(column: str) -> pl.Expr:
        return pl.col(column).replace_strict(numbers, names, return_dtype=pl.String)

    lost = reading.refused.lazy().filter(~pl.col("file").is_in(reading.failed))
    _write_list(out, REFUSED_KEY, lost.with_columns(named("file")).select(refused.SCHEMA.names()))
    _write_list(out, CONFLICTS_KEY, conflicts.lazy().with_columns(named("kept_file"), named("other_file")))


def _write_list(out: Store, key: str, rows: pl.LazyFrame) -> None:
    """Write a list without holding all of it, and make sure that it is whole: Polars does not tell a full disk."""
    expected = int(rows.select(pl.len()).collect().item())
    with out.writing(key) as path:
        rows.sink_parquet(path, compression="zstd")
        try:
            written = int(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item())
        except (pl.exceptions.PolarsError, OSError):
            written = -1
        if written != expected:
            raise QualityError(f"cannot write {out.url(key)}: it was cut off; free some space and ingest again")


def _summary(reading: Reading, found: Found, staged: _Staged, panel: Store, options: IngestOptions) -> dict[str, Any]:
    files = [counts.as_dict() for counts in reading.files]
    failed = [{"file": counts.file, "reason": counts.failed} for counts in reading.files if counts.failed]
    return {
        "job": "ingest",
        "outcome": "partial" if failed or staged.damaged else "complete",
        "panel": panel.address,
        "on_conflict": options.on_conflict,
        **books.totals(reading.files),
        "conflicts": staged.conflict_count,
        "years_written": staged.changed,
        "years_unchanged": staged.untouched,
        "damaged": staged.damaged,
        "failed_files": failed,
        "skipped_files": list(found.skipped),
        "files_read": len(files) - len(failed),
        "files": files,
        "versions": summaries.versions(),
    }
