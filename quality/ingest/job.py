"""Ingest: files into a panel, whole or not at all, with the books of what became of every row."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

import polars as pl

from quality.errors import InputError, QualityError
from quality.findings import quarantine as refused
from quality.findings import summary as summaries
from quality.ingest.files.ahead import fetched_ahead
from quality.ingest.files.arrivals import Found, find_arrivals
from quality.ingest.files.validation import validating
from quality.ingest.options import IngestOptions
from quality.ingest.rows import counts as books
from quality.ingest.rows.merge import PANEL_FILE
from quality.ingest.rows.reading import Reading
from quality.ingest.rows.spill import Kept
from quality.ingest.staging import Staged
from quality.ingest.working_folder import working_folder
from quality.storage import Store, holding

REFUSED_KEY = "refused.parquet"
CONFLICTS_KEY = "conflicts.parquet"
UNREAD_KEY = "unread.parquet"
_EXAMPLES = 3

Progress = Callable[[str, int, int], None]


def ingest(
    addresses: Sequence[str],
    panel: Store,
    out: Store,
    options: IngestOptions,
    progress: Progress = lambda _stage, _done, _of: None,
) -> dict[str, Any]:
    """Read files into a panel, and give the summary; it is also written to `out`, with the refused rows.

    Every year of the panel that a file changes is replaced whole; all others are left alone. A dry run does the
    same and writes nothing.

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
    with ExitStack() as stack:
        if not options.dry_run:
            stack.enter_context(holding(panel))
            stack.enter_context(holding(out))
        folder = stack.enter_context(working_folder())
        validator = stack.enter_context(validating())
        if not options.dry_run:
            out.delete(summaries.KEY)
        reading = Reading(folder, options.source, validator, options.choice.keep)
        _read(reading, found, progress)
        if not options.dry_run:
            _check_any(reading)
        staged = Staged(folder, panel, reading, options.choice)
        years = reading.spill.years
        for position, year in enumerate(years, 1):
            staged.add(year)
            progress("merge", position, len(years))
        for counts in reading.files:
            counts.check()
        if not options.dry_run:
            _write_lists(out, reading, staged.conflicts, has_extras=bool(options.source.extras))
            _check_conflicts(staged, options, out)
            staged.publish(progress)
        seconds = round(time.perf_counter() - began, 3)
        summary = _summary(reading, found, staged, panel, options) | {"seconds": seconds}
        if not options.dry_run:
            out.write(summaries.KEY, summaries.encode(summary))
    return summary


def _check_conflicts(staged: Staged, options: IngestOptions, out: Store) -> None:
    if staged.conflict_count and options.on_conflict == "error":
        raise InputError(
            f"{staged.conflict_count} prices conflict with others of the same key, and nothing is written; "
            f"{out.url(CONFLICTS_KEY)} lists them; mend the files, or say --on-conflict last or first"
        )


def _read(reading: Reading, found: Found, progress: Progress) -> None:
    total, before = sum(arrival.size for arrival in found.arrivals), 0
    for arrival in fetched_ahead(found.arrivals):
        reading.add(arrival, partial(_report, progress, before, arrival.size, total))
        before += arrival.size
        progress("read", before, total)
    reading.flush()
    reading.spill.flush()


def _check_any(reading: Reading) -> None:
    if reading.files and len(reading.failed) == len(reading.files):
        reasons = [counts.failed for counts in reading.files]
        more = f" (and {len(reasons) - _EXAMPLES} more files)" if len(reasons) > _EXAMPLES else ""
        raise InputError("; ".join(reasons[:_EXAMPLES]) + more)


def _report(progress: Progress, before: int, size: int, total: int, done: int) -> None:
    progress("read", before + min(done, size), total)


def _write_lists(out: Store, reading: Reading, conflicts: Kept, *, has_extras: bool) -> None:
    """Write which rows were refused, which prices conflicted and what else was not read, with the files' names."""
    names = [*(counts.file for counts in reading.files), "the panel"]
    numbers = [*range(len(reading.files)), PANEL_FILE]

    def named(column: str) -> pl.Expr:
        return pl.col(column).replace_strict(numbers, names, return_dtype=pl.String)

    lost = reading.refused.lazy().filter(~pl.col("file").is_in(reading.failed))
    _write_list(out, REFUSED_KEY, lost.with_columns(named("file")).select(refused.SCHEMA.names()))
    if has_extras:
        unread = reading.unread.lazy().filter(~pl.col("file").is_in(reading.failed))
        _write_list(out, UNREAD_KEY, unread.with_columns(named("file")).select(refused.SCHEMA.names()))
    elif out.exists(UNREAD_KEY):
        out.delete(UNREAD_KEY)
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


def _summary(reading: Reading, found: Found, staged: Staged, panel: Store, options: IngestOptions) -> dict[str, Any]:
    files = [counts.as_dict() for counts in reading.files]
    if not options.dry_run:
        for one in files:
            one.pop("first_rows", None)
    failed = [{"file": counts.file, "reason": counts.failed} for counts in reading.files if counts.failed]
    empty = [counts.file for counts in reading.files if counts.is_empty]
    return {
        "job": "ingest",
        "outcome": "partial" if failed or staged.damaged else "complete",
        "dry_run": options.dry_run,
        "panel": panel.address,
        "on_conflict": options.on_conflict,
        "prefer": options.prefer,
        "tolerance": options.tolerance,
        **books.totals(reading.files),
        "conflicts": staged.conflict_count,
        "filled": dict(staged.filled),
        "years_written": staged.changed,
        "years_unchanged": staged.untouched,
        "damaged": staged.damaged,
        "failed_files": failed,
        "empty_files": empty,
        "skipped_files": list(found.skipped),
        "members_left_aside": reading.left_aside,
        "files_read": len(files) - len(failed) - len(empty),
        "files": files,
        "versions": summaries.versions(),
    }
