"""`pricewatch check`: one incoming day against history."""

import argparse
import datetime as dt
from collections.abc import Mapping
from contextlib import nullcontext

from jobs.lean import without_collection, without_import
from jobs.reporting import exit_code, show_suppressions
from jobs.rule_options import add_rule_arguments, calendars_of
from jobs.running import Console, day
from jobs.sources import add_source_arguments, source_of
from quality.calendar.groups import Calendars
from quality.check.job import Checked, CheckJob, run_check
from quality.errors import InputError
from quality.rules.model import DEFAULT_RULESET
from quality.settings import Settings

SUMMARY = "Check one incoming day (wide or long, CSV or Parquet) against the sessions before it."
EXAMPLE = """  pricewatch check demo/incoming/2022-09-26.csv --history demo/history --out runs/2022-09-26
  # and add the day to the panel, unless it fails:
  # pricewatch check incoming/2022-09-27.csv --history data/panel --append --fail-on error"""

_SHOWN = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("file", metavar="FILE", help="the day: a file, here or on S3")
    parser.add_argument("--history", required=True, metavar="PANEL", help="the panel that holds the sessions before")
    parser.add_argument("--out", metavar="RUN", help="where findings, report and summary go (default: nowhere)")
    parser.add_argument("--date", type=day, metavar="DATE", help="the day, where the file has none or several")
    parser.add_argument("--append", action="store_true", help="add the day to the panel, unless it fails (--fail-on)")
    parser.add_argument(
        "--append-anyway", action="store_true", help="add it even if it is incomplete, stale or of a wrong date"
    )
    add_rule_arguments(parser, DEFAULT_RULESET)
    add_source_arguments(parser)


def run(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Check the day, show the report, and what became of the day."""
    job = CheckJob(
        file=options.file,
        panel=options.history,
        ruleset=settings.load_rules(options.ruleset, options.rules, options.sensitivity),
        run=options.out,
        date=options.date,
        source=source_of(options, settings),
        calendar=options.calendar or settings.calendar,
        calendars=calendars_of(options, settings),
        suppressions=settings.open_suppressions(options.suppressions),
        actions=settings.open_actions(options.corporate_actions),
        append=options.append or options.append_anyway,
        append_anyway=options.append_anyway,
        fail_on=options.fail_on,
    )
    # An exchange's calendar is made of pandas; without one, a check does without.
    needs_pandas = not Calendars(job.calendar, job.calendars).are_plain
    with without_collection(), nullcontext() if needs_pandas else without_import("pandas"):
        checked = run_check(job, settings.s3)
    _show(console, checked)
    if checked.appended:
        console.note(f"{checked.result.day} is appended to {options.history}")
    elif checked.kept_back:
        console.warn(f"{checked.result.day} is not appended: {checked.kept_back}")
    elif checked.doubt:
        raise InputError(f"{checked.doubt}; mend the file, or say --append-anyway")
    elif checked.append_failed:
        raise InputError(checked.append_failed)
    return exit_code(checked.summary, options.fail_on)


def _show(console: Console, checked: Checked) -> None:
    result = checked.result
    console.result(checked.summary)
    for key, issue in result.issues:
        console.say(f"{key}: {issue}")
    for key, issue in result.outside:
        console.note(f"outside the report: {key}: {issue}")
    for key, issue in result.suppressed:
        console.note(f"suppressed: {key}: {issue}")
    show_suppressions(console, checked.summary)
    if result.ignored:
        console.note(f"left aside as of other dates: {_ignored(result.ignored)}")
    seconds = checked.summary["seconds"]
    count = len(result.issues)
    issues = "1 issue" if count == 1 else f"{count} issues"
    console.note(f"{result.day}: {issues} in {result.entries:,} prices, {seconds:.2f} s")


def _ignored(ignored: Mapping[dt.date, int]) -> str:
    shown = ", ".join(f"{date} ({count:,})" for date, count in list(ignored.items())[:_SHOWN])
    more = f" and {len(ignored) - _SHOWN:,} more dates" if len(ignored) > _SHOWN else ""
    return f"{sum(ignored.values()):,} rows: {shown}{more}"
