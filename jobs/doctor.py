"""`pricewatch doctor`: whether a configuration would run."""

import argparse
import datetime as dt
from dataclasses import asdict

import polars as pl

from jobs.arguments import path
from jobs.running import BAD_INPUT, DONE, WRONG_USAGE, Console, day, setting_flags
from quality.readiness import FAILED, OK, WRONG, examine
from quality.settings import Settings, load_settings

SUMMARY = """Say whether a configuration would run: settings, rules, addresses readable and writable, mail login.

CONFIG is a settings file, with a section [batch] or without; without CONFIG, the settings in force are
looked at. Nothing is sent and nothing is changed. Exit codes: 0 it would run, 2 the configuration is wrong,
3 an address cannot be used, or the mail server."""
EXAMPLE = """  pricewatch doctor
  pricewatch init tonight --panel demo/faulty
  pricewatch doctor tonight/nightly.toml"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("examined", nargs="?", metavar="CONFIG", type=path, help="the configuration, a TOML file")
    parser.add_argument("--date", type=day, metavar="DATE", help="what {date} stands for (default: today)")


def run(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Look at one thing after the other, and say what does not do."""
    if options.examined is not None:
        settings = load_settings(setting_flags(options), options.examined)
    today = options.date or dt.datetime.now().astimezone().date()
    found = list(examine(settings, options.examined, today))
    states = {one.state for one in found}
    code = WRONG_USAGE if WRONG in states else BAD_INPUT if FAILED in states else DONE
    console.result({"would_run": code == DONE, "examined": [asdict(one) for one in found]})
    rows = pl.DataFrame([asdict(one) for one in found])
    console.table(rows, styles=["" if one.state == OK else "error" for one in found])
    bad = ", ".join(one.what for one in found if one.state != OK)
    console.say(f"it would not run: see {bad}" if bad else "it would run", "bold")
    return code
