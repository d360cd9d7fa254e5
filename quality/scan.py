"""The full-history scan: one chunk to its findings, all chunks to a run."""

import datetime as dt
import logging
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import polars as pl

from quality import findings as findings_files
from quality import summary as summaries
from quality.calendars import PANEL, check_calendar, open_calendar
from quality.catalogue import Catalogue, Damage, read_catalogue
from quality.chunks import Chunk, chunk_sessions, plan_chunks, whole_chunk_sessions
from quality.engine import Connection, EngineError, EngineOptions, first_line, open_engine, view_files
from quality.errors import InputError, UsageError
from quality.exceptions import NO_EXCEPTIONS, Register, mark, told
from quality.executors.local import run_all
from quality.judge import ChunkInputs, Judgement, judge
from quality.ledger import Record, digest_contents, digest_of, read_records, record_key, write_record
from quality.panel import Year, list_years
from quality.rules import RuleSet
from quality.storage import Store, holding, local_copies
from quality.suspects import Suspects, suspects
from quality.whole_days import WholeDay, disagreements, joined

_log = logging.getLogger(__name__)

FORMATS = ("parquet", "csv")
_NO_FINDINGS = Judgement(pl.DataFrame(schema=findings_files.SCHEMA), {})
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
        calendar: Which days are sessions (`calendars.open_calendar`).
        exceptions: The findings that do not count.
        resume: Keep the years that an earlier run into the same place has finished, from the same input,
            rules, range and versions; without it, everything is made anew.

    """

    start: dt.date | None = None
    end: dt.date | None = None
    formats: Sequence[str] = FORMATS
    threads: int = 2
    memory_limit: int = 1 << 30
    rows_a_chunk: int = 1_000_000
    resume: bool = False
    calendar: str = PANEL
    exceptions: Register = NO_EXCEPTIONS

    def __post_init__(self) -> None:
        check_calendar(self.calendar)
        unknown = [name for name in self.formats if name not in FORMATS]
        if unknown or not self.formats:
            raise UsageError(f"--format {','.join(self.formats)}: choose from {', '.join(FORMATS)}")
        if self.start and self.end and self.start > self.end:
            raise UsageError(f"--start {self.start} is after --end {self.end}")


@dataclass
class _Work:
    """What the chunks of one scan share."""

    catalogue: Catalogue
    contents: Mapping[int, str]
    paths: Mapping[str, Path]
    years: Mapping[int, Year]
    ruleset: RuleSet
    options: ScanOptions
    run: Store
    wanted: Suspects
    engines: SimpleQueue[Connection] = field(default_factory=SimpleQueue)
    keys: Mapping[int, str] = field(default_factory=dict)
    whole_days: Mapping[int, Sequence[WholeDay]] = field(default_factory=dict)

    @property
    def start(self) -> dt.date:
        return self.options.start or dt.date.min

    @property
    def end(self) -> dt.date:
        return self.options.end or dt.date.max

    def files(self, years: Sequence[int]) -> list[Path]:
        return [self.paths[key] for year in years for key in self.years[year].keys]


@dataclass(frozen=True)
class ChunkResult:
    """What came of a chunk: the years that are finished, and those that could not be."""

    records: tuple[Record, ...] = ()
    damaged: tuple[Damage, ...] = ()


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
        catalogue = _catalogue(years, paths, options)
        contents = digest_contents(years, paths, options.threads)
        wanted = suspects(engines[0], ruleset)
        work = _Work(catalogue, contents, paths, {year.year: year for year in years}, ruleset, options, run, wanted)
        for engine in engines:
            work.engines.put(engine)
        work.whole_days = _whole_days(work)
        summary = _scan_years(work, panel, progress)
        summary["seconds"] = round(time.perf_counter() - began, 3)
        run.write(summaries.KEY, summaries.encode(summary))
    return summary


def _scan_years(work: _Work, panel: Store, progress: Progress) -> dict[str, Any]:
    """Scan the years that are not finished, write what is made from all years, and give the summary."""
    run, options = work.run, work.options
    wanted = _years_in_range(work)
    earlier = read_records(run) if options.resume else {}
    without_session = sorted(set(work.whole_days) - set(wanted))
    work.keys = {**_keys(work, wanted), **{year: digest_of(*_common(work, year)) for year in without_session}}
    done = {year: earlier[year] for year in work.keys if year in earlier and earlier[year].key == work.keys[year]}
    before = {year: _findings_of(run, year) for year in _restated(work, earlier)}
    _clear(run, keep=done)
    todo = [year for year in wanted if year not in done]
    ruleset = work.ruleset
    chunks = plan_chunks(work.catalogue, todo, ruleset.look_back, options.rows_a_chunk, ruleset.look_ahead)
    results = run_all(
        lambda chunk: scan_chunk(work, chunk),
        chunks,
        options.threads,
        lambda count: progress("scan", count, len(chunks)),
    )
    made = [record for result in results for record in result.records]
    made += [_write_year(work, _NO_FINDINGS, year) for year in without_session if year not in done]
    records = sorted([*done.values(), *made], key=lambda record: record.year)
    if "csv" in options.formats:
        _write_csv(run, progress)
    restated = [_restatement(run, earlier[year], before[year], records) for year in before]
    damaged = [*work.catalogue.damaged, *(damage for result in results for damage in result.damaged)]
    return _summarise(work, panel, records, damaged, restated)


def _keys(work: _Work, years: Sequence[int]) -> dict[int, str]:
    """Digest, for each year, everything that its findings depend on."""
    look_back, look_ahead = work.ruleset.look_back, work.ruleset.look_ahead
    last = work.catalogue.sessions.item(-1, "session")
    tickers = work.catalogue.tickers.sort("first_date", "number")
    known_by_count: dict[int, str] = {}
    keys = {}
    for chunk in (plan_chunks(work.catalogue, [year], look_back, 0, look_ahead)[0] for year in years):
        (year,) = chunk.years
        of_year = work.catalogue.sessions.filter(pl.col("part") == year)
        known = tickers.filter(pl.col("first_date") <= of_year.item(-1, "date"))
        # Tickers only ever join: as many known ones are the same ones.
        if known.height not in known_by_count:
            known_by_count[known.height] = digest_of(known.rows())
        contents = [(other, work.contents[other]) for other in (*chunk.look_back_years, year, *chunk.look_ahead_years)]
        history = min(of_year.item(0, "session") - 1, look_back)
        future = min(last - of_year.item(-1, "session"), look_ahead)
        keys[year] = digest_of(contents, history, future, known_by_count[known.height], *_common(work, year))
    return keys


def _common(work: _Work, year: int) -> tuple[object, ...]:
    """Give what a year's findings depend on beside the panel's files."""
    whole_days = [(str(day.date), day.rule, day.severity, day.message) for day in work.whole_days.get(year, ())]
    exceptions = work.options.exceptions.digest(year)
    versions = summaries.versions()
    return work.ruleset.fingerprint, str(work.start), str(work.end), versions, whole_days, exceptions


def _whole_days(work: _Work) -> dict[int, list[WholeDay]]:
    """Compare the panel's sessions with the calendar, by year; of a damaged year, nothing is known."""
    sessions = work.catalogue.sessions.get_column("date").to_list()
    calendar = open_calendar(work.options.calendar, sessions[0], sessions[-1])
    damaged = {damage.year for damage in work.catalogue.damaged}
    found: dict[int, list[WholeDay]] = {}
    for day in disagreements(calendar, work.ruleset.whole_day, sessions):
        if work.start <= day.date <= work.end and day.date.year not in damaged:
            found.setdefault(day.date.year, []).append(day)
    return found


def _restated(work: _Work, earlier: Mapping[int, Record]) -> list[int]:
    """List the years that an earlier run has seen with other content, or that are gone."""
    return sorted(year for year, record in earlier.items() if work.contents.get(year, "") != record.content)


def _findings_of(run: Store, year: int) -> pl.DataFrame:
    key = findings_files.partition_key(year)
    if not run.exists(key):
        return pl.DataFrame(schema=findings_files.SCHEMA)
    with run.local_copy(key) as path:
        return pl.read_parquet(path, columns=list(findings_files.SCHEMA), hive_partitioning=False)


def _restatement(run: Store, earlier: Record, before: pl.DataFrame, records: Sequence[Record]) -> Restatement:
    now = next((record for record in records if record.year == earlier.year), None)
    after = _findings_of(run, earlier.year)
    columns = list(findings_files.SCHEMA)
    gone = before.join(after, on=columns, how="anti", nulls_equal=True)
    come = after.join(before, on=columns, how="anti", nulls_equal=True)
    cells = pl.concat([gone, come]).select("date", "ticker").n_unique()
    rows = now.rows if now else 0
    return Restatement(earlier.year, earlier.rows, rows, cells)


def _share(options: ScanOptions, paths: Mapping[str, Path]) -> EngineOptions:
    memory = options.memory_limit // options.threads
    return EngineOptions(memory_limit=f"{memory >> 20}MiB", files=list(paths.values()))


def _catalogue(years: Sequence[Year], paths: Mapping[str, Path], options: ScanOptions) -> Catalogue:
    """Read the catalogue with all threads: no chunk can begin before."""
    files = list(paths.values())
    whole = EngineOptions(threads=options.threads, memory_limit=f"{options.memory_limit >> 20}MiB", files=files)
    with open_engine(whole) as engine:
        return read_catalogue(engine, years, paths)


def _years_in_range(work: _Work) -> list[int]:
    wanted = work.catalogue.sessions.filter(pl.col("date").is_between(work.start, work.end))
    if not wanted.height:
        first, last = work.catalogue.sessions.item(0, "date"), work.catalogue.sessions.item(-1, "date")
        raise UsageError(f"--start and --end leave no session: the panel holds {first} to {last}")
    return wanted.get_column("part").unique().sort().to_list()


def _clear(run: Store, keep: Collection[int]) -> None:
    """Take away what is not kept of an earlier run, its summary first: what is half gone must not look finished."""
    run.delete(summaries.KEY)
    run.delete(findings_files.CSV_KEY)
    run.delete(findings_files.NOTEBOOK_REPORT_KEY)
    kept = {key for year in keep for key in (record_key(year), findings_files.partition_key(year))}
    for prefix in ("ledger/", "findings/"):
        for entry in run.entries(prefix):
            if entry.key not in kept:
                run.delete(entry.key)


def scan_chunk(work: _Work, chunk: Chunk) -> ChunkResult:
    """Judge the years of a chunk; write each year's findings whole, and then the note that it is finished."""
    engine = work.engines.get()
    try:
        judgement = _judge(work, engine, chunk)
    except (InputError, EngineError) as error:
        return _one_by_one(work, chunk, error)
    finally:
        work.engines.put(engine)
    return ChunkResult(records=tuple(_write_year(work, judgement, year) for year in chunk.years))


def _write_year(work: _Work, judgement: Judgement, year: int) -> Record:
    of_rules = judgement.findings.filter(pl.col("date").dt.year() == year)
    of_year, matched = mark(joined(of_rules, work.whole_days.get(year, ())), work.options.exceptions)
    tally = summaries.Tally()
    tally.add(of_year, matched)
    work.run.write(findings_files.partition_key(year), findings_files.encode_parquet(of_year))
    absent = judgement.absent.get(year, 0)
    content = work.contents.get(year, "")
    record = Record(year, work.keys[year], content, _rows(work, year), absent, tally)
    write_record(work.run, record)
    return record


def _rows(work: _Work, year: int) -> int:
    judged = (pl.col("year") == year) & pl.col("date").is_between(work.start, work.end)
    return int(work.catalogue.dates.filter(judged).get_column("row_count").sum())


def _one_by_one(work: _Work, chunk: Chunk, error: Exception) -> ChunkResult:
    """Find out which year of a failed chunk is damaged; the others are still done."""
    if len(chunk.years) == 1:
        _log.warning("year=%d could not be scanned: %s", chunk.years[0], error)
        return ChunkResult(damaged=(Damage(chunk.years[0], first_line(error)),))
    ruleset = work.ruleset
    singles = plan_chunks(work.catalogue, list(chunk.years), ruleset.look_back, 0, ruleset.look_ahead)
    results = [scan_chunk(work, single) for single in singles]
    return ChunkResult(
        tuple(record for result in results for record in result.records),
        tuple(damage for result in results for damage in result.damaged),
    )


def _judge(work: _Work, engine: Connection, chunk: Chunk) -> Judgement:
    files = work.files(chunk.years)
    view_files(engine, "filed_rows", files)
    margins = work.files(chunk.look_back_years), work.files(chunk.look_ahead_years)
    view_files(engine, "near_rows", [*margins[0], *files, *margins[1]])
    judgement = _judge_as(work, engine, chunk, in_file_order=True)
    if not judgement.in_order:
        _log.info("years %s are not sorted by ticker and date: sorting them", chunk.years)
        judgement = _judge_as(work, engine, chunk, in_file_order=False)
    return judgement


def _judge_as(work: _Work, engine: Connection, chunk: Chunk, *, in_file_order: bool) -> Judgement:
    inputs = _inputs(work, chunk, in_file_order=in_file_order)
    return judge(engine, inputs, work.ruleset, work.start, work.end, wanted=work.wanted)


def _inputs(work: _Work, chunk: Chunk, *, in_file_order: bool) -> ChunkInputs:
    if work.ruleset.name == "robust":
        sessions = whole_chunk_sessions(work.catalogue, chunk, work.ruleset.look_back, work.ruleset.look_ahead)
        return ChunkInputs(sessions, work.catalogue.tickers, pl.DataFrame({"ticker": []}))
    sessions = chunk_sessions(work.catalogue, chunk, work.ruleset.look_back, in_file_order=in_file_order)
    last = sessions.get_column("session").max()
    presence = pl.concat([work.catalogue.presence_by_year[year] for year in chunk.years])
    # Numbered anew: a ticker that comes after the chunk must not count in the position of one before it.
    known = work.catalogue.numbered_tickers.filter(pl.col("first_session") <= last)
    return ChunkInputs(sessions, known.drop("number").with_row_index("number", offset=1), presence)


def _write_csv(run: Store, progress: Progress) -> None:
    keys = [entry.key for entry in run.entries("findings/")]

    def parts() -> Iterator[pl.DataFrame]:
        for done, key in enumerate(keys, start=1):
            with run.local_copy(key) as path:
                yield pl.read_parquet(path, glob=False, hive_partitioning=False)
            progress("csv", done, len(keys))

    with run.writing(findings_files.CSV_KEY) as path:
        findings_files.write_csv(parts(), path)


def _summarise(
    work: _Work,
    panel: Store,
    records: Sequence[Record],
    damaged: Sequence[Damage],
    restated: Sequence[Restatement],
) -> dict[str, Any]:
    total = summaries.Tally()
    for record in records:
        total.merge(record.tally)
    sessions = work.catalogue.sessions.filter(pl.col("date").is_between(work.start, work.end))
    first, last = sessions.item(0, "date"), sessions.item(-1, "date")
    return {
        "job": "scan",
        "outcome": "partial" if damaged else "complete",
        "panel": panel.address,
        "first_session": first.isoformat(),
        "last_session": last.isoformat(),
        "scored_from": _eighth(work.catalogue.sessions),
        "cells": sessions.height * work.catalogue.tickers.height,
        "rows": sum(record.rows for record in records),
        "absent": sum(record.absent for record in records),
        "sessions": sessions.height,
        "tickers": work.catalogue.tickers.height,
        **total.as_dict(),
        "calendar": work.options.calendar,
        "exceptions": told(work.options.exceptions, total.by_exception, first, last),
        "damaged": [asdict(damage) for damage in damaged],
        "restated": [asdict(restatement) for restatement in restated],
        **work.ruleset.as_dict(),
        "input_fingerprint": digest_of(sorted(work.contents.items())),
        "versions": summaries.versions(),
    }


def _eighth(sessions: pl.DataFrame) -> str | None:
    """Give the first session with a week of history before it: from there on, findings are scored."""
    return sessions.item(7, "date").isoformat() if sessions.height > 7 else None  # noqa: PLR2004 - the score's contract
