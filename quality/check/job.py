"""The daily check from end to end: read the day, check it, write the run, add the day to the panel."""

import datetime as dt
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from quality.calendar.exchanges import PANEL
from quality.calendar.groups import Calendars
from quality.check.day import Day
from quality.check.day_file import read_day
from quality.check.results import summarise, write_run
from quality.check.run import CheckResult, check
from quality.errors import QualityError
from quality.findings.columns import SUPPRESSED
from quality.findings.run_files import check_destination
from quality.findings.summary import reaches
from quality.findings.suppressions import NO_SUPPRESSIONS, Suppressions
from quality.ingest.format.source import Source
from quality.panel.actions import CorporateActions
from quality.rules.model import RuleSet
from quality.rules.structural import INCOMPLETE_DAY, WRONG_DATE
from quality.storage import S3Options, Store, open_store, read_file

# Rules whose findings say that a day did not arrive whole, or is the one before again.
_DOUBTS = frozenset({INCOMPLETE_DAY.name, "misaligned_file", "stale_day", "vendor_incident"})


@dataclass(frozen=True)
class CheckJob:
    """What one check is to do.

    Attributes:
        file: Address of the incoming day.
        panel: Address of the panel that holds the sessions before it.
        ruleset: The rules.
        run: Address where the run goes; None for nowhere.
        date: The day, where the file has none or several.
        source: What is known of the file.
        calendar: Which days are sessions.
        calendars: By pattern of tickers, another calendar for those that it fits.
        suppressions: The findings that do not count.
        actions: The corporate actions that are known.
        append: Whether the day is added to the panel.
        fail_on: The severity from which on findings keep it from being added.
        append_anyway: Whether it is added although it is incomplete, stale or of a wrong date.

    """

    file: str
    panel: str
    ruleset: RuleSet
    run: str | None = None
    date: dt.date | None = None
    source: Source = field(default_factory=Source)
    calendar: str = PANEL
    calendars: Mapping[str, str] = field(default_factory=dict)
    suppressions: Suppressions = NO_SUPPRESSIONS
    actions: CorporateActions = field(default_factory=CorporateActions)
    append: bool = False
    fail_on: str | None = None
    append_anyway: bool = False


@dataclass(frozen=True)
class Checked:
    """What came of a check.

    Attributes:
        result: The findings and the report.
        summary: The run in numbers, as it was written.
        appended: Whether the day was added to the panel.
        kept_back: Why it was not, by the findings' severity; "" where that was not the reason.
        doubt: Why it was not, unless it is added anyway; "" where that was not the reason.
        append_failed: Why it could not be added although it was to be; "" where nothing failed.

    """

    result: CheckResult
    summary: dict[str, Any]
    appended: bool = False
    kept_back: str = ""
    doubt: str = ""
    append_failed: str = ""


class EarlierRuns(Protocol):
    """What is known of earlier runs of the same check: a rerun must come to what the first run came to."""

    def have_appended(self, day: Day, panel: Store) -> bool:
        """Tell whether the panel holds the day by an earlier run."""
        ...

    def summary_of_same(self, result: CheckResult, ruleset: RuleSet) -> dict[str, Any] | None:
        """Give the summary of an earlier run with the same results, which is left as it is; None for none."""
        ...

    def append(self, day: Day, panel: Store, *, is_again: bool) -> None:
        """Add the day to the panel; rows that an earlier run added give way to new ones."""
        ...


class NoEarlierRuns:
    """A check that somebody runs: it knows of none before."""

    def have_appended(self, day: Day, panel: Store) -> bool:
        """Know of nothing: a day that the panel holds is a duplicate."""
        del day, panel
        return False

    def summary_of_same(self, result: CheckResult, ruleset: RuleSet) -> dict[str, Any] | None:
        """Know of nothing: the run is written."""
        del result, ruleset
        return None

    def append(self, day: Day, panel: Store, *, is_again: bool) -> None:
        """Add the day to the panel."""
        del is_again
        # What rewrites a panel takes longer to import than a check takes.
        from quality.check.appending import append  # noqa: PLC0415

        append(day, panel)


def run_check(job: CheckJob, s3: S3Options | None = None, earlier: EarlierRuns | None = None) -> Checked:
    """Check one day; results are written before the panel is touched.

    Args:
        job: What is to be done.
        s3: How S3 is reached.
        earlier: What is known of earlier runs of the same check; None for nothing.

    Raises:
        UsageError: A setting is wrong, or the run would lie in the panel; nothing was started.
        InputError: The day or the panel cannot be read.

    """
    began = time.perf_counter()
    calendars = Calendars(job.calendar, job.calendars)
    calendars.check()
    panel = open_store(job.panel, s3)
    run = open_store(job.run, s3) if job.run is not None else None
    if run is not None:
        check_destination(run, panel)
    day = read_day(read_file(job.file, s3), job.file, job.date, job.source)
    earlier = earlier or NoEarlierRuns()
    is_again = job.append and earlier.have_appended(day, panel)
    result = check(day, panel, job.ruleset, calendars, job.suppressions, actions=job.actions, is_again=is_again)
    summary = earlier.summary_of_same(result, job.ruleset)
    if summary is None:
        seconds = time.perf_counter() - began
        summary = (
            summarise(result, job.ruleset, panel, seconds)
            if run is None
            else write_run(result, run, job.ruleset, panel, seconds)
        )
    checked = Checked(result, summary)
    if not job.append:
        return checked
    return _kept_out(job, checked) or _append(day, panel, checked, earlier, is_again=is_again)


def doubt_about(result: CheckResult) -> str:
    """Say what finding keeps a day out of the panel: one that it did not arrive whole, or is no new day."""
    columns = (result.table.column(name).to_pylist() for name in ("rule", "severity", "message", SUPPRESSED))
    for rule, severity, message, is_suppressed in zip(*columns, strict=True):
        is_doubtful = rule in _DOUBTS or (rule == WRONG_DATE.name and severity == "error")
        if is_doubtful and not is_suppressed:
            return str(message)
    return ""


def _kept_out(job: CheckJob, checked: Checked) -> Checked | None:
    """Say why a day's findings keep it out of the panel; None where they do not."""
    if job.fail_on and reaches(checked.summary["by_severity"], job.fail_on):
        return replace(checked, kept_back=f"its findings reach --fail-on {job.fail_on}")
    if not job.append_anyway and (reason := doubt_about(checked.result)):
        return replace(checked, doubt=f"{checked.result.day} is not appended: {reason}")
    return None


def _append(day: Day, panel: Store, checked: Checked, earlier: EarlierRuns, *, is_again: bool) -> Checked:
    try:
        earlier.append(day, panel, is_again=is_again)
    except QualityError as error:
        return replace(checked, append_failed=str(error))
    return replace(checked, appended=True)
