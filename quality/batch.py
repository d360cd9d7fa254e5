"""The scheduled run: what it is to do, and doing it: judge, publish, mail, in that order of safety."""

import datetime as dt
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quality import values
from quality.check.job import Checked, CheckJob, run_check
from quality.delivery.alerting import mail_run
from quality.delivery.publish import publish
from quality.errors import DeliveryError, QualityError, UsageError
from quality.rules.model import SENSITIVITIES
from quality.scan.run import FORMATS, Progress, ScanOptions, scan
from quality.settings import Settings, read_toml
from quality.storage import is_same_place, open_store
from quality.values import Reader, Readers

_log = logging.getLogger(__name__)

JOBS = ("scan", "check")
_FAIL_ON = ("error", "warning")


@dataclass(frozen=True)
class Batch:
    """The section `[batch]` of a configuration.

    Attributes:
        job: "scan" for the whole history, "check" for one day.
        panel: Address of the panel, or of the history to check against.
        run: Address where the run is written; `{date}` stands for the day of the batch.
        file: For a check, address of the incoming day; `{date}` likewise.
        ruleset: The rule set; None for the job's own default.
        rules: Folders with rules of one's own.
        formats: What a scan writes.
        suppressions: Address of the file of suppressions; None for the one in the settings.
        calendar: Which days are sessions; None for the one in the settings.
        sensitivity: How easily rules speak; None for the one in the settings.
        start: First session of a scan.
        end: Last session of a scan.
        append: Whether a checked day that does not fail is added to the panel.
        append_anyway: Whether it is added although it is incomplete, stale or of a wrong date.
        fail_on: The severity from which on findings make the exit code 1.
        publish: Address to copy the finished run to; `{date}` likewise.
        mail: Whether to mail the run, by the settings of `[mail]`.

    """

    job: str
    panel: str
    run: str
    file: str | None = None
    ruleset: str | None = None
    rules: tuple[str, ...] = ()
    formats: tuple[str, ...] = FORMATS
    suppressions: str | None = None
    calendar: str | None = None
    sensitivity: str | None = None
    start: dt.date | None = None
    end: dt.date | None = None
    append: bool = False
    append_anyway: bool = False
    fail_on: str | None = None
    publish: str | None = None
    mail: bool = False


@dataclass(frozen=True)
class BatchResult:
    """What a batch did: the run's summary, what could not be delivered, and why a day was not appended."""

    summary: Mapping[str, Any]
    run: str
    undelivered: tuple[str, ...]
    not_appended: str = ""


def _filled(reader: Reader[str], day: dt.date) -> Reader[str]:
    """Read a text in which `{date}` stands for the day."""
    return lambda value: reader(value).replace("{date}", day.isoformat())


def _readers(day: dt.date) -> Readers:
    address = _filled(values.address, day)
    return {
        "job": values.choice(*JOBS),
        "panel": address,
        "run": address,
        "file": address,
        "ruleset": values.text,
        "rules": values.listed(address, "addresses"),
        "formats": values.listed(values.choice(*FORMATS), "formats"),
        "suppressions": address,
        "calendar": values.text,
        "sensitivity": values.choice(*SENSITIVITIES),
        "start": values.date,
        "end": values.date,
        "append": values.flag,
        "append_anyway": values.flag,
        "fail_on": values.choice(*_FAIL_ON),
        "publish": address,
        "mail": values.flag,
    }


def read_batch(path: Path, day: dt.date) -> Batch:
    """Read and check the section `[batch]` of a configuration file.

    Args:
        path: The file.
        day: What `{date}` stands for.

    Raises:
        UsageError: The file cannot be read, a key is missing, unknown or of the wrong kind.

    """
    table = read_toml(path).get("batch")
    if not isinstance(table, dict):
        raise UsageError(f"{path}: has no section [batch]")
    given = values.renamed(table, "exceptions", "suppressions", f"{path}: batch")
    found = values.read_section(given, _readers(day), str(path), "batch")
    missing = [key for key in ("job", "panel", "run") if key not in found]
    if missing:
        raise UsageError(f"{path}: [batch] lacks {', '.join(missing)}")
    if found["job"] == "check" and "file" not in found:
        raise UsageError(f'{path}: [batch] with job = "check" lacks file, the incoming day')
    return Batch(**found)


def run_batch(batch: Batch, settings: Settings, progress: Progress = lambda _what, _done, _all: None) -> BatchResult:
    """Run a batch: results are written first, then published, then mailed.

    What cannot be appended, published or mailed is told in the result and takes nothing else along: the
    run is there, and the other deliveries are still tried.

    Raises:
        UsageError: A setting is wrong; nothing was started.
        QualityError: The scan or check itself failed.

    """
    smtp = settings.smtp() if batch.mail else None
    run = open_store(batch.run, settings.s3)
    destination = open_store(batch.publish, settings.s3) if batch.publish else None
    if destination is not None and is_same_place(run, destination):
        raise UsageError(f"batch.publish: {batch.publish} is the run's own place: choose another")
    not_appended = ""
    if batch.job == "scan":
        summary = _scan(batch, settings, progress)
    else:
        checked = _check(batch, settings)
        summary, not_appended = checked.summary, checked.append_failed
    undelivered: list[str] = []
    if destination is not None:
        _deliver(lambda: publish(run, destination), undelivered)
    if smtp is not None:
        where = destination.address if destination is not None and not undelivered else run.address
        _deliver(lambda: mail_run(run, smtp, where), undelivered)
    return BatchResult(summary, run.address, tuple(undelivered), not_appended)


def _deliver(delivery: Any, undelivered: list[str]) -> None:  # noqa: ANN401 - called for its effect only
    try:
        delivery()
    except DeliveryError as error:
        _log.info("not delivered: %s", error)
        undelivered.append(str(error))
    except QualityError as error:
        undelivered.append(str(error))


def _scan(batch: Batch, settings: Settings, progress: Progress) -> dict[str, Any]:
    options = ScanOptions(
        start=batch.start,
        end=batch.end,
        formats=batch.formats,
        threads=settings.threads,
        memory_limit=settings.memory_limit,
        rows_a_chunk=settings.rows_a_chunk,
        calendar=batch.calendar or settings.calendar,
        suppressions=settings.open_suppressions(batch.suppressions),
    )
    ruleset = settings.load_rules(batch.ruleset, batch.rules, batch.sensitivity)
    return scan(open_store(batch.panel, settings.s3), open_store(batch.run, settings.s3), ruleset, options, progress)


def _check(batch: Batch, settings: Settings) -> Checked:
    job = CheckJob(
        file=str(batch.file),
        panel=batch.panel,
        ruleset=settings.load_rules(batch.ruleset, batch.rules, batch.sensitivity),
        run=batch.run,
        calendar=batch.calendar or settings.calendar,
        suppressions=settings.open_suppressions(batch.suppressions),
        append=batch.append or batch.append_anyway,
        append_anyway=batch.append_anyway,
        fail_on=batch.fail_on,
    )
    return run_check(job, settings.s3)
