"""The full-history scan: one chunk to its findings, all chunks to a run."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from quality.calendar.exchanges import open_calendar
from quality.digests import digest_of
from quality.engine.connection import EngineOptions, open_engine
from quality.errors import UsageError
from quality.evaluation.notebook import Judgement
from quality.evaluation.session_findings import SessionFinding, session_findings
from quality.evaluation.suspects import suspects
from quality.findings import schema as findings_files
from quality.findings import summary as summaries
from quality.findings.identity import identify
from quality.findings.run_files import check_destination, clear
from quality.findings.suppressions import suppression_report
from quality.panel.catalogue import Catalogue, Damage, read_catalogue
from quality.panel.partitions import Year, list_years
from quality.rules.model import RuleSet
from quality.scan.chunk import FORMATS, ScanOptions, ScanWork, scan_chunk, write_year_of
from quality.scan.executors.local import run_all
from quality.scan.ledger import Record, digest_contents, read_records, record_key
from quality.scan.plan import plan_chunks
from quality.scan.restated import Restatement, compare, findings_of, restated_years
from quality.storage import Store, holding, local_copies

_log = logging.getLogger(__name__)

__all__ = ["FORMATS", "Progress", "ScanOptions", "scan"]
_NO_FINDINGS = Judgement(pl.DataFrame(schema=findings_files.SCHEMA), {})
Progress = Callable[[str, int, int], None]


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
        UsageError: The run would lie in its panel, or overwrite what is not its own.
        InputError: There is no panel, or nothing of it can be read.
        DestinationBusyError: Another run is writing there.

    """
    began = time.perf_counter()
    options = options or ScanOptions()
    years = list_years(panel)
    keys = [key for year in years for key in year.keys]
    check_destination(run, panel)
    with holding(run), local_copies(panel, keys) as paths, ExitStack() as stack:
        engines = [stack.enter_context(open_engine(_share(options, paths))) for _ in range(options.threads)]
        catalogue = _catalogue(years, paths, options)
        contents = digest_contents(years, paths, options.threads)
        wanted = suspects(engines[0], ruleset)
        work = ScanWork(catalogue, contents, paths, {year.year: year for year in years}, ruleset, options, run, wanted)
        for engine in engines:
            work.engines.put(engine)
        work.session_findings = _session_findings(work)
        summary = _scan_years(work, panel, progress)
        seconds = time.perf_counter() - began
        summary = {**identify(seconds), **summary, "seconds": round(seconds, 3)}
        run.write(summaries.KEY, summaries.encode(summary))
    return summary


def _scan_years(work: ScanWork, panel: Store, progress: Progress) -> dict[str, Any]:
    """Scan the years that are not finished, write what is made from all years, and give the summary."""
    run, options = work.run, work.options
    wanted = _years_in_range(work)
    earlier = read_records(run) if options.resume else {}
    without_session = sorted(set(work.session_findings) - set(wanted))
    work.keys = {**_keys(work, wanted), **{year: digest_of(*_common(work, year)) for year in without_session}}
    done = {year: earlier[year] for year in work.keys if year in earlier and earlier[year].key == work.keys[year]}
    work.seen = work.rows_digest(work.last_session.year, work.last_session)
    readable = {year: record for year, record in earlier.items() if year not in work.damaged_years}
    restated = restated_years(work.contents, readable, work.rows_digest)
    before = {year: findings_of(run, year) for year in restated}
    clear(run, keep={key for year in done for key in (record_key(year), findings_files.partition_key(year))})
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
    made += [write_year_of(work, _NO_FINDINGS, year) for year in without_session if year not in done]
    records = sorted([*done.values(), *made], key=lambda record: record.year)
    if "csv" in options.formats:
        _write_csv(run, progress)
    restatements = [compare(run, earlier[year], before[year], records) for year in restated]
    damaged = [*work.catalogue.damaged, *(damage for result in results for damage in result.damaged)]
    return _summarise(work, panel, records, damaged, restatements)


def _keys(work: ScanWork, years: Sequence[int]) -> dict[int, str]:
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


def _common(work: ScanWork, year: int) -> tuple[object, ...]:
    """Give what a year's findings depend on beside the panel's files."""
    of_sessions = [(str(day.date), day.rule, day.severity, day.message) for day in work.session_findings.get(year, ())]
    suppressions = work.options.suppressions.digest(year)
    versions = summaries.versions()
    return work.ruleset.fingerprint, str(work.start), str(work.end), versions, of_sessions, suppressions


def _session_findings(work: ScanWork) -> dict[int, list[SessionFinding]]:
    """Compare the panel's sessions with the calendar, by year; of a damaged year, nothing is known."""
    sessions = work.catalogue.sessions.get_column("date").to_list()
    calendar = open_calendar(work.options.calendar, sessions[0], sessions[-1])
    damaged = {damage.year for damage in work.catalogue.damaged}
    found: dict[int, list[SessionFinding]] = {}
    for day in session_findings(calendar, work.ruleset.structural, sessions):
        if work.start <= day.date <= work.end and day.date.year not in damaged:
            found.setdefault(day.date.year, []).append(day)
    return found


def _share(options: ScanOptions, paths: Mapping[str, Path]) -> EngineOptions:
    memory = options.memory_limit // options.threads
    return EngineOptions(memory_limit=f"{memory >> 20}MiB", files=list(paths.values()))


def _catalogue(years: Sequence[Year], paths: Mapping[str, Path], options: ScanOptions) -> Catalogue:
    """Read the catalogue with all threads: no chunk can begin before."""
    files = list(paths.values())
    whole = EngineOptions(threads=options.threads, memory_limit=f"{options.memory_limit >> 20}MiB", files=files)
    with open_engine(whole) as engine:
        return read_catalogue(engine, years, paths)


def _years_in_range(work: ScanWork) -> list[int]:
    wanted = work.catalogue.sessions.filter(pl.col("date").is_between(work.start, work.end))
    if not wanted.height:
        first, last = work.catalogue.sessions.item(0, "date"), work.catalogue.sessions.item(-1, "date")
        raise UsageError(f"--start and --end leave no session: the panel holds {first} to {last}")
    return wanted.get_column("part").unique().sort().to_list()


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
    work: ScanWork,
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
        "suppressions": suppression_report(work.options.suppressions, total.by_suppression, first, last),
        "damaged": [asdict(damage) for damage in damaged],
        "restated": [asdict(restatement) for restatement in restated],
        **work.ruleset.as_dict(),
        "input_fingerprint": digest_of(sorted(work.contents.items())),
        "versions": summaries.versions(),
    }


def _eighth(sessions: pl.DataFrame) -> str | None:
    """Give the first session with a week of history before it: from there on, findings are scored."""
    return sessions.item(7, "date").isoformat() if sessions.height > 7 else None  # noqa: PLR2004 - the score's contract
