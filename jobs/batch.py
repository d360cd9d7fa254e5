"""`pricewatch batch`: the scheduled run."""

import argparse
import datetime as dt
import sys
from pathlib import Path

from jobs.reporting import exit_code, show_scan, show_suppressions
from jobs.running import BAD_INPUT, NOT_DELIVERED, Console, day, setting_flags
from quality.batch import read_batch, run_batch
from quality.settings import Settings, load_settings
from quality.text import visible

SUMMARY = """Run what CONFIG describes, unattended: scan or check, publish, mail.

CONFIG is a settings file (as pricewatch.toml) with a section [batch]: job, panel, run, and as needed
file, ruleset, rules, suppressions, calendar, formats, start, end, append, append_anyway, fail_on, publish, mail.
{date} in addresses stands for the day of the batch."""
EXAMPLE = """  pricewatch init . --panel demo/faulty    # writes nightly.toml
  pricewatch batch nightly.toml

  # nightly.toml
  [batch]
  job = "scan"
  panel = "s3://market-data/panel"
  run = "runs/{date}"
  publish = "s3://market-data/quality/{date}"
  mail = true
  fail_on = "error"

  [mail]
  user = "alerts@example.com"
  recipients = ["desk@example.com"]"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("batch", metavar="CONFIG", type=Path, help="the configuration, a TOML file")
    parser.add_argument("--date", type=day, metavar="DATE", help="what {date} stands for (default: today)")


def run(options: argparse.Namespace, _settings: Settings, console: Console) -> int:
    """Run the batch, and tell what was not delivered."""
    settings = load_settings(setting_flags(options), options.batch)
    batch = read_batch(options.batch, options.date or dt.datetime.now().astimezone().date())
    done = run_batch(batch, settings, console.progress)
    if batch.job == "scan":
        show_scan(console, done.summary, done.run)
    else:
        console.result(done.summary)
        console.say(f"{done.run}: {len(done.summary['report'])} issues on {done.summary['last_session']}")
        show_suppressions(console, done.summary)
    for what in done.undelivered:
        print(
            f"pricewatch batch: not delivered: {visible(what)}; the results are in {visible(done.run)}",
            file=sys.stderr,
        )
    if done.not_appended:
        print(f"pricewatch batch: {visible(done.not_appended)}", file=sys.stderr)
    if done.undelivered:
        return NOT_DELIVERED
    return BAD_INPUT if done.not_appended else exit_code(done.summary, batch.fail_on)
