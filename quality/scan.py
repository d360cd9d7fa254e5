"""The full-history scan: one chunk to its findings, all chunks to a run."""

import datetime as dt
import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import polars as pl

from quality import findings as findings_files
from quality import summary as summaries
from quality.catalogue import Catalogue, Damage, read_catalogue
from quality.chunks import Chunk, chunk_sessions, plan_chunks, whole_chunk_sessions
from quality.engine import Connection, EngineError, EngineOptions, first_line, open_engine, view_files
from quality.errors import InputError, UsageError
from quality.executors.local import run_all
from quality.judge import ChunkInputs, Judgement, judge
from quality.panel import Year, list_years
from quality.rules import RuleSet
from quality.storage import Store, holding, local_copies

_log = logging.getLogger(__name__)

FORMATS = ("parquet", "csv")
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class ScanOptions:
    """What a scan covers, what it writes, and how much of the machine it takes.

    Attributes:
        start: First session whose findings are wanted, None for the panel's first.
        end: Last session whose findings are wanted, None for the panel's last.
        formats: Of `FORMATS`; Parquet is always written, since the others are made from it.
        threads: Chunks in work at once.
        memory_limit: Of all engines together, in bytes.
        rows_a_chunk: Rows that one unit of work holds at most, unless it is a single year.

    """

    start: dt.date | None = None
    end: dt.date | None = None
    formats: Sequence[str] = FORMATS
    threads: int = 2
    memory_limit: int = 1 << 30
    rows_a_chunk: int = 1_000_000

    def __post_init__(self) -> None:
        unknown = [name for name in self.formats if name not in FORMATS]
        if unknown or not self.formats:
            raise UsageError(f"--format {','.join(self.formats)}: choose from {', '.join(FORMATS)}")
        if self.start and self.end and self.start > self.end:
            raise UsageError(f"--start {self.start} is after --end {self.end}")


@dataclass
class _Work:
    """What the chunks of one scan share."""

    catalogue: Catalogue
    paths: Mapping[str, Path]
    years: Mapping[int, Year]
    ruleset: RuleSet
    options: ScanOptions
    run: Store
    engines: SimpleQueue[Connection] = field(default_factory=SimpleQueue)

    @property
    def start(self) -> dt.date:
        return self.options.start or dt.date.min

    @property
    def end(self) -> dt.date:
        return self.options.end or dt.date.max

    def files(self, years: Sequence[int]) -> list[Path]:
        return [self.paths[key] for year in years for key in self.years[year].keys]


@dataclass
class ChunkResult:
    """What a chunk adds to the summary."""

    tally: summaries.Tally
    rows: int = 0
    absent: int = 0
    damaged: tuple[Damage, ...] = ()


def scan(
    panel: Store,
    run: Store,
    ruleset: RuleSet,
    options: ScanOptions | None = None,
    progress: Progress = lambda _what, _done, _all: None,
) -> dict[str, Any]:
    """Scan a panel's whole history and write the run: findings by year, the CSV, and last `summary.json`.

    Args:
        panel: Where the panel is.
        run: Where the run goes; what an earlier run left there is replaced.
        ruleset: The rules.
        options: Range, formats, resources.
        progress: Told the stage, how much of it is done, and of how much.

    Returns:
        The summary. Its `outcome` is "complete", or "partial" where partitions were damaged: they are
        listed under `damaged`, and everything else is done.

    Raises:
        InputError: There is no panel, or nothing of it can be read.
        DestinationBusyError: Another run is writing there.

    """
    began = time.perf_counter()
    options = options or ScanOptions()
    years = list_years(panel)
    keys = [key for year in years for key in year.keys]
    with holding(run), local_copies(panel, keys) as paths, ExitStack() as stack:
        engines = [stack.enter_context(open_engine(_share(options, paths))) for _ in range(options.threads)]
        catalogue = read_catalogue(engines[0], years, paths)
        work = _Work(catalogue, paths, {year.year: year for year in years}, ruleset, options, run)
        for engine in engines:
            work.engines.put(engine)
        chunks = plan_chunks(catalogue, _years_in_range(work), ruleset.look_back, options.rows_a_chunk, ruleset.look_ahead)
        _clear(run)
        results = run_all(
            lambda chunk: scan_chunk(work, chunk), chunks, options.threads, lambda done: progress("scan", done, len(chunks))
        )
        if "csv" in options.formats:
            _write_csv(run, progress)
        summary = _summarise(work, panel, results)
        summary["seconds"] = round(time.perf_counter() - began, 3)
        run.write(summaries.KEY, summaries.encode(summary))
    return summary


def _share(options: ScanOptions, paths: Mapping[str, Path]) -> EngineOptions:
    memory = options.memory_limit // options.threads
    return EngineOptions(memory_limit=f"{memory >> 20}MiB", files=list(paths.values()))


def _years_in_range(work: _Work) -> list[int]:
    wanted = work.catalogue.sessions.filter(pl.col("date").is_between(work.start, work.end))
    if not wanted.height:
        first, last = work.catalogue.sessions.item(0, "date"), work.catalogue.sessions.item(-1, "date")
        raise UsageError(f"--start and --end leave no session: the panel holds {first} to {last}")
    return wanted.get_column("part").unique().sort().to_list()


def _clear(run: Store) -> None:
    """Take away what an earlier run left, its summary first: what is half gone must not look finished."""
    run.delete(summaries.KEY)
    run.delete(findings_files.CSV_KEY)
    for entry in run.entries("findings/"):
        run.delete(entry.key)


def scan_chunk(work: _Work, chunk: Chunk) -> ChunkResult:
    """Judge the years of a chunk and write their findings, one whole file a year."""
    engine = work.engines.get()
    try:
        judgement = _judge(work, engine, chunk)
    except (InputError, EngineError) as error:
        return _one_by_one(work, chunk, error)
    finally:
        work.engines.put(engine)
    tally = summaries.Tally()
    tally.add(judgement.findings)
    for year in chunk.years:
        of_year = judgement.findings.filter(pl.col("date").dt.year() == year)
        with work.run.writing(findings_files.partition_key(year)) as path:
            findings_files.write_parquet(of_year, path)
    return ChunkResult(tally, judgement.rows, judgement.absent)


def _one_by_one(work: _Work, chunk: Chunk, error: Exception) -> ChunkResult:
    """Find out which year of a failed chunk is damaged; the others are still done."""
    if len(chunk.years) == 1:
        _log.warning("year=%d could not be scanned: %s", chunk.years[0], error)
        return ChunkResult(summaries.Tally(), damaged=(Damage(chunk.years[0], first_line(error)),))
    total = ChunkResult(summaries.Tally())
    for single in plan_chunks(work.catalogue, list(chunk.years), work.ruleset.look_back, 0, work.ruleset.look_ahead):
        result = scan_chunk(work, single)
        total.tally.merge(result.tally)
        total.rows += result.rows
        total.absent += result.absent
        total.damaged += result.damaged
    return total


def _judge(work: _Work, engine: Connection, chunk: Chunk) -> Judgement:
    files = work.files(chunk.years)
    view_files(engine, "filed_rows", files)
    view_files(engine, "near_rows", [*work.files(chunk.look_back_years), *files, *work.files(chunk.look_ahead_years)])
    judgement = judge(engine, _inputs(work, chunk, in_file_order=True), work.ruleset, work.start, work.end)
    if not judgement.in_order:
        _log.info("years %s are not sorted by ticker and date: sorting them", chunk.years)
        judgement = judge(engine, _inputs(work, chunk, in_file_order=False), work.ruleset, work.start, work.end)
    return judgement


def _inputs(work: _Work, chunk: Chunk, *, in_file_order: bool) -> ChunkInputs:
    catalogue = work.catalogue
    if work.ruleset.look_ahead:
        sessions = whole_chunk_sessions(catalogue, chunk, work.ruleset.look_back, work.ruleset.look_ahead)
        return ChunkInputs(sessions, catalogue.tickers, pl.DataFrame({"ticker": []}))
    sessions = chunk_sessions(catalogue, chunk, work.ruleset.look_back, in_file_order=in_file_order)
    of_date = dict(catalogue.sessions.select("date", "session").iter_rows())
    last = sessions.get_column("session").max()
    numbered = pl.col("first_date").replace_strict(of_date, return_dtype=pl.Int32)
    tickers = catalogue.tickers.select("ticker", "number", first_session=numbered)
    presence = catalogue.presence.filter(pl.col("year").is_in(chunk.years)).select(
        "ticker",
        part="year",
        first_session=numbered,
        last_session=pl.col("last_date").replace_strict(of_date, return_dtype=pl.Int32),
    )
    return ChunkInputs(sessions, tickers.filter(pl.col("first_session") <= last), presence)


def _write_csv(run: Store, progress: Progress) -> None:
    keys = [entry.key for entry in run.entries("findings/")]

    def parts() -> Iterator[pl.DataFrame]:
        for done, key in enumerate(keys, start=1):
            with run.local_copy(key) as path:
                yield pl.read_parquet(path, hive_partitioning=False)
            progress("csv", done, len(keys))

    with run.writing(findings_files.CSV_KEY) as path:
        findings_files.write_csv(parts(), path)


def _summarise(work: _Work, panel: Store, results: Sequence[ChunkResult]) -> dict[str, Any]:
    total = summaries.Tally()
    for result in results:
        total.merge(result.tally)
    damaged = [*work.catalogue.damaged, *(damage for result in results for damage in result.damaged)]
    sessions = work.catalogue.sessions.filter(pl.col("date").is_between(work.start, work.end))
    return {
        "job": "scan",
        "outcome": "partial" if damaged else "complete",
        "panel": panel.address,
        "first_session": sessions.item(0, "date").isoformat(),
        "last_session": sessions.item(-1, "date").isoformat(),
        "scored_from": _eighth(work.catalogue.sessions),
        "cells": sessions.height * work.catalogue.tickers.height,
        "rows": sum(result.rows for result in results),
        "absent": sum(result.absent for result in results),
        "sessions": sessions.height,
        "tickers": work.catalogue.tickers.height,
        **total.as_dict(),
        "damaged": [{"year": damage.year, "reason": damage.reason} for damage in damaged],
        **work.ruleset.as_dict(),
        "input_fingerprint": input_fingerprint(list(work.years.values())),
        "versions": summaries.versions(),
    }


def _eighth(sessions: pl.DataFrame) -> str | None:
    """Give the first session with a week of history before it: from there on, findings are scored."""
    return sessions.item(7, "date").isoformat() if sessions.height > 7 else None  # noqa: PLR2004 - the score's contract


def input_fingerprint(years: Sequence[Year]) -> str:
    """Digest the names, sizes and versions of a panel's files."""
    digest = hashlib.sha256()
    for year in years:
        for entry in year.entries:
            digest.update(f"{entry.key}\0{entry.size}\0{entry.version}\n".encode())
    return digest.hexdigest()[:16]
