"""The full-history scan: a panel to the findings of every session, and to the summary of the run."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from quality.digests import digest_of
from quality.errors import InputError
from quality.evaluation.sets import describe
from quality.evaluation.trial import try_rules
from quality.findings import summary as summaries
from quality.findings.columns import partition_key
from quality.findings.csv_file import write_run_csv
from quality.findings.identity import identify
from quality.findings.run_files import check_destination, clear
from quality.findings.suppressions import suppression_report
from quality.panel.catalogue import Catalogue, Damage, catalogue_of
from quality.panel.panel_files import PanelFiles, panel_files
from quality.panel.year_index import YearIndex
from quality.panel.years import list_years
from quality.rules.model import RuleSet
from quality.scan.chunk import ChunkResult, write_year_without_sessions
from quality.scan.executors.local import LocalThreads
from quality.scan.executors.protocol import Executor
from quality.scan.groups import PARTS, clear_parts, scan_groups
from quality.scan.ledger import Record, read_records, record_key
from quality.scan.options import FORMATS, ScanOptions
from quality.scan.restated import Restatement, compare, findings_of, restated_years
from quality.scan.tasks import Tasks
from quality.scan.units import Unit
from quality.storage import Store, holding

__all__ = ["FORMATS", "Progress", "ScanOptions", "scan"]
Progress = Callable[[str, int, int], None]
_SCORED_FROM = 7


def scan(
    panel: Store,
    run: Store,
    ruleset: RuleSet,
    options: ScanOptions | None = None,
    progress: Progress = lambda _what, _done, _all: None,
    *,
    executor: Executor | None = None,
    beside: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Scan a panel's whole history and write the run: findings by year, the CSV, and last `summary.json`.

    Args:
        panel: Where the panel is.
        run: Where the run goes; what an earlier run left there is replaced.
        ruleset: The rules.
        options: Range, formats, resources.
        progress: Told the stage, how much of it is done, and of how much.
        executor: What runs the units of work; None for threads of this machine.
        beside: What the summary tells beside the scan, by name.

    Returns:
        The summary. Its `outcome` is "complete", or "partial" where partitions were damaged: they are
        listed under `damaged`, and everything else is done.

    Raises:
        UsageError: A rule is wrong; or the run would lie in its panel, or overwrite what is not its own. An earlier
            run is left as it was.
        InputError: There is no panel, or nothing of it can be read.
        DestinationBusyError: Another run is writing there.

    """
    began = time.perf_counter()
    options, executor = options or ScanOptions(), executor or LocalThreads()
    years = list_years(panel)
    check_destination(run, panel)
    try_rules(ruleset)
    with holding(run), panel_files(panel, years) as files:
        catalogue = _catalogue(list(executor.index_years(files, options)), files)
        tasks = Tasks(catalogue, {year.year: year for year in years}, files, ruleset, options)
        summary = _scan_years(tasks, files, run, executor, progress)
        seconds = time.perf_counter() - began
        summary = {**identify(seconds), **summary, "seconds": round(seconds, 3), **(beside or {})}
        run.write(summaries.KEY, summaries.encode(summary))
    return summary


def _catalogue(found: Sequence[YearIndex | Damage], files: PanelFiles) -> Catalogue:
    try:
        return catalogue_of(found)
    except InputError as error:
        if files.check_version(found):
            raise InputError(f"{files.panel.address} was replaced while it was read; run again") from error
        raise


def _scan_years(tasks: Tasks, files: PanelFiles, run: Store, executor: Executor, progress: Progress) -> dict[str, Any]:
    """Scan the years that are not finished, write what is made from all years, and give the summary."""
    earlier = read_records(run) if tasks.options.resume else {}
    done = tasks.finished(earlier)
    readable = {year: record for year, record in earlier.items() if not tasks.catalogue.damaged_in(year)}
    restated = restated_years(tasks.contents, readable, tasks.digest_up_to)
    before = {year: findings_of(run, year) for year in restated}
    parts = {entry.key for entry in run.entries(PARTS)} if tasks.options.resume else set()
    clear(run, keep={key for year in done for key in (record_key(year), partition_key(year))} | parts)

    def run_units(stage: str, units: Sequence[Unit]) -> list[Any]:
        return executor.run_units(units, files, run, tasks.options, lambda count: progress(stage, count, len(units)))

    results: list[ChunkResult] = run_units("scan", tasks.chunks(leaving_out=done))
    if wide := tasks.wide_chunks(leaving_out=done):
        results += scan_groups(wide, tasks.first_passes(wide), tasks.group_of, run_units, run)
    clear_parts(run, of_years={damage.year for result in results for damage in result.damaged})
    made = [record for result in results for record in result.records]
    made += [
        write_year_without_sessions(year, tasks.years[year], tasks.judged, run)
        for year in tasks.years_without_sessions
        if year not in done
    ]
    records = sorted([*done.values(), *made], key=lambda record: record.year)
    if "csv" in tasks.options.formats:
        write_run_csv(run, progress)
    restatements = [compare(run, earlier[year], before[year], records) for year in restated]
    damaged = [*tasks.catalogue.damaged, *(damage for result in results for damage in result.damaged)]
    # A year that was replaced meanwhile may look damaged.
    by_year = {damage.year: damage for damage in (*damaged, *files.check_version(tasks.catalogue.parts))}
    return _summarise(tasks, files.panel, records, [by_year[year] for year in sorted(by_year)], restatements)


def _summarise(
    tasks: Tasks,
    panel: Store,
    records: Sequence[Record],
    damaged: Sequence[Damage],
    restated: Sequence[Restatement],
) -> dict[str, Any]:
    options, catalogue = tasks.options, tasks.catalogue
    total = summaries.Tally()
    for record in records:
        total.merge(record.tally)
    sessions = tasks.sessions_in_range
    first, last = sessions[0].item(), sessions[-1].item()
    return {
        "job": "scan",
        "outcome": "partial" if damaged else "complete",
        "panel": panel.address,
        "first_session": first.isoformat(),
        "last_session": last.isoformat(),
        "scored_from": _scored_from(catalogue),
        "cells": len(sessions) * len(tasks.tickers),
        "rows": sum(record.rows for record in records),
        "absent": sum(record.absent for record in records),
        "sessions": len(sessions),
        "tickers": len(tasks.tickers),
        "panel_tickers": len(catalogue.first_seen),
        **total.as_dict(),
        "only_tickers": list(options.tickers),
        "calendar": options.calendar,
        "calendars": dict(options.calendars),
        "corporate_actions": options.actions.as_dict(),
        "suppressions": suppression_report(options.suppressions, total.by_suppression, first, last),
        "damaged": [asdict(damage) for damage in damaged],
        "restated": [asdict(restatement) for restatement in restated],
        **describe(tasks.ruleset),
        "input_fingerprint": digest_of(sorted(tasks.contents.items())),
        "versions": summaries.versions(),
    }


def _scored_from(catalogue: Catalogue) -> str | None:
    """Give the first session with a week of history before it: from there on, findings are scored."""
    sessions = catalogue.sessions
    return str(sessions[_SCORED_FROM]) if len(sessions) > _SCORED_FROM else None
