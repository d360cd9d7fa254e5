"""The scheduled run: for each panel and day the work, then its deliveries, in that order of safety."""

import datetime as dt
import logging
import shlex
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from quality.batch.arrival import NotArrivedError, wait_for
from quality.batch.config import BatchConfig, Task
from quality.batch.days import Clock, day_of, is_closed, waits_until, wall_clock
from quality.batch.deliveries import Channels, alarm, check_places, deliver, open_channels
from quality.batch.history import forget, forget_published
from quality.batch.metrics import check_metrics, write_metrics
from quality.batch.outcome import BatchResult, Outcome
from quality.batch.reports import wants_report, write_report
from quality.batch.state import RunState, read_state
from quality.batch.steps import Steps
from quality.batch.work import Done, do, source_of
from quality.calendar.exchanges import PANEL, check_calendar
from quality.delivery.story import Story
from quality.errors import DestinationBusyError, QualityError, UsageError
from quality.findings.identity import identify
from quality.scan.run import Progress
from quality.settings import Settings
from quality.storage import Store, holding, open_store

_log = logging.getLogger(__name__)

_LOCK = ".batch.lock"
_FRIDAY = 4


def check_batch(config: BatchConfig, settings: Settings) -> dict[str, Channels]:
    """Make sure that a batch can begin, and give the channels of each panel.

    Raises:
        UsageError: A setting, a rule, a calendar or a channel is missing or wrong; nothing was started.

    """
    if config.metrics:
        check_metrics()
    channels = {}
    for task in config.tasks:
        check_calendar(task.calendar or settings.calendar)
        source_of(task, settings)
        folders = [] if any("{" in folder for folder in task.rules) else task.rules
        settings.load_rules(task.ruleset, folders, task.sensitivity)
        for job in task.jobs:
            check_places(task.on(dt.date(2000, 1, 3), job), settings)
        channels[task.name] = open_channels(task, settings)
    return channels


def day_for(task: Task, config: BatchConfig, settings: Settings, clock: Clock = wall_clock) -> dt.date:
    """Give the day that a task is for when nobody names one."""
    return day_of(config.day, task.calendar or settings.calendar, config.timezone, clock)


def run_batch(
    config: BatchConfig,
    settings: Settings,
    days: Sequence[dt.date] = (),
    progress: Progress = lambda _what, _done, _all: None,
) -> BatchResult:
    """Run a batch: results are written first, then published, then told.

    What fails in one panel, day or channel takes no other along, and is told too.

    Args:
        config: What is to be done.
        settings: The settings.
        days: The days, ascending; none for the one of the calendar and time zone.
        progress: Told how far a job is.

    Raises:
        UsageError: A setting is wrong; nothing was started.

    """
    began = time.perf_counter()
    channels = check_batch(config, settings)
    steps = Steps(str(identify(0)["run_id"]), config.heartbeat, settings.s3)

    def work(task: Task) -> list[Outcome]:
        wanted = days or [day_for(task, config, settings)]
        job = _Panel(task, config, settings, channels[task.name], steps, progress)
        return [job.work(day, is_range=len(wanted) > 1) for day in wanted]

    if config.parallel > 1 and len(config.tasks) > 1:
        with ThreadPoolExecutor(min(config.parallel, len(config.tasks))) as pool:
            outcomes = [outcome for found in pool.map(work, config.tasks) for outcome in found]
    else:
        outcomes = [outcome for task in config.tasks for outcome in work(task)]
    result = BatchResult(steps.batch_id, outcomes)
    if config.metrics:
        try:
            write_metrics(config.metrics, outcomes, result.code, time.perf_counter() - began)
        except QualityError as error:
            _log.warning("%s", error)
    steps.beat("ended", code=result.code)
    return result


@dataclass(frozen=True)
class _Panel:
    """The work on one panel."""

    task: Task
    config: BatchConfig
    settings: Settings
    channels: Channels
    steps: Steps
    progress: Progress

    def work(self, day: dt.date, *, is_range: bool) -> Outcome:
        """Do what is to be done for one day."""
        outcome = Outcome(self.task.name, day)
        calendar = self.task.calendar or self.settings.calendar
        if is_closed(calendar, day):
            outcome.skipped = f"{day} is no session of {calendar}"
            return outcome
        for job in self.task.jobs:
            if not self._do(outcome, job, day, is_range=is_range):
                return outcome
        for job in self.task.jobs:
            self._forget(outcome, job, day)
        return outcome

    def _do(self, outcome: Outcome, job: str, day: dt.date, *, is_range: bool) -> bool:
        """Do a job, and deliver it; tell whether the next one may begin."""
        task = self.task.on(day, job)
        try:
            with holding(open_store(task.run, self.settings.s3), _LOCK):  # one batch a place: nothing is told twice
                done = self._work(task, job, day)
                outcome.done.append(done)
                if wants_report(done):
                    with self.steps.step("report", panel=task.name, job=job, day=day.isoformat()):
                        write_report(done, self.settings)
                self._deliver(done)
        except NotArrivedError as error:
            if is_range and (task.calendar or self.settings.calendar) == PANEL and day.weekday() > _FRIDAY:
                outcome.skipped = "no file, on a weekend"
            else:
                self._fail(outcome, task, job, error)
        except DestinationBusyError as error:
            outcome.error = str(error)  # the other run tells its own story
        except QualityError as error:
            self._fail(outcome, task, job, error)
        except Exception as error:
            self._fail(outcome, task, job, QualityError(f"internal error: {type(error).__name__}: {error}"))
            raise
        return not (outcome.error or outcome.skipped)

    def _work(self, task: Task, job: str, day: dt.date) -> Done:
        with self.steps.step(job, panel=task.name, day=day.isoformat()) as about:
            self._wait(task, job, day)
            done = do(task, job, day, self.settings, self.progress)
            about |= {"run": done.summary.get("run_id"), "findings": done.summary.get("findings")}
            return done

    def _wait(self, task: Task, job: str, day: dt.date) -> None:
        if job == "scan":
            return
        zone = self.config.timezone
        addresses = [str(task.file)] if job == "check" else list(task.ingest)
        is_current = day == day_for(self.task, self.config, self.settings)  # nobody waits for the past
        until = waits_until(task.wait_until, zone) if is_current else None

        def sleep(seconds: float) -> None:
            self.steps.beat("waiting", job)
            time.sleep(seconds)

        wait_for(addresses, until, self.settings.s3, sleep=sleep)

    def _deliver(self, done: Done) -> None:
        with self.steps.step("deliver", panel=done.task.name, job=done.job, day=done.day.isoformat()) as about:
            try:
                _, delivered = deliver(done, self.task, self.channels, self.settings)
                about |= {"delivered": delivered, "undelivered": done.undelivered}
            except QualityError as error:
                done.undelivered.append(str(error))

    def _fail(self, outcome: Outcome, task: Task, job: str, error: QualityError) -> None:
        outcome.error, outcome.is_wrong = str(error), isinstance(error, UsageError)
        again = f"pricewatch batch {shlex.quote(str(self.config.path))} --date {outcome.day}"
        commands = (again,) if self.config.path else ()
        story = Story(task.name, outcome.day, job, failure=str(error), commands=commands)
        run: Store | None = None
        state = RunState(outcome.day.isoformat())
        try:
            run = open_store(task.run, self.settings.s3)
            state = read_state(run, outcome.day)
        except UsageError as problem:
            _log.warning("the state of the run is unknown: %s", problem)
        outcome.undelivered += alarm(story, self.channels, state, run)

    def _forget(self, outcome: Outcome, job: str, day: dt.date) -> None:
        try:
            outcome.forgotten += forget(self.task, job, day, self.settings)
            outcome.forgotten += forget_published(self.task, job, self.settings)
        except QualityError as error:
            _log.warning("old runs are not removed: %s", error)


def with_flags(config: BatchConfig, *, mail_on: str | None = None) -> BatchConfig:
    """Give a configuration with what the command line says instead."""
    if mail_on is None:
        return config
    return replace(config, tasks=tuple(replace(task, mail_on=mail_on) for task in config.tasks))
