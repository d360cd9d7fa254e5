"""The runs before: found by the address that a batch writes to, for what is new since then, and for retention."""

import datetime as dt
import logging
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain

import polars as pl

from quality.batch import templates
from quality.batch.config import Task
from quality.batch.reports import KEY as REPORT_KEY
from quality.batch.state import KEY as STATE_KEY
from quality.batch.work import Done
from quality.delivery.changes import Changes, find_changes
from quality.delivery.latest import read_latest
from quality.errors import QualityError
from quality.findings import schema as findings_files
from quality.findings import summary as summaries
from quality.findings.run_files import clear
from quality.panel.partitions import list_years, read_year
from quality.settings import Settings
from quality.storage import Store, open_store

_log = logging.getLogger(__name__)

# How many checks are looked back on to say since when an incident goes on.
_CHECKS = 60
_AT_ONCE = 8
# How a run's id begins: with its start.
_ID = "%Y%m%dT%H%M%S"
_OF_ID = len("20260101T000000")


@dataclass(frozen=True)
class Past:
    """An earlier run of a batch."""

    day: dt.date
    run: Store


def earlier_runs(template: Task, job: str, settings: Settings, before: dt.date | None = None) -> list[Past]:
    """Find the finished runs of a task and job, ascending by day; none where its address has no `{date}`.

    Args:
        template: The task as it is configured, its addresses not filled.
        job: The job.
        settings: How S3 is reached.
        before: Only runs of earlier days.

    """
    address = template.run
    if len(template.jobs) > 1 and not templates.has(address, "job"):
        address = f"{address.rstrip('/')}/{job}"
    address = templates.fill_names(address, panel=template.name, job=job)
    if not templates.has(address, "date"):
        return []
    root = open_store(templates.before(address, "date"), settings.s3)
    pattern = templates.dated(address)
    found = []
    for entry in root.entries():
        folder, _, name = entry.key.rpartition("/")
        match = pattern.fullmatch(folder) if name == summaries.KEY else None
        if match and (day := _date(match["date"])) and (before is None or day < before):
            found.append(Past(day, open_store(f"{root.address.rstrip('/')}/{folder}", settings.s3)))
    return sorted(found, key=lambda past: past.day)


def _date(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def changes_of(done: Done, template: Task, settings: Settings) -> Changes:
    """Say what changed since the run before; an earlier run that cannot be read is left out, and that is logged."""
    if done.job == "ingest":
        return Changes()
    try:
        past = earlier_runs(template, done.job, settings, done.day)
    except QualityError as error:
        _log.warning("earlier runs cannot be looked at: %s", error)
        past = []
    return _since_checks(done, past) if done.job == "check" else _since_scan(done, past, settings)


def _since_checks(done: Done, past: Sequence[Past]) -> Changes:
    """Put the findings of the last checks together: each day was checked once, and that is a history."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        earlier = list(pool.map(_checked, past[-_CHECKS:]))
    day = dt.date.fromisoformat(str(done.summary["last_session"]))
    read = {session: found for session, found in chain.from_iterable(earlier) if session < day}
    frames = [*read.values(), findings_of(done.run)]
    return find_changes(
        pl.concat(frames).sort("date", "ticker", "rule"), [*sorted(read), day], day, max(read, default=None)
    )


def _checked(past: Past) -> list[tuple[dt.date, pl.DataFrame]]:
    try:
        session = dt.date.fromisoformat(str(summaries.read(past.run)["last_session"]))
        return [(session, findings_of(past.run))]
    except (QualityError, KeyError, ValueError, pl.exceptions.PolarsError) as error:
        _log.warning("the run at %s is left out of the comparison: %s", past.run.address, error)
        return []


def _since_scan(done: Done, past: Sequence[Past], settings: Settings) -> Changes:
    first, last = (dt.date.fromisoformat(str(done.summary[name])) for name in ("first_session", "last_session"))
    panel = open_store(str(done.summary["panel"]), settings.s3)
    damaged = {damage["year"] for damage in done.summary.get("damaged") or ()}
    sessions: set[dt.date] = set()
    for year in list_years(panel):
        if first.year <= year.year <= last.year and year.year not in damaged:
            sessions.update(read_year(panel, year, ["date"]).get_column("date").unique())
    since = None
    for earlier in reversed(past):
        try:
            since = dt.date.fromisoformat(str(summaries.read(earlier.run)["last_session"]))
            break
        except (QualityError, KeyError, ValueError) as error:
            _log.warning("the run at %s is left out of the comparison: %s", earlier.run.address, error)
    within = sorted(day for day in sessions if first <= day <= last)
    limits = {"threads": settings.threads, "memory_limit": settings.memory_limit}
    return find_changes(findings_of(done.run), within, last, since, **limits)


def findings_of(run: Store) -> pl.DataFrame:
    """Read all findings of a run."""
    return pl.concat([pl.DataFrame(schema=findings_files.FILED_SCHEMA), *findings_files.read_parts(run)])


def forget_published(template: Task, job: str, settings: Settings, now: dt.datetime | None = None) -> list[str]:
    """Remove published runs that began longer ago than the task keeps; never the one that `latest.json` leads to."""
    address = templates.fill_names(template.publish or "", panel=template.name, job=job)
    if template.keep_published_days is None or not templates.has(address, "run") or templates.has(address, "date"):
        return []
    oldest = (now or dt.datetime.now(dt.UTC)) - dt.timedelta(days=template.keep_published_days)
    root = open_store(templates.before(address, "run"), settings.s3)
    latest = (read_latest(root) or {}).get("run_id")
    pattern = re.compile(templates.run_pattern(address))
    gone = []
    for entry in root.entries():
        match = pattern.fullmatch(entry.key.removesuffix(f"/{summaries.KEY}")) if _is_summary(entry.key) else None
        if match and match["run"] != latest and match["run"][:_OF_ID] < f"{oldest:{_ID}}":
            run = open_store(f"{root.address.rstrip('/')}/{entry.key.removesuffix(f'/{summaries.KEY}')}", settings.s3)
            clear(run)
            run.delete(REPORT_KEY)
            gone.append(run.address)
    return gone


def _is_summary(key: str) -> bool:
    return key.endswith(f"/{summaries.KEY}")


def forget(template: Task, job: str, day: dt.date, settings: Settings) -> list[str]:
    """Remove the runs that are older than the task keeps, and give their addresses; only files of runs are removed."""
    if template.keep_days is None:
        return []
    gone = []
    for past in earlier_runs(template, job, settings, day - dt.timedelta(days=template.keep_days)):
        clear(past.run)
        for key in (STATE_KEY, REPORT_KEY):
            past.run.delete(key)
        gone.append(past.run.address)
    return gone
