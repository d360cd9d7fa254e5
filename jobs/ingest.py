"""`pricewatch ingest`: files of any shape into a panel."""

import argparse
from collections.abc import Mapping
from typing import Any

from jobs.running import BAD_INPUT, DONE, Console
from jobs.sources import add_source_arguments, source_of
from quality.ingest.job import CONFLICTS_KEY, REFUSED_KEY, UNREAD_KEY, ingest
from quality.ingest.options import ARRIVAL, POLICIES, PREFERENCES, IngestOptions
from quality.settings import Settings
from quality.storage import open_store

SUMMARY = "Read prices from CSV, Parquet or Arrow files, also in gz, zst, bz2, zip or tar, into a panel."
EXAMPLE = (
    "  pricewatch ingest 'demo/incoming/*.csv' data/panel --ignore '#101' --dry-run\n"
    "  pricewatch ingest 'demo/incoming/*.csv' data/panel --ignore '#101' --out runs/ingest\n"
    "  # one file a ticker:\n"
    "  # pricewatch ingest lean/daily data/panel --ticker-from '{ticker}.csv' --ticker-case upper"
)
_SHOWN = 20
AFTER_INTERRUPT = "no year of the panel is half written; say it again: {command}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="files, folders, 'globs' and s3:// addresses, as they arrived",
    )
    parser.add_argument("panel", metavar="PANEL", help="the panel: made where it is missing, else added to")
    parser.add_argument(
        "--out", default="runs/ingest", metavar="RUN", help="where counts and refused rows go (runs/ingest)"
    )
    parser.add_argument(
        "--on-conflict",
        choices=POLICIES,
        help="which of several prices of one date and ticker counts (default last: the last to arrive)",
    )
    parser.add_argument(
        "--prefer",
        choices=PREFERENCES,
        default=ARRIVAL,
        help="what decides it instead of the order of arrival: the date and name of each file",
    )
    parser.add_argument(
        "--tolerance",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="up to which share two prices are the same (1e-6)",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="show how the files are understood, and all counts; write nothing"
    )
    add_source_arguments(parser)


def run(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Ingest files, or show what would become of them, and say what became of every row."""
    panel, out = open_store(options.panel, settings.s3), open_store(options.out, settings.s3)
    chosen = IngestOptions(
        source_of(options, settings),
        options.on_conflict or POLICIES[0],
        settings.s3,
        options.prefer,
        options.tolerance,
        options.dry_run,
    )
    summary = ingest(options.files, panel, out, chosen, console.progress)
    console.result(summary)
    if options.dry_run:
        _show_files(console, summary)
    _show(console, summary, options.out)
    if options.dry_run:
        console.note("nothing is written: this was a dry run")
    is_whole = summary["outcome"] == "complete" and not summary["rows_refused"] and not summary["unread"]
    return DONE if is_whole else BAD_INPUT


def _show_files(console: Console, summary: Mapping[str, Any]) -> None:
    """Show how each file is understood, those understood alike once."""
    shown: list[dict[str, Any]] = []
    for one in summary["files"]:
        if not one["mapping"] or "failed" in one:
            continue
        mapping = one["mapping"] | {"lines_before_header": one["lines_before_header"]}
        alike = {name: value for name, value in mapping.items() if name not in ("ticker", "tickers")}
        if alike in shown:
            continue
        shown.append(alike)
        console.say(f"{one['file']}")
        for name, value in mapping.items():
            console.say(f"  {name.replace('_', ' '):<20} {value if value != '' else 'none'}")
        for date, ticker, price in one.get("first_rows", ()):
            console.say(f"  | {date}  {ticker:<12} {'' if price is None else repr(price)}")
    likewise = sum(bool(one["mapping"]) and "failed" not in one for one in summary["files"]) - len(shown)
    if likewise:
        console.say(f"{likewise:,} more files, each like one of these")


def _show(console: Console, summary: Mapping[str, Any], out: str) -> None:
    is_dry = summary["dry_run"]
    console.say(
        f"{summary['panel']}: {summary['rows_read']:,} rows read from {summary['files_read']:,} files = "
        f"{summary['rows_written']:,} {'to write' if is_dry else 'written'} + "
        f"{summary['duplicates_agreeing']:,} duplicates that agree + "
        f"{summary['rows_refused']:,} refused, {summary['seconds']:.1f} s"
    )
    years = summary["years_written"]
    if years:
        console.say(f"  years {'to write' if is_dry else 'written'}: {len(years)}, {years[0]} to {years[-1]}")
    if summary["not_listed"]:
        console.say(f"  {summary['not_listed']:,} blanks before a ticker's first price are no rows")
    if summary["conflicts"]:
        where = "" if is_dry else f": {out}/{CONFLICTS_KEY}"
        console.say(f"  {summary['conflicts']:,} prices conflict, {_which_counts(summary)}{where}")
    if summary["unreadable"]:
        where = "" if is_dry else f": {out}/{REFUSED_KEY} says why"
        console.say(f"  {summary['unreadable']:,} rows cannot be read{where}")
    if summary["unread"]:
        where = "" if is_dry else f": {out}/{UNREAD_KEY} says why"
        console.say(f"  {summary['unread']:,} volumes or adjusted closes cannot be read, their rows have none{where}")
    for name, count in summary["filled"].items():
        if count:
            console.say(f"  {count:,} rows that the panel held have another {name.replace('_', ' ')} now")
    for number, what in (
        (len(summary["empty_files"]), "files are empty, as they may be"),
        (summary["members_left_aside"], "files and members are left aside, as said"),
    ):
        if number:
            console.say(f"  {number:,} {what}")
    _show_trouble(console, summary)


def _which_counts(summary: Mapping[str, Any]) -> str:
    if summary["prefer"] != ARRIVAL:
        return f"the {summary['prefer'].replace('-', ' ')} counts"
    return "none is taken" if summary["on_conflict"] == "error" else f"the {summary['on_conflict']} to arrive counts"


def _show_trouble(console: Console, summary: Mapping[str, Any]) -> None:
    failed = summary["failed_files"]
    for one in failed[:_SHOWN]:
        console.warn(f"nothing taken: {one['reason']}")
    if len(failed) > _SHOWN:
        console.warn(f"nothing taken of {len(failed) - _SHOWN:,} more files: summary.json says why")
    for damaged in summary["damaged"]:
        console.warn(f"not written: year={damaged['year']}: {damaged['reason']}")
    skipped = summary["skipped_files"]
    for name in skipped[:_SHOWN]:
        console.warn(f"left aside, it is no table by its name: {name}")
    if len(skipped) > _SHOWN:
        console.warn(f"left aside likewise: {len(skipped) - _SHOWN:,} more files")
