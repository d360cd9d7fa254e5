"""What a batch would do: its plan, for people and programs, made without changing anything."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from quality.batch import templates
from quality.batch.arrival import NotArrivedError, wait_for
from quality.batch.config import BatchConfig, Task
from quality.batch.days import is_closed
from quality.batch.run import check_batch, day_for
from quality.batch.state import read_state
from quality.errors import QualityError
from quality.settings import Settings
from quality.storage import open_store


def plan_batch(config: BatchConfig, settings: Settings, days: Sequence[dt.date] = ()) -> list[dict[str, Any]]:
    """Give what would be done, one entry a panel, day and job.

    Raises:
        UsageError: A setting is missing or wrong.

    """
    check_batch(config, settings)
    plan = []
    for task in config.tasks:
        calendar = task.calendar or settings.calendar
        for day in days or [day_for(task, config, settings)]:
            if is_closed(calendar, day):
                plan.append(
                    {"panel": task.name, "day": day, "job": None, "steps": [f"nothing: no session of {calendar}"]}
                )
                continue
            plan += [_entry(task, task.on(day, job), day, job, settings) for job in task.jobs]
    return plan


def _entry(template: Task, task: Task, day: dt.date, job: str, settings: Settings) -> dict[str, Any]:
    steps = [*_work(task, job, settings), *_deliveries(task, settings)]
    if template.keep_days:
        steps.append(f"remove runs older than {template.keep_days} days")
    if template.keep_published_days:
        steps.append(f"remove published runs older than {template.keep_published_days} days")
    before = _before(task, day, settings)
    return {"panel": task.name, "day": day, "job": job, "run": task.run, "steps": steps, "before": before}


def _work(task: Task, job: str, settings: Settings) -> Iterator[str]:
    files = {"ingest": task.ingest, "check": (str(task.file),), "scan": ()}[job]
    for file in files:
        yield f"read {file} ({_arrival(file, settings)})"
    if job == "ingest":
        yield f"ingest into {task.panel}"
    else:
        ruleset = settings.load_rules(task.ruleset, task.rules, task.sensitivity).name
        yield f"check it against {task.panel} by {ruleset}" if job == "check" else f"scan {task.panel} by {ruleset}"
    yield f"write {task.run}"
    if job == "check" and (task.append or task.append_anyway):
        unless = f", unless findings reach {task.fail_on}" if task.fail_on else ""
        yield f"append the day to {task.panel}{unless}"


def _deliveries(task: Task, settings: Settings) -> Iterator[str]:
    if task.publish:
        has_pointer = templates.has(task.publish, "run")
        pointer = f", then {templates.before(task.publish, 'run')}/latest.json" if has_pointer else ""
        yield f"publish to {task.publish}{pointer}"
    if task.mail:
        yield f"mail {', '.join(settings.smtp().recipients)} ({task.mail_on})"
    if task.webhook:
        yield f"post to {settings.webhook_settings().server}"
    if task.lineage:
        yield f"emit lineage to {settings.lineage_settings().target}"


def _arrival(file: str, settings: Settings) -> str:
    try:
        wait_for([file], None, settings.s3)
    except NotArrivedError:
        return "not there yet"
    except QualityError as error:
        return f"cannot be looked at: {error}"
    return "there"


def _before(task: Task, day: dt.date, settings: Settings) -> list[str]:
    """Give what an earlier run of the day has delivered."""
    try:
        return sorted(read_state(open_store(task.run, settings.s3), day).delivered)
    except QualityError:
        return []
