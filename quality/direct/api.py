"""The library as Python programs use it: `quality.scan(frame)` and `quality.check(day, history=…)`."""

import datetime as dt
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from quality.calendar.exchanges import PANEL
from quality.check.job import CheckJob, run_check
from quality.direct.files import scan_file
from quality.direct.frames import Frame, as_polars
from quality.direct.recognise import is_table_file
from quality.errors import QualityError
from quality.findings import schema as findings_files
from quality.findings.suppression_file import open_suppressions
from quality.ingest.format.source import Source
from quality.ingest.job import ingest
from quality.ingest.options import IngestOptions
from quality.panel.action_file import open_actions
from quality.rules.loading import rules_in_force
from quality.rules.model import DEFAULT_RULESET, RuleSet
from quality.rules.thresholds import read_thresholds
from quality.scan.run import ScanOptions
from quality.scan.run import scan as scan_panel
from quality.storage import Store, open_store, temporary_folder

_log = logging.getLogger(__name__)
_FRAME = "the frame"
_Parameters = Mapping[str, Mapping[str, Any]]


class Result(NamedTuple):
    """What was found: `findings, summary = quality.scan(frame)`.

    Attributes:
        findings: A row a finding, the columns of `quality.findings.schema.FILED_SCHEMA`.
        summary: The run in numbers: counts by rule, severity, year and ticker, what went in, versions.

    """

    findings: pl.DataFrame
    summary: dict[str, Any]


def scan(
    prices: Frame,
    *,
    ruleset: str = DEFAULT_RULESET,
    rules: Sequence[str | Path] = (),
    parameters: _Parameters | None = None,
    start: dt.date | None = None,
    end: dt.date | None = None,
    calendar: str = PANEL,
    calendars: Mapping[str, str] | None = None,
    suppressions: str | None = None,
    corporate_actions: str | None = None,
    source: Mapping[str, Any] | None = None,
    run: str | Path | None = None,
    threads: int | None = None,
) -> Result:
    """Scan the whole history of some prices.

    Args:
        prices: A frame of Polars, pandas or Arrow, or the address of a file: long (a row a price) or wide (a column a
            ticker), read as `pricewatch ingest` reads files. Or the address of a panel.
        ruleset: `robust` or `notebook`.
        rules: Folders with rules of your own.
        parameters: By rule, what replaces its parameters, severity or `enabled`: `{"price_spike": {"enabled": False}}`.
        start: First session whose findings are wanted.
        end: Last session whose findings are wanted.
        calendar: Which days are sessions: `panel`, `weekdays`, or an exchange's code.
        calendars: By pattern of tickers, another calendar for those that it fits: `{"*.L": "XLON"}`.
        suppressions: Address of a file of findings that do not count.
        corporate_actions: Address of a file of splits that are known: date, ticker, ratio.
        source: What is known of the frame or file, as in `[sources.NAME]`: `{"timezone": "America/New_York"}`.
        run: Where the run is kept, as `pricewatch scan` keeps it; by default it is not.
        threads: By default all cores, at most 8.

    Returns:
        Findings, ordered by date, ticker and rule, and the summary.

    Raises:
        UsageError: A parameter is wrong; nothing was done.
        InputError: The prices, or all of them, cannot be read.

    """
    in_force = _rules(ruleset, rules, parameters)
    options = ScanOptions(
        start=start,
        end=end,
        formats=("parquet",) if run is None else ("parquet", "csv"),
        threads=threads or min(os.cpu_count() or 1, 8),
        calendar=calendar,
        calendars=calendars or {},
        suppressions=open_suppressions(suppressions),
        actions=open_actions(corporate_actions),
    )
    known = Source().replaced(source or {}, "source.")
    with temporary_folder() as folder, _as_file(prices, folder) as address:
        place = open_store(folder / "run" if run is None else run)
        if is_table_file(address):
            summary = scan_file(address, place, in_force, options, source=known)
            _warn_of_refused(summary["ingest"])
        else:
            summary = scan_panel(open_store(address), place, in_force, options)
        return Result(_findings(place), summary)


def check(
    day: Frame,
    *,
    history: Frame,
    date: dt.date | None = None,
    ruleset: str = DEFAULT_RULESET,
    rules: Sequence[str | Path] = (),
    parameters: _Parameters | None = None,
    calendar: str = PANEL,
    calendars: Mapping[str, str] | None = None,
    suppressions: str | None = None,
    corporate_actions: str | None = None,
    source: Mapping[str, Any] | None = None,
) -> Result:
    """Check one incoming day against the sessions before it.

    Args:
        day: A frame or the address of a file with one day, wide or long.
        history: The sessions before: a frame, or the address of a file or a panel.
        date: The day, where `day` has none or several.
        ruleset: As of `scan`.
        rules: As of `scan`.
        parameters: As of `scan`.
        calendar: As of `scan`.
        calendars: As of `scan`.
        suppressions: As of `scan`.
        corporate_actions: As of `scan`.
        source: What is known of the day's file, and of the history's where that is no panel.

    Returns:
        Findings, in the order of the report, and the summary.

    Raises:
        UsageError: A parameter is wrong; nothing was done.
        InputError: The day or the history cannot be read, or there is too little history.

    """
    in_force = _rules(ruleset, rules, parameters)
    silent = open_suppressions(suppressions)
    known = Source().replaced(source or {}, "source.")
    with temporary_folder() as folder, _as_file(history, folder) as past:
        panel = open_store(past)
        if is_table_file(past):
            panel = open_store(folder / "history")
            _warn_of_refused(ingest([past], panel, open_store(folder / "books"), IngestOptions(known)))
        with _as_file(day, folder, "day.parquet") as address:
            checked = run_check(
                CheckJob(
                    address,
                    panel.address,
                    in_force,
                    date=date,
                    source=known,
                    calendar=calendar,
                    calendars=calendars or {},
                    suppressions=silent,
                    actions=open_actions(corporate_actions),
                )
            )
    return Result(findings_files.complete(checked.result.findings, findings_files.FILED_SCHEMA), checked.summary)


def _rules(ruleset: str, folders: Sequence[str | Path], parameters: _Parameters | None) -> RuleSet:
    thresholds = read_thresholds({ruleset: dict(parameters)} if parameters else {}, "parameters")
    return rules_in_force(ruleset, [str(folder) for folder in folders], thresholds)


def _findings(run: Store) -> pl.DataFrame:
    return pl.concat([pl.DataFrame(schema=findings_files.FILED_SCHEMA), *findings_files.read_parts(run)])


@contextmanager
def _as_file(prices: Frame, folder: Path, name: str = "prices.parquet") -> Iterator[str]:
    """Give prices an address: their own, or that of a file which errors call "the frame"."""
    if isinstance(prices, str | Path):
        yield str(prices)
        return
    path = folder / name
    as_polars(prices).write_parquet(path, compression="lz4")
    try:
        yield str(path)
    except QualityError as error:
        raise type(error)(str(error).replace(str(path), _FRAME)) from error


def _warn_of_refused(books: Mapping[str, Any]) -> None:
    if books["rows_refused"]:
        _log.warning("%d rows are refused, of %d", books["rows_refused"], books["rows_read"])
