"""Takes a finished job to its channels, each once; a channel that fails takes no other along."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from quality.batch import templates
from quality.batch.config import Task
from quality.batch.history import changes_of
from quality.batch.state import RunState
from quality.batch.telling import story_of
from quality.batch.work import Done
from quality.delivery.alerting import mail_run, mail_story
from quality.delivery.latest import publish_beside
from quality.delivery.lineage import LineageSettings, check_lineage, emit
from quality.delivery.publish import publish
from quality.delivery.smtp import SmtpSettings, UndeliveredError
from quality.delivery.story import Story
from quality.delivery.webhook import WebhookSettings, post
from quality.errors import QualityError, UsageError
from quality.findings.identity import run_id_of
from quality.findings.summary import reaches
from quality.settings import Settings
from quality.storage import Store, is_same_place, open_store

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Channels:
    """Where stories go; None where a channel is not asked for."""

    smtp: SmtpSettings | None = None
    webhook: WebhookSettings | None = None
    lineage: LineageSettings | None = None


def open_channels(task: Task, settings: Settings) -> Channels:
    """Make sure that the channels of a task can be used; UsageError where a setting is missing or wrong."""
    if task.lineage:
        check_lineage()
    return Channels(
        settings.smtp() if task.mail else None,
        settings.webhook_settings() if task.webhook else None,
        settings.lineage_settings() if task.lineage else None,
    )


def check_places(task: Task, settings: Settings) -> None:
    """Make sure that a task does not publish onto its own run; UsageError where it would."""
    if task.publish and is_same_place(open_store(task.run, settings.s3), open_store(task.publish, settings.s3)):
        raise UsageError(f"batch.publish: {task.publish} is the run's own place: choose another")


def deliver(done: Done, template: Task, channels: Channels, settings: Settings) -> tuple[Story, list[str]]:
    """Publish a finished job, and tell its story; what cannot be delivered is noted in it.

    Returns:
        The story, and what was delivered now, channel by channel.

    """
    delivered: list[str] = []
    results = done.state.results
    where = done.run
    if done.task.publish:
        destination = _destination(done, settings)
        channel = f"publish {destination.address}"
        if done.state.has(channel, results):
            where = destination
        elif _try(channel, done, lambda: _publish(done, destination, settings)):
            done.state.note(channel, results, done.run)
            delivered.append(channel)
            where = destination
    if done.job == "check" or _has_listeners(done.task):  # of a scan they are not had for nothing
        done.changes = changes_of(done, template, settings)
    story = story_of(done, done.changes, where, settings)
    if channels.smtp and _wants_mail(done.task, story):
        delivered += _mail(done, channels.smtp, where, story)
    if channels.webhook:
        webhook = channels.webhook
        delivered += _once(f"webhook {webhook.server}", done, lambda: post(story, webhook))
    if channels.lineage:
        lineage = channels.lineage
        delivered += _once(f"lineage {lineage.target}", done, lambda: emit(story, lineage))
    return story, delivered


def _has_listeners(task: Task) -> bool:
    return task.mail or task.webhook or task.lineage


def _wants_mail(task: Task, story: Story) -> bool:
    if task.mail_on == "always" or story.outcome in ("failed", "incomplete"):
        return True
    fails = bool(task.fail_on and reaches(story.severities, task.fail_on))
    return fails if task.mail_on == "failure" else story.is_news


def _destination(done: Done, settings: Settings) -> Store:
    names = {"panel": done.task.name, "job": done.job, "run": run_id_of(done.summary)}
    return open_store(templates.fill(str(done.task.publish), done.day, **names), settings.s3)


def _publish(done: Done, destination: Store, settings: Settings) -> None:
    if templates.has(str(done.task.publish), "run"):
        root = open_store(templates.before(str(done.task.publish), "run"), settings.s3)
        publish_beside(done.run, destination, root)
    else:
        publish(done.run, destination)


def _once(channel: str, done: Done, delivery: Callable[[], object]) -> list[str]:
    if done.state.has(channel, done.state.results) or not _try(channel, done, delivery):
        return []
    done.state.note(channel, done.state.results, done.run)
    return [channel]


def _try(channel: str, done: Done, delivery: Callable[[], object]) -> bool:
    try:
        delivery()
    except QualityError as error:
        _log.info("%s failed: %s", channel, error)
        done.undelivered.append(str(error))
        return False
    return True


def _mail(done: Done, smtp: SmtpSettings, where: Store, story: Story) -> list[str]:
    """Mail to those who do not have these results yet; of a mail that reaches some, they are noted."""
    pending = _pending(done.state, smtp, done.state.results)
    reached, problem = (
        _send(lambda: mail_run(done.run, pending, where.address, story), pending) if pending else ((), "")
    )
    if problem:
        done.undelivered.append(problem)
    for recipient in reached:
        done.state.note(f"mail {recipient}", done.state.results, done.run)
    return [f"mail {recipient}" for recipient in reached]


def _send(mail: Callable[[], object], smtp: SmtpSettings) -> tuple[Sequence[str], str]:
    """Send a mail; give those who were reached, and what went wrong."""
    try:
        mail()
    except UndeliveredError as error:
        return error.reached, str(error)
    except QualityError as error:
        return (), str(error)
    return smtp.recipients, ""


def _pending(state: RunState, smtp: SmtpSettings, results: str) -> SmtpSettings | None:
    """Give the settings for those who do not have something yet; None where all have."""
    who = tuple(each for each in dict.fromkeys(smtp.recipients) if not state.has(f"mail {each}", results))
    return replace(smtp, recipients=who) if who else None


def alarm(story: Story, channels: Channels, state: RunState, run: Store | None) -> list[str]:
    """Tell of a job that failed, each channel once for one failure; give what could not be told."""
    undelivered: list[str] = []
    failure = f"failure {story.failure}"
    reached: list[str] = []
    if channels.smtp and (pending := _pending(state, channels.smtp, failure)):
        recipients, problem = _send(lambda: mail_story(story, pending), pending)
        reached += [f"mail {recipient}" for recipient in recipients]
        undelivered += [problem] if problem else []
    for channel, deliver in _others(story, channels):
        if state.has(channel, failure):
            continue
        try:
            deliver()
            reached.append(channel)
        except QualityError as error:
            undelivered.append(str(error))
    _note_alarm(reached, failure, state, run)
    return undelivered


def _note_alarm(channels: Sequence[str], failure: str, state: RunState, run: Store | None) -> None:
    if run is None:
        return
    try:
        for channel in channels:
            state.note(channel, failure, run)
    except QualityError as error:
        _log.warning("that the failure was told is not noted: %s", error)


def _others(story: Story, channels: Channels) -> list[tuple[str, Callable[[], object]]]:
    others: list[tuple[str, Callable[[], object]]] = []
    if webhook := channels.webhook:
        others.append((f"webhook {webhook.server}", lambda: post(story, webhook)))
    if lineage := channels.lineage:
        others.append((f"lineage {lineage.target}", lambda: emit(story, lineage)))
    return others
