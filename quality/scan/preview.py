"""What a scan would do: its years, its tasks and the largest of them; nothing is evaluated, and nothing written."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from quality.evaluation.trial import try_rules
from quality.findings.run_files import check_destination
from quality.panel.catalogue import catalogue_of
from quality.panel.grid_files import Section
from quality.panel.panel_files import panel_files
from quality.panel.years import list_years
from quality.rules.model import RuleSet
from quality.scan.chunk import ChunkTask
from quality.scan.groups import Bounds
from quality.scan.ledger import read_records
from quality.scan.options import ScanOptions
from quality.scan.tasks import Tasks
from quality.storage import Store

# A price, and whether there is a row; each optional column has as much as a price.
_BYTES_A_PRICE, _BYTES_A_ROW = 8, 1


def preview_scan(panel: Store, run: Store, ruleset: RuleSet, options: ScanOptions) -> dict[str, Any]:
    """Say what a scan would do; the panel's dates and tickers are read for it, and its damage is found.

    Args:
        panel: Where the panel is.
        run: Where the run would go; with `resume`, what is finished there is kept.
        ruleset: The rules.
        options: Range and resources.

    Returns:
        Years to do, kept and damaged; sessions, tickers, rows and cells to evaluate, look-back not counted; `tasks`;
        `largest_task` with its cells, look-back and look-ahead counted, and the bytes that it lays out before any rule
        is asked; `at_once`: how many tasks run at a time.

    Raises:
        UsageError: As `scan.run.scan`.
        InputError: There is no panel, it is half replaced, or nothing of it can be read.

    """
    years = list_years(panel)
    check_destination(run, panel)
    try_rules(ruleset)
    with panel_files(panel, years) as files:
        catalogue = catalogue_of(files.index_years(options.threads))
        files.require_one_version(catalogue.parts)
        tasks = Tasks(catalogue, {year.year: year for year in years}, files, ruleset, options)
        kept = tasks.finished(read_records(run)) if options.resume else {}
        chunks, wide = tasks.chunks(leaving_out=kept), tasks.wide_chunks(leaving_out=kept)
        todo = [year for year in tasks.years if year not in kept]
        sections = list(_sections(chunks, wide))
        largest = max(sections, key=lambda section: section.cells, default=None)
        sessions = {year: tasks.sessions_of(year) for year in todo}
        return {
            "dry_run": True,
            "panel": panel.address,
            "run": run.address,
            "years": todo,
            "kept": sorted(kept),
            "damaged": [asdict(damage) for damage in catalogue.damaged],
            "sessions": sum(sessions.values()),
            "tickers": len(tasks.tickers),
            "rows": sum(tasks.years[year].rows for year in todo),
            "cells": sum(sessions.values()) * len(tasks.tickers),
            "tasks": len(chunks) + sum(len(bounds) for _, bounds in wide),
            "first_passes": len(tasks.first_passes(wide)),
            "largest_task": {"cells": largest.cells, "bytes": _bytes(largest)} if largest else None,
            "at_once": options.threads,
        }


def _sections(chunks: list[ChunkTask], wide: list[tuple[ChunkTask, Bounds]]) -> Iterator[Section]:
    """Give what each grid is loaded by."""
    for chunk in chunks:
        yield from chunk.sections
    for chunk, bounds in wide:
        for begin, end in bounds:
            yield chunk.section.of_tickers(begin, end)


def _bytes(section: Section) -> int:
    return section.cells * (_BYTES_A_ROW + _BYTES_A_PRICE * (1 + len(section.extras)))
