"""`pricewatch scan`: every rule over every cell of a panel."""

import argparse
from pathlib import Path

from jobs.reporting import FAIL_ON, exit_code, show_scan
from jobs.rules import add_sensitivity
from jobs.running import Console, day
from quality.rules.loading import ruleset_names
from quality.rules.model import DEFAULT_RULESET
from quality.scan.run import FORMATS, ScanOptions, scan
from quality.settings import Settings
from quality.storage import open_store

SUMMARY = "Judge the whole history of a panel by every rule; findings go to RUN as Parquet by year and as CSV."
EXAMPLE = "  pricewatch scan data/faulty runs/full --start 2021-01-01 --format parquet,csv"

AFTER_INTERRUPT = "finished years are kept; go on with: {command} --resume"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("panel", metavar="PANEL", help="the panel: a folder or s3://bucket/prefix")
    parser.add_argument("run", metavar="RUN", help="where the run goes; an earlier run there is replaced")
    add_rule_arguments(parser, DEFAULT_RULESET)
    parser.add_argument("--start", type=day, metavar="DATE", help="first session wanted (default: the panel's first)")
    parser.add_argument("--end", type=day, metavar="DATE", help="last session wanted (default: the panel's last)")
    parser.add_argument("--format", default=",".join(FORMATS), metavar="LIST", help="parquet, or parquet,csv (default)")
    parser.add_argument("--engine", choices=["local"], default="local", help="where chunks run (local: threads)")
    parser.add_argument(
        "--resume", action="store_true", help="keep the years in RUN that are finished and whose input is the same"
    )


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
        type=Path,
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
    add_sensitivity(parser)
    parser.add_argument("--fail-on", choices=FAIL_ON, help="exit 1 if a finding is at least this severe")


def run(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Scan, and show the summary."""
    ruleset = settings.load_rules(options.ruleset, options.rules, options.sensitivity)
    chosen = ScanOptions(
        start=options.start,
        end=options.end,
        formats=tuple(options.format.split(",")),
        threads=settings.threads,
        memory_limit=settings.memory_limit,
        rows_a_chunk=settings.rows_a_chunk,
        resume=options.resume,
        calendar=options.calendar or settings.calendar,
        suppressions=settings.open_suppressions(options.suppressions),
    )
    panel, destination = open_store(options.panel, settings.s3), open_store(options.run, settings.s3)
    summary = scan(panel, destination, ruleset, chosen, console.progress)
    show_scan(console, summary, destination.address)
    return exit_code(summary, options.fail_on)
