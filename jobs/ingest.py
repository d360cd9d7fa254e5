"""`pricewatch ingest`: files of any shape into a panel."""

import argparse
from collections.abc import Mapping
from typing import Any

from jobs.running import BAD_INPUT, DONE, Console
from jobs.sources import add_source_arguments, source_of
from quality.ingest.format.source import Source
from quality.ingest.job import CONFLICTS_KEY, REFUSED_KEY, IngestOptions, ingest
from quality.ingest.preview import preview
from quality.ingest.rows.merge import POLICIES
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
    parser.add_argument("--dry-run", action="store_true", help="show how the files are understood; write nothing")
    add_source_arguments(parser)


def run(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Show how the files are understood, or ingest them and say what became of every row."""
    source = source_of(options, settings)
    if options.dry_run:
        return _dry_run(options, source, settings, console)
    panel, out = open_store(options.panel, settings.s3), open_store(options.out, settings.s3)
    chosen = IngestOptions(source, options.on_conflict or POLICIES[0], settings.s3)
    summary = ingest(options.files, panel, out, chosen, console.progress)
    console.result(summary)
    _show(console, summary, options.out)
    is_whole = summary["outcome"] == "complete" and not summary["unreadable"]
    return DONE if is_whole else BAD_INPUT


def _dry_run(options: argparse.Namespace, source: Source, settings: Settings, console: Console) -> int:
    seen, found = preview(options.files, source, settings.s3)
    console.result(
        {
            "files": [
                {"file": one.file, "mapping": one.mapping, "rows": one.rows, "problem": one.problem} for one in seen
            ],
            "skipped_files": list(found.skipped),
        }
    )
    shown: list[Mapping[str, Any]] = []
    for one in seen:
        if one.mapping is None:
            console.say(f"cannot be read: {one.problem}")
        elif _alike(one.mapping) in shown:
            console.say(f"{one.file}: likewise")
        else:
            shown.append(_alike(one.mapping))
            console.say(f"{one.file}")
            for name, value in one.mapping.items():
                console.say(f"  {name.replace('_', ' '):<20} {value if value != '' else 'none'}")
            for date, ticker, price in one.rows:
                console.say(f"  | {date}  {ticker:<12} {'' if price is None else repr(price)}")
    for name in found.skipped:
        console.say(f"{name}: left aside, it is no table by its name")
    problems = sum(one.mapping is None for one in seen)
    console.note(f"{len(seen)} files looked at, {problems} cannot be read; nothing is written")
    return BAD_INPUT if problems else DONE


def _alike(mapping: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in mapping.items() if name not in ("ticker", "tickers")}


def _show(console: Console, summary: Mapping[str, Any], out: str) -> None:
    console.say(
        f"{summary['panel']}: {summary['rows_read']:,} rows read from {summary['files_read']:,} files = "
        f"{summary['rows_written']:,} written + {summary['duplicates_agreeing']:,} duplicates that agree + "
        f"{summary['rows_refused']:,} refused, {summary['seconds']:.1f} s"
    )
    years = summary["years_written"]
    if years:
        console.say(f"  years written: {len(years)}, {years[0]} to {years[-1]}")
    if summary["not_listed"]:
        console.say(f"  {summary['not_listed']:,} blanks before a ticker's first price are no rows")
    if summary["conflicts"]:
        console.say(
            f"  {summary['conflicts']:,} prices conflict, the {summary['on_conflict']} to arrive counts: "
            f"{out}/{CONFLICTS_KEY}"
        )
    if summary["unreadable"]:
        console.say(f"  {summary['unreadable']:,} rows cannot be read: {out}/{REFUSED_KEY} says why")
    for failed in summary["failed_files"][:_SHOWN]:
        console.warn(f"nothing taken: {failed['reason']}")
    for damaged in summary["damaged"]:
        console.warn(f"not written: year={damaged['year']}: {damaged['reason']}")
    for name in summary["skipped_files"][:_SHOWN]:
        console.warn(f"left aside, it is no table by its name: {name}")
