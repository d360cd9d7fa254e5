"""What a batch is to do: the sections `[batch]` and `[batch.panels.NAME]` of a configuration."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from quality import values
from quality.batch import templates
from quality.errors import UsageError
from quality.rules.model import SENSITIVITIES
from quality.scan.run import FORMATS
from quality.settings import read_toml
from quality.values import Readers

JOBS = ("ingest", "check", "scan")
MAIL_ON = ("new", "always", "failure")
_FAIL_ON = ("error", "warning")
TODAY, PREVIOUS = "today", "previous"
# Where the runs of several panels go when nothing else is said.
_RUN = "runs/{panel}/{date}"


@dataclass(frozen=True)
class Task:
    """What is to be done with one panel.

    Attributes:
        name: The panel's name, which `{panel}` stands for.
        jobs: Of "ingest", "check" and "scan", in this order, what is done.
        panel: Address of the panel, or of the history to check against.
        run: Address of the run; with several jobs a folder of each below it, unless `{job}` says where.
        file: For a check, address of the incoming day.
        ingest: Files, folders or patterns to read into the panel.
        source: The name of the section [sources.NAME] that describes the files.
        ruleset: The rule set; None for the default.
        rules: Folders with rules of one's own.
        formats: What a scan writes.
        suppressions: Address of the file of suppressions; None for the one in the settings.
        corporate_actions: Address of the file of corporate actions; None for the one in the settings.
        calendar: Which days are sessions; None for the one in the settings.
        start: First session of a scan.
        end: Last session of a scan.
        append: Whether a checked day that does not fail is added to the panel.
        append_anyway: Whether it is added although it is incomplete, stale or of a wrong date.
        sensitivity: How easily rules speak; None for what the settings say.
        fail_on: The severity from which on findings make the exit code 1.
        publish: Address to copy the finished run to; with `{run}`, below its folder lies `latest.json` too.
        mail: Whether to mail, by the settings of `[mail]`.
        mail_on: "always", "new" (incidents that are new or resolved, or a failure) or "failure".
        webhook: Whether to post, by the settings of `[webhook]`.
        lineage: Whether to emit OpenLineage events, by the settings of `[lineage]`.
        wait_until: The time of day until which a late file is waited for.
        keep_days: For how many days runs are kept; None for ever.
        keep_published_days: For how many days published runs are kept where `publish` holds `{run}`; None for ever.
        report: Whether a run that is published has its report with it, where the extra `report` is installed.
        link: Address for a browser that leads to the results, `{run}` and the other places filled.

    """

    name: str
    jobs: tuple[str, ...]
    panel: str
    run: str
    file: str | None = None
    ingest: tuple[str, ...] = ()
    source: str | None = None
    ruleset: str | None = None
    rules: tuple[str, ...] = ()
    formats: tuple[str, ...] = FORMATS
    suppressions: str | None = None
    corporate_actions: str | None = None
    calendar: str | None = None
    start: dt.date | None = None
    end: dt.date | None = None
    append: bool = False
    append_anyway: bool = False
    sensitivity: str | None = None
    fail_on: str | None = None
    publish: str | None = None
    mail: bool = False
    mail_on: str = "always"
    webhook: bool = False
    lineage: bool = False
    wait_until: dt.time | None = None
    keep_days: int | None = None
    keep_published_days: int | None = None
    report: bool = True
    link: str | None = None

    def on(self, day: dt.date, job: str) -> "Task":
        """Give the task of one day and job, its addresses filled, but for `{run}` in `publish`."""

        def filled(template: str | None) -> str | None:
            return None if template is None else templates.fill(template, day, panel=self.name, job=job)

        run = filled(self.run) or ""
        if len(self.jobs) > 1 and not templates.has(self.run, "job"):
            run = f"{run.rstrip('/')}/{job}"
        return replace(
            self,
            panel=filled(self.panel) or "",
            run=run,
            file=filled(self.file),
            ingest=tuple(filled(address) or "" for address in self.ingest),
            rules=tuple(filled(address) or "" for address in self.rules),
            suppressions=filled(self.suppressions),
            corporate_actions=filled(self.corporate_actions),
            publish=filled(self.publish),
            link=filled(self.link),
        )


@dataclass(frozen=True)
class BatchConfig:
    """A whole batch.

    Attributes:
        tasks: One a panel.
        timezone: Whose date `{date}` is; None for this machine's.
        day: "today", or "previous" for the last session before it.
        heartbeat: Address of the file that says that the batch lives.
        metrics: Path of the Prometheus text file.
        parallel: How many panels are worked on at once.
        path: The file that says all this; None where it is none.

    """

    tasks: tuple[Task, ...]
    timezone: ZoneInfo | None = None
    day: str = TODAY
    heartbeat: str | None = None
    metrics: str | None = None
    parallel: int = 1
    path: Path | None = None


def _zone(value: object) -> ZoneInfo:
    try:
        return ZoneInfo(values.stripped(value))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is not a time zone such as America/New_York") from None


def _time(value: object) -> dt.time:
    if isinstance(value, dt.time):
        return value
    try:
        return dt.time.fromisoformat(values.stripped(value))
    except ValueError:
        raise ValueError("is not a time of day HH:MM") from None


def _jobs(value: object) -> tuple[str, ...]:
    given = values.listed(values.choice(*JOBS), "jobs")([value] if isinstance(value, str) else value)
    return tuple(job for job in JOBS if job in given)


def _addresses(value: object) -> tuple[str, ...]:
    return values.listed(values.address, "addresses")([value] if isinstance(value, str) else value)


_OF_A_TASK: Readers = {
    "job": _jobs,
    "panel": values.address,
    "run": values.address,
    "file": values.address,
    "ingest": _addresses,
    "source": values.text,
    "ruleset": values.text,
    "rules": _addresses,
    "formats": values.listed(values.choice(*FORMATS), "formats"),
    "suppressions": values.address,
    "corporate_actions": values.address,
    "calendar": values.text,
    "start": values.date,
    "end": values.date,
    "append": values.flag,
    "append_anyway": values.flag,
    "sensitivity": values.choice(*SENSITIVITIES),
    "fail_on": values.choice(*_FAIL_ON),
    "publish": values.address,
    "mail": values.flag,
    "mail_on": values.choice(*MAIL_ON),
    "webhook": values.flag,
    "lineage": values.flag,
    "wait_until": _time,
    "keep_days": values.whole(),
    "keep_published_days": values.whole(),
    "report": values.flag,
    "link": values.address,
}
_OF_THE_BATCH: Readers = {
    "timezone": _zone,
    "day": values.choice(TODAY, PREVIOUS),
    "heartbeat": values.address,
    "metrics": values.address,
    "parallel": values.whole(most=64),
}


def read_batch(path: Path) -> BatchConfig:
    """Read and check the sections of a configuration file that speak of the batch.

    Raises:
        UsageError: The file cannot be read, a key is missing, unknown or of the wrong kind.

    """
    table = read_toml(path).get("batch")
    if not isinstance(table, dict):
        raise UsageError(f"{path}: has no section [batch]")
    table = values.renamed(table, "exceptions", "suppressions", f"{path}: batch")
    panels = values.subsections(table.pop("panels", {}), str(path), "batch.panels")
    found = values.read_section(table, {**_OF_A_TASK, **_OF_THE_BATCH}, str(path), "batch")
    of_the_batch = {key: found.pop(key) for key in _OF_THE_BATCH if key in found}
    if not panels:
        return BatchConfig((_task(_name(found), found, path, "batch"),), **of_the_batch, path=path)
    tasks = []
    for name, own in panels:
        section = f"batch.panels.{name}"
        given = values.renamed(own, "exceptions", "suppressions", f"{path}: {section}")
        of_the_panel = values.read_section(given, _OF_A_TASK, str(path), section)
        tasks.append(_task(name, {"run": _RUN, **found, **of_the_panel}, path, section))
    _check_apart(tasks, path)
    return BatchConfig(tuple(tasks), **of_the_batch, path=path)


def _name(found: Mapping[str, Any]) -> str:
    return PurePosixPath(str(found.get("panel", ""))).name or "panel"


def _task(name: str, found: Mapping[str, Any], path: Path, section: str) -> Task:
    missing = [key for key in ("job", "panel", "run") if key not in found]
    if missing:
        raise UsageError(f"{path}: [{section}] lacks {', '.join(missing)}")
    given = dict(found)
    jobs = given.pop("job")
    if "check" in jobs and "file" not in given:
        raise UsageError(f'{path}: [{section}] with job = "check" lacks file, the incoming day')
    if "ingest" in jobs and "ingest" not in given:
        raise UsageError(f'{path}: [{section}] with job = "ingest" lacks ingest, the files to read')
    return Task(name, jobs, **given)


def _check_apart(tasks: list[Task], path: Path) -> None:
    """Make sure that no two panels write to one place."""
    for key in ("run", "publish"):
        places: dict[str, str] = {}
        for task in tasks:
            place = getattr(task, key)
            filled = place and templates.fill(place, dt.date.min, panel=task.name)
            if filled and places.setdefault(filled, task.name) != task.name:
                raise UsageError(
                    f"{path}: batch.panels.{task.name}: {key} is the place of {places[filled]} too: "
                    "put {panel} into it"
                )
