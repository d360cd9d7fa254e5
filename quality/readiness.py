"""Says whether a configuration would run: settings, rules, addresses, mail; nothing is sent and nothing changed."""

import datetime as dt
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from quality.batch.arrival import NotArrivedError, wait_for
from quality.batch.config import BatchConfig, Task, read_batch
from quality.batch.templates import fill
from quality.calendar.exchanges import open_calendar
from quality.delivery.lineage import check_lineage
from quality.delivery.smtp import log_in
from quality.errors import QualityError, UsageError
from quality.findings.run_files import check_destination
from quality.panel.version import one_version
from quality.settings import Settings, read_toml
from quality.storage import LOCK_KEY, Store, is_same_place, open_store
from quality.text import visible

OK, WRONG, FAILED = "ok", "wrong", "failed"
_LITTLE_SPACE = 1 << 30


@dataclass(frozen=True)
class Examined:
    """One thing that was looked at.

    Attributes:
        what: What it is, such as `panel`.
        state: `ok`, `wrong` (the configuration is to be mended) or `failed` (the place or the server is).
        detail: What was found, or why it does not do.

    """

    what: str
    state: str
    detail: str


def examine(settings: Settings, config: Path | None, day: dt.date) -> Iterator[Examined]:
    """Look at everything that a run with some settings needs, one thing after the other.

    Args:
        settings: The settings, read already.
        config: The configuration of a scheduled run, where there is a section `[batch]` in it; None for none.
        day: What `{date}` in addresses stands for.

    """
    batch = BatchConfig(())
    if config is not None and "batch" in read_toml(config):
        try:
            batch = read_batch(config)
        except QualityError as error:
            yield Examined("batch", WRONG, str(error))
        else:
            jobs = [f"a {' and '.join(task.jobs)} of {task.panel} into {task.run}" for task in batch.tasks]
            yield Examined("batch", OK, "; ".join(jobs))
    for task in batch.tasks or (None,):
        about = f"{task.name}: " if task and len(batch.tasks) > 1 else ""
        for one in _of_task(settings, task, day):
            yield replace(one, what=f"{about}{one.what}")
    yield _look("temporary folder", _temporary_folder)
    if settings.mail or any(task.mail for task in batch.tasks):
        yield _look("mail", lambda: _mail(settings))
    if any(task.webhook for task in batch.tasks):
        yield _look("webhook", lambda: f"{settings.webhook_settings().server}; nothing was posted")
    if any(task.lineage for task in batch.tasks):
        yield _look("lineage", lambda: f"{_lineage(settings)}; nothing was sent")


def _of_task(settings: Settings, template: Task | None, day: dt.date) -> Iterator[Examined]:
    task = template.on(day, template.jobs[0]) if template else None
    yield _look("rules", lambda: _rules(settings, task))
    yield _look("suppressions", lambda: _suppressions(settings, task))
    yield _look("corporate actions", lambda: _actions(settings, task))
    yield _look("calendar", lambda: _calendar((task and task.calendar) or settings.calendar, day))
    if template:
        for job in template.jobs:
            yield from _addresses(settings, template.on(day, job), job, day)


def _lineage(settings: Settings) -> str:
    check_lineage()
    return settings.lineage_settings().target


def _look(what: str, look: Callable[[], str]) -> Examined:
    try:
        return Examined(what, OK, look())
    except UsageError as error:
        return Examined(what, WRONG, str(error))
    except QualityError as error:
        return Examined(what, FAILED, str(error))


def _rules(settings: Settings, batch: Task | None) -> str:
    chosen = (batch.ruleset, batch.rules, batch.sensitivity) if batch else ()
    ruleset = settings.load_rules(*chosen)
    return f"{len(ruleset.rules)} rules of the set {ruleset.name}, fingerprint {ruleset.fingerprint}"


def _actions(settings: Settings, batch: Task | None) -> str:
    found = settings.open_actions(batch.corporate_actions if batch else None)
    return f"{len(found):,} in {found.name}" if found.name else "none"


def _suppressions(settings: Settings, batch: Task | None) -> str:
    found = settings.open_suppressions(batch.suppressions if batch else None)
    return f"{len(found.entries)} entries" if found.entries else "none"


def _calendar(name: str, day: dt.date) -> str:
    open_calendar(name, day, day)
    return name


def _temporary_folder() -> str:
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if free < _LITTLE_SPACE:
        raise QualityError(
            f"{folder}: only {free >> 20} MiB are free; free some space, or set TMPDIR to another folder"
        )
    return f"{folder}, {free >> 30} GiB free"


def _addresses(settings: Settings, batch: Task, job: str, day: dt.date) -> Iterator[Examined]:
    def opened(address: str | None) -> Store:
        return open_store(str(address), settings.s3)

    if job == "ingest":
        yield _look("panel", lambda: _writable(opened(batch.panel)))
        for address in batch.ingest:
            yield _look("drop", lambda address=address: _file(address, settings))  # type: ignore[misc]
    else:
        yield _look("panel", lambda: _panel(opened(batch.panel)))
    if job == "check" and batch.append:
        yield _look("append", lambda: _writable(opened(batch.panel)))
    if job == "check":
        yield _look("file", lambda: _file(str(batch.file), settings))
    yield _look("run", lambda: _run(opened(batch.run), opened(batch.panel)))
    if batch.publish:
        place = fill(batch.publish, day, panel=batch.name, job=job, run="new")
        yield _look("publish", lambda: _publish(opened(place), opened(batch.run)))


def _panel(panel: Store) -> str:
    with one_version(panel) as years, panel.open(years[-1].keys[-1]) as file:
        file.read(4)
    size = sum(entry.size for year in years for entry in year.entries)
    return f"{panel.address}: {years[0].year} to {years[-1].year}, {size:,} bytes, readable"


def _file(address: str, settings: Settings) -> str:
    try:
        wait_for([address], None, settings.s3)
    except NotArrivedError:
        return f"{visible(address)}: not there yet"
    return f"{visible(address)}: there"


def _run(run: Store, panel: Store) -> str:
    check_destination(run, panel)
    return _writable(run)


def _publish(place: Store, run: Store) -> str:
    if is_same_place(place, run):
        raise UsageError(f"batch.publish: {place.address} is the run's own place: choose another")
    return _writable(place)


def _writable(place: Store) -> str:
    place.check_writable()
    holder = place.holder(LOCK_KEY)
    return f"{place.address}: writable{f'; now {holder}' if holder else ''}"


def _mail(settings: Settings) -> str:
    smtp = settings.smtp()
    log_in(smtp)
    who = f"as {smtp.user}" if smtp.user else "without a login"
    return f"{smtp.host}:{smtp.port}, {who}, to {', '.join(smtp.recipients)}; nothing was sent"
