"""`pricewatch batch`: the scheduled run."""

import argparse
import datetime as dt
from typing import Any

from jobs.arguments import path
from jobs.reporting import show_scan, show_suppressions
from jobs.running import DONE, Console, day, setting_flags
from quality.batch.config import MAIL_ON, read_batch
from quality.batch.days import days_between
from quality.batch.outcome import BatchResult, Outcome
from quality.batch.plan import plan_batch
from quality.batch.run import run_batch, with_flags
from quality.batch.work import Done
from quality.delivery.story import unprocessed_of
from quality.delivery.story_text import compared
from quality.errors import UsageError
from quality.settings import Settings, load_settings
from quality.text import counted

SUMMARY = """Run what CONFIG describes, unattended: ingest, check or scan; then publish, mail and tell.

CONFIG is a settings file (as pricewatch.toml) with a section [batch], and [batch.panels.NAME] for each of
several panels. Keys: job, panel, run, file, ingest, source, ruleset, rules, suppressions, corporate_actions,
calendar, formats, start, end, append, append_anyway, sensitivity, fail_on, publish, mail, mail_on, webhook,
lineage, wait_until, keep_days, keep_published_days, report, link; and for the whole batch timezone, day,
heartbeat, metrics, parallel. Addresses may hold {date}, {date:%Y%m%d}, {panel}, {job}; publish also {run}. A
rerun of a date comes to the same, and delivers only what was not delivered."""
EXAMPLE = """  pricewatch init . --panel demo/faulty    # writes nightly.toml
  pricewatch batch nightly.toml
  pricewatch batch nightly.toml --dry-run
  pricewatch batch nightly.toml --from 2022-09-25 --to 2022-09-26

  # nightly.toml
  [batch]
  job = "check"
  file = "s3://market-data/incoming/{date}.csv"
  panel = "s3://market-data/panel"
  run = "s3://market-data/runs/{date}"
  append = true
  publish = "s3://market-data/quality/{run}"
  mail = true
  fail_on = "error"
  calendar = "XNYS"
  timezone = "America/New_York"

  [mail]
  user = "alerts@example.com"
  recipients = ["desk@example.com"]"""

AFTER_INTERRUPT = "what is done is kept; go on with: {command}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("batch", metavar="CONFIG", type=path, help="the configuration, a TOML file")
    parser.add_argument("--date", type=day, metavar="DATE", help="the day (default: today, in the batch's time zone)")
    parser.add_argument("--from", dest="first", type=day, metavar="DATE", help="back-fill: the first day of a range")
    parser.add_argument("--to", dest="last", type=day, metavar="DATE", help="back-fill: the last day (default: today)")
    parser.add_argument("--dry-run", action="store_true", help="print the plan, and do nothing")
    parser.add_argument("--mail-on", choices=MAIL_ON, help="when to mail: always (default), new incidents, or failure")


def run(options: argparse.Namespace, _settings: Settings, console: Console) -> int:
    """Run the batch, or show its plan."""
    settings = load_settings(setting_flags(options), options.batch)
    config = with_flags(read_batch(options.batch), mail_on=options.mail_on)
    days = _days(options)
    if options.dry_run:
        _show_plan(console, plan_batch(config, settings, days))
        return DONE
    result = run_batch(config, settings, days, console.progress)
    _show(console, result)
    return result.code


def _days(options: argparse.Namespace) -> list[dt.date]:
    if options.first is None and options.last is None:
        return [options.date] if options.date else []
    if options.first is None or options.date:
        raise UsageError("--to goes with --from, and neither with --date")
    return days_between(options.first, options.last or dt.datetime.now().astimezone().date())


def _show_plan(console: Console, plan: list[dict[str, Any]]) -> None:
    console.result({"plan": plan})
    for entry in plan:
        console.say(": ".join(filter(None, [f"{entry['panel']} {entry['day']}", entry["job"]])))
        for step in entry["steps"]:
            console.say(f"  {step}")
        if entry.get("before"):
            console.say(f"  delivered before: {', '.join(entry['before'])}")


def _show(console: Console, result: BatchResult) -> None:
    alone = result.outcomes[0].done if len(result.outcomes) == 1 else []
    if len(alone) == 1:
        console.result(alone[0].summary)
    else:
        outcomes = [_as_dict(outcome) for outcome in result.outcomes]
        console.result({"batch": result.batch_id, "exit_code": result.code, "outcomes": outcomes})
    for outcome in result.outcomes:
        about = f"{outcome.panel} {outcome.day}: " if len(result.outcomes) > 1 else ""
        _show_outcome(console, outcome, about)


def _show_outcome(console: Console, outcome: Outcome, about: str) -> None:
    if outcome.skipped:
        console.say(f"{about}nothing to do: {outcome.skipped}")
    for done in outcome.done:
        _show_done(console, done)
    if outcome.error:
        _fail(console, f"{about}{outcome.error}")
    for what in outcome.undelivered:
        _fail(console, f"{about}not delivered: {what}")
    if outcome.forgotten:
        console.note(f"{about}{len(outcome.forgotten)} runs are older than is kept, and removed")


def _show_done(console: Console, done: Done) -> None:
    summary, where = done.summary, done.run.address
    same = ", as before" if done.is_same else ""
    if done.job == "scan" and not console.as_json:
        show_scan(console, summary, where)
    elif done.job == "check":
        issues = counted(len(summary["report"]), "issue")
        console.say(f"{where}: {issues} on {summary['last_session']}{same}")
        show_suppressions(console, summary)
    elif done.job == "ingest":
        console.say(f"{where}: {summary['rows_written']:,} rows read into {summary['panel']}")
        for line in unprocessed_of(summary):
            console.warn(f"not ingested: {line}")
    if done.changes.since and (line := compared(done.changes)):
        console.say(f"  {line}")
    for what in done.undelivered:
        _fail(console, f"not delivered: {what}; the results are in {where}")
    if done.not_appended:
        _fail(console, done.not_appended)


def _fail(console: Console, text: str) -> None:
    console.warn(f"pricewatch batch: {text}", "error")


def _as_dict(outcome: Outcome) -> dict[str, Any]:
    return {
        "panel": outcome.panel,
        "day": outcome.day,
        "exit_code": outcome.code,
        "skipped": outcome.skipped,
        "error": outcome.error,
        "undelivered": outcome.undelivered,
        "forgotten": outcome.forgotten,
        "jobs": [
            {
                "job": done.job,
                "run": done.run.address,
                "is_same": done.is_same,
                "not_appended": done.not_appended,
                "undelivered": done.undelivered,
                "changes": done.changes.as_dict(),
                "summary": done.summary,
            }
            for done in outcome.done
        ],
    }
