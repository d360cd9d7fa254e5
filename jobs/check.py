"""`pricewatch check`: one incoming day against history."""

import argparse
import time

from jobs.reporting import exit_code, show_suppressions
from jobs.running import Console, day
from jobs.scan import add_rule_arguments
from jobs.sources import add_source_arguments, source_of
from quality.calendar.exchanges import check_calendar
from quality.check.day_file import read_day
from quality.check.run import append, check, summarise, write_run
from quality.findings.suppression_file import open_suppressions
from quality.rules.description import rules_in_force
from quality.settings import Settings
from quality.storage import open_store, read_file

SUMMARY = "Judge one incoming day (wide or long, CSV or Parquet) against the sessions before it."
EXAMPLE = "  pricewatch check incoming/2022-09-26.csv --history data/panel --out runs/2022-09-26 --append"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("file", metavar="FILE", help="the day: a file, here or on S3")
    parser.add_argument("--history", required=True, metavar="PANEL", help="the panel that holds the sessions before")
    parser.add_argument("--out", metavar="RUN", help="where findings, report and summary go (default: nowhere)")
    parser.add_argument("--date", type=day, metavar="DATE", help="the day, where the file has none or several")
    parser.add_argument("--append", action="store_true", help="add the day to the panel, unless it fails (--fail-on)")
    add_rule_arguments(parser, "notebook")
    add_source_arguments(parser)


def run(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Check the day, show the report, write the run, and append the day where that is asked for."""
    began = time.perf_counter()
    ruleset = rules_in_force(options.ruleset, options.rules or settings.rules, settings.thresholds)
    calendar = options.calendar or settings.calendar
    check_calendar(calendar)
    suppressions = open_suppressions(options.suppressions or settings.suppressions, settings.s3)
    panel = open_store(options.history, settings.s3)
    source = source_of(options, settings)
    incoming = read_day(read_file(options.file, settings.s3), options.file, options.date, source)
    result = check(incoming, panel, ruleset, calendar, suppressions)
    seconds = time.perf_counter() - began
    if options.out:
        summary = write_run(result, open_store(options.out, settings.s3), ruleset, panel, seconds)
    else:
        summary = summarise(result, ruleset, panel, seconds)
    console.result(summary)
    for key, issue in result.issues:
        console.say(f"{key}: {issue}")
    for key, issue in result.outside:
        console.note(f"outside the report: {key}: {issue}")
    for key, issue in result.suppressed:
        console.note(f"suppressed: {key}: {issue}")
    show_suppressions(console, summary)
    console.note(f"{result.day}: {len(result.issues)} issues in {result.entries:,} prices, {seconds:.2f} s")
    code = exit_code(summary, options.fail_on)
    if options.append and code:
        console.warn(f"{result.day} is not appended: its findings reach --fail-on {options.fail_on}")
    elif options.append:
        append(incoming, panel)
        console.note(f"{result.day} is appended to {panel.address}")
    return code
