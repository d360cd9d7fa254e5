"""The work on one panel and day: reading a drop, checking the day, scanning the history; a rerun comes to the same."""

import datetime as dt
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from quality.batch.config import Task
from quality.batch.state import RunState, read_state
from quality.check.appending import rows_of
from quality.check.day import Day
from quality.check.job import CheckJob, run_check
from quality.check.run import CheckResult
from quality.delivery.changes import Changes
from quality.digests import digest_of
from quality.errors import QualityError, UsageError
from quality.findings import schema as findings_files
from quality.findings import summary as summaries
from quality.findings.identity import OF_THE_MOMENT
from quality.ingest.format.source import Source
from quality.ingest.job import ingest
from quality.ingest.options import IngestOptions
from quality.panel.partitions import SCHEMA, append_rows, replace_rows, rows_on
from quality.rules.model import RuleSet
from quality.scan.run import Progress, ScanOptions, scan
from quality.settings import Settings
from quality.storage import Store, holding, open_store

_log = logging.getLogger(__name__)
# What a rerun may say otherwise although it found the same.
_NO_RESULTS = {*OF_THE_MOMENT, "restated"}
_OF_A_DROP = {"panel", "rows_read", "unreadable", "failed_files", "skipped_files", "damaged"}


@dataclass
class Done:
    """One job that is done.

    Attributes:
        job: "ingest", "check" or "scan".
        task: The task of the day, filled.
        day: The day of the batch.
        run: Where the run is.
        summary: The run in numbers.
        state: What was delivered of it.
        is_same: Whether an earlier run of the day came to the same, and was left as it is.
        not_appended: Why a day that was to be added to the panel was not.
        undelivered: What could not be delivered.
        changes: What is new since the run before, where somebody is told.

    """

    job: str
    task: Task
    day: dt.date
    run: Store
    summary: Mapping[str, Any]
    state: RunState
    is_same: bool = False
    not_appended: str = ""
    undelivered: list[str] = field(default_factory=list)
    changes: Changes = field(default_factory=Changes)


def do(task: Task, job: str, day: dt.date, settings: Settings, progress: Progress) -> Done:
    """Do one job of a task whose addresses are filled.

    Raises:
        UsageError: A setting is wrong.
        QualityError: The job itself failed.

    """
    return {"ingest": _ingest, "check": _check, "scan": _scan}[job](task, day, settings, progress)


def source_of(task: Task, settings: Settings) -> Source:
    """Give what the settings say of the task's source."""
    if task.source is None:
        return Source()
    if task.source not in settings.sources:
        known = ", ".join(settings.sources) or "none"
        raise UsageError(f"source: no section [sources.{task.source}]; there is {known}")
    return settings.sources[task.source]


def _ingest(task: Task, day: dt.date, settings: Settings, progress: Progress) -> Done:
    run, panel = open_store(task.run, settings.s3), open_store(task.panel, settings.s3)
    state = read_state(run, day)
    options = IngestOptions(source=source_of(task, settings), s3=settings.s3)
    summary = ingest(task.ingest, panel, run, options, progress)
    return _noted(Done("ingest", task, day, run, {"job": "ingest", **summary}, state), run)


def _scan(task: Task, day: dt.date, settings: Settings, progress: Progress) -> Done:
    run, panel = open_store(task.run, settings.s3), open_store(task.panel, settings.s3)
    state = read_state(run, day)
    before = run.read(summaries.KEY) if run.exists(summaries.KEY) else None
    options = ScanOptions(
        start=task.start,
        end=task.end,
        formats=task.formats,
        threads=settings.threads,
        memory_limit=settings.memory_limit,
        rows_a_chunk=settings.rows_a_chunk,
        tickers_a_task=settings.tickers_a_task,
        resume=True,
        calendar=task.calendar or settings.calendar,
        calendars=settings.calendars,
        suppressions=settings.open_suppressions(task.suppressions),
        actions=settings.open_actions(task.corporate_actions),
    )
    summary = scan(panel, run, settings.load_rules(task.ruleset, task.rules, task.sensitivity), options, progress)
    done = Done("scan", task, day, run, summary, state)
    if before and state.results == results_of(summary):
        run.write(summaries.KEY, before)  # the same results keep the id under which they were delivered
        done.summary, done.is_same = summaries.read(run), True
    return _noted(done, run)


def _check(task: Task, day: dt.date, settings: Settings, _progress: Progress) -> Done:
    run = open_store(task.run, settings.s3)
    state = read_state(run, day)
    job = CheckJob(
        file=str(task.file),
        panel=task.panel,
        run=task.run,
        ruleset=settings.load_rules(task.ruleset, task.rules, task.sensitivity),
        source=source_of(task, settings),
        calendar=task.calendar or settings.calendar,
        calendars=settings.calendars,
        suppressions=settings.open_suppressions(task.suppressions),
        actions=settings.open_actions(task.corporate_actions),
        append=task.append or task.append_anyway,
        append_anyway=task.append_anyway,
        fail_on=task.fail_on,
    )
    earlier = _EarlierRuns(run, state)
    checked = run_check(job, settings.s3, earlier)
    if not earlier.is_same:
        state.results = _results_of_check(checked.result, job.ruleset)
        state.write(run)
    done = Done("check", task, day, run, checked.summary, state, is_same=earlier.is_same)
    doubt = f"{checked.doubt}; mend the file, or set append_anyway" if checked.doubt else ""
    done.not_appended = doubt or checked.append_failed
    return done


class _EarlierRuns:
    """The runs of this batch for the same day, by what it noted beside them."""

    def __init__(self, run: Store, state: RunState) -> None:
        self.is_same = False
        self._run, self._state = run, state

    def have_appended(self, day: Day, panel: Store) -> bool:
        """Tell whether the panel holds the day by an earlier run: its very rows, or those that were noted."""
        try:
            rows = rows_on(panel, day.date)
            return bool(rows.height) and _rows_digest(rows) in {self._state.appended, _rows_digest(rows_of(day))}
        except QualityError as error:
            _log.info("whether the panel holds the day is unknown: %s", error)
            return False

    def summary_of_same(self, result: CheckResult, ruleset: RuleSet) -> dict[str, Any] | None:
        """Give the summary of the run that is there, if it has the same results."""
        self.is_same = self._state.results == _results_of_check(result, ruleset) and self._run.exists(summaries.KEY)
        return summaries.read(self._run) if self.is_same else None

    def append(self, day: Day, panel: Store, *, is_again: bool) -> None:
        """Add the day's rows, or put them in place of those that an earlier run added; note which they are."""
        rows = rows_of(day)
        digest = _rows_digest(rows)
        with holding(panel):
            if not is_again:
                append_rows(panel, rows)
            elif _rows_digest(rows_on(panel, day.date)) != digest:
                replace_rows(panel, rows)
        if self._state.appended != digest:
            self._state.appended = digest
            self._state.write(self._run)


def _rows_digest(rows: pl.DataFrame) -> str:
    # An optional column that says nothing is as good as none.
    counted = rows.select(column for column in rows if column.name in SCHEMA or column.null_count() < rows.height)
    return digest_of(counted.sort("ticker").rows())


def _results_of_check(result: CheckResult, ruleset: RuleSet) -> str:
    filed = findings_files.complete(result.findings, findings_files.FILED_SCHEMA)
    return digest_of(
        filed.rows(), result.issues, result.outside, result.suppressed, result.entries, ruleset.fingerprint
    )


def results_of(summary: Mapping[str, Any]) -> str:
    """Digest a run's results, whenever it was run."""
    counted = {key: value for key, value in summary.items() if key not in _NO_RESULTS}
    if summary.get("job") == "ingest":  # what the first run wrote, the second finds written
        counted = {key: value for key, value in counted.items() if key in _OF_A_DROP}
    return digest_of(sorted((key, str(value)) for key, value in counted.items()))


def _noted(done: Done, run: Store) -> Done:
    results = results_of(done.summary)
    if done.state.results != results:
        done.state.results = results
        done.state.write(run)
    return done
