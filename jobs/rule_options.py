"""The options that choose rules, for every verb that evaluates them."""

import argparse

from jobs.arguments import path
from jobs.reporting import FAIL_ON
from quality.errors import UsageError
from quality.rules.loading import ruleset_names
from quality.rules.model import DEFAULT_SENSITIVITY, SENSITIVITIES
from quality.settings import Settings


def add_rule_arguments(parser: argparse.ArgumentParser, default: str) -> None:
    """Declare what chooses the rules, and what their findings do to the exit code."""
    parser.add_argument(
        "--ruleset",
        default=default,
        metavar="NAME",
        help=f"{' or '.join(ruleset_names())} (default {default})",
    )
    parser.add_argument(
        "--rules",
        action="append",
        default=[],
        type=path,
        metavar="DIR",
        help="a folder with rules of your own",
    )
    parser.add_argument(
        "--suppressions", "--exceptions", metavar="FILE", help="findings that are known and do not count, CSV or TOML"
    )
    parser.add_argument(
        "--calendar",
        metavar="NAME",
        help="which days are sessions: panel (default), weekdays, or an exchange's code such as XNYS",
    )
    parser.add_argument(
        "--calendar-of",
        action="append",
        default=[],
        metavar="PATTERN=NAME",
        help="another calendar for tickers that a pattern fits: '*.L=XLON'; can be repeated",
    )
    parser.add_argument(
        "--corporate-actions", metavar="FILE", help="splits that are known: CSV or Parquet with date, ticker, ratio"
    )
    add_sensitivity(parser)
    parser.add_argument("--fail-on", choices=FAIL_ON, help="exit 1 if a finding is at least this severe")


def calendars_of(options: argparse.Namespace, settings: Settings) -> dict[str, str]:
    """Give the calendars of groups of tickers: those that flags name, over those of the settings.

    Raises:
        UsageError: A flag is no pattern and calendar.

    """
    given = dict(settings.calendars)
    for text in options.calendar_of:
        pattern, is_pair, name = text.rpartition("=")
        if not is_pair or not pattern or not name:
            raise UsageError(f"--calendar-of {text}: say PATTERN=NAME, as in '*.L=XLON'")
        given[pattern] = name
    return given


def add_sensitivity(parser: argparse.ArgumentParser) -> None:
    """Declare how easily rules speak."""
    parser.add_argument(
        "--sensitivity",
        choices=SENSITIVITIES,
        help=f"how easily rules speak, by the presets in their files (default {DEFAULT_SENSITIVITY})",
    )
