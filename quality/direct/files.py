"""Scans one file in one step: it becomes a panel within the run, read as `ingest` reads it, and is scanned."""

import shutil
from collections.abc import Mapping
from typing import Any

from quality.errors import InputError, UsageError
from quality.findings import summary as summaries
from quality.findings.run_files import BOOKS, own_panel
from quality.ingest.format.source import Source
from quality.ingest.job import ingest
from quality.ingest.options import IngestOptions
from quality.panel.partitions import list_years
from quality.rules.model import RuleSet
from quality.scan.run import Progress, ScanOptions, scan
from quality.storage import S3Options, Store, holding, open_store, temporary_folder

_COUNTS = ("rows_read", "rows_written", "rows_refused", "duplicates_agreeing", "conflicts", "not_listed", "unread")


def scan_file(
    file: str,
    run: Store,
    ruleset: RuleSet,
    options: ScanOptions,
    *,
    source: Source | None = None,
    s3: S3Options | None = None,
    progress: Progress = lambda _stage, _done, _of: None,
) -> dict[str, Any]:
    """Read a file into a panel of the run's own, and scan that.

    The panel stays in `<run>/panel`, where questions about the run find it; `<run>/ingest` says what became of
    every row. A file that cannot be read leaves an earlier run as it was.

    Args:
        file: The address of one CSV, Parquet or Arrow file, long or wide, packed or not.
        run: Where the run goes.
        ruleset: The rules.
        options: As of any scan.
        source: What is known of the file.
        s3: How S3 is reached.
        progress: Told the stage, how much of it is done, and of how much.

    Returns:
        The scan's summary, with `file`, and the counts of its rows under `ingest`.

    Raises:
        InputError: Nothing of the file can be read.
        UsageError: The run holds a panel that no earlier scan of a file made.

    """
    books = open_store(f"{run.address}/{BOOKS}", s3)
    with holding(books):  # before the run itself: its panel is replaced first
        home = own_panel(run, s3)
        ingested = _read_file(file, run, home, books, IngestOptions(source or Source(), s3=s3), progress)
        return scan(home, run, ruleset, options, progress, beside={"file": file, "ingest": _books(ingested)})


def _read_file(  # noqa: PLR0917 - three places, and what comes
    file: str, run: Store, home: Store, books: Store, reading: IngestOptions, progress: Progress
) -> dict[str, Any]:
    """Make a file the run's own panel, in place of an earlier one, and give the summary of its ingest."""
    old = _partitions(home)
    if old and not books.exists(summaries.KEY):
        raise UsageError(f"{home.address} holds a panel that no scan of a file made; choose another place for the run")
    with temporary_folder() as work:
        panel, out = open_store(work / "panel"), open_store(work / BOOKS)
        ingested = ingest([file], panel, out, reading, progress)
        if not _partitions(panel):
            raise InputError(f"{file}: holds no price; {ingested['rows_refused']:,} rows are refused")
        run.delete(summaries.KEY)  # from here on the earlier run is being replaced
        _replace(panel, home, old)
        _replace(out, books, [])
    return ingested


def _partitions(panel: Store) -> list[str]:
    if not any(entry.key.startswith("year=") for entry in panel.entries()):
        return []
    return [key for year in list_years(panel) for key in year.keys]


def _replace(made: Store, place: Store, old: list[str]) -> None:
    """Copy what was made to its place, whole file by whole file, and take away what is no part of it any more."""
    keys = [entry.key for entry in made.entries()]
    for key in keys:
        with made.local_copy(key) as path, place.writing(key) as target:
            shutil.copyfile(path, target)
    for key in set(old) - set(keys):
        place.delete(key)


def _books(ingested: Mapping[str, Any]) -> dict[str, Any]:
    """Give the counts of an ingest, and why files or parts of an archive were refused whole."""
    return {
        **{name: ingested[name] for name in _COUNTS if name in ingested},
        "failed_files": ingested["failed_files"],
        "skipped_files": ingested["skipped_files"],
    }
