"""`pricewatch ingest`: files of any shape into a panel."""

import argparse
from collections.abc import Mapping
from typing import Any

from jobs.running import BAD_INPUT, DONE, Console
from quality.errors import UsageError
from quality.ingest.job import CONFLICTS_KEY, REFUSED_KEY, IngestOptions, ingest
from quality.ingest.merge import POLICIES
from quality.ingest.preview import preview
from quality.ingest.source import BLANKS, CASES, LAYOUTS, Source
from quality.settings import Settings
from quality.storage import open_store

SUMMARY = "Read prices from CSV, Parquet or Arrow files, also in gz, zst, bz2, zip or tar, into a panel."
EXAMPLE = (
    "  pricewatch ingest 'incoming/*.csv.gz' data/panel --dry-run\n"
    "  pricewatch ingest 'incoming/*.csv.gz' data/panel --out runs/ingest\n"
    "  pricewatch ingest lean/daily data/panel --ticker-from '{ticker}.csv' --ticker-case upper"
)
_SHOWN = 20


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
    parser.add_argument("--source", metavar="NAME", help="take what follows from [sources.NAME] in pricewatch.toml")
    _add_source_arguments(parser)


def _add_source_arguments(parser: argparse.ArgumentParser) -> None:
    said = parser.add_argument_group("what is detected unless it is said")
    said.add_argument("--layout", choices=LAYOUTS, help="long: a row a price; wide: a column a ticker")
    for role in ("date", "ticker", "price"):
        said.add_argument(f"--{role}-column", metavar="NAME", help=f"the {role}s' column: its name, or #N")
    said.add_argument("--ticker-from", metavar="PATTERN", help="the ticker in the file's name: '{ticker}_*.csv'")
    said.add_argument("--ticker-case", choices=CASES, help="upper or lower case for all tickers")
    said.add_argument("--date-format", metavar="FORMAT", help="as in %%d/%%m/%%Y, or epoch")
    said.add_argument("--timezone", metavar="ZONE", help="the exchange's, which tells the session of a timestamp")
    said.add_argument("--clock", metavar="ZONE", help="the time zone of timestamps that state none")
    said.add_argument("--decimal", metavar="MARK", help="point or comma")
    said.add_argument("--thousands", metavar="MARK", help="comma, point, space, apostrophe or none")
    said.add_argument("--scale", metavar="N", help="what prices were multiplied by: 10000")
    said.add_argument("--encoding", metavar="NAME", help="utf-8, utf-16, latin-1, …")
    said.add_argument("--delimiter", metavar="MARK", help="comma, semicolon, tab, pipe, or any one character")
    said.add_argument("--header", action=argparse.BooleanOptionalAction, help="the first line names the columns")
    said.add_argument("--skip-lines", type=int, metavar="N", help="lines before the header")
    said.add_argument("--blanks", choices=BLANKS, help="what a blank in a wide file is: a row without price, or none")
    said.add_argument("--ignore", action="append", metavar="COLUMN", help="a column to leave aside: name, or #N")


def run(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Show how the files are understood, or ingest them and say what became of every row."""
    source = _source(options, settings)
    if options.dry_run:
        return _dry_run(options, source, settings, console)
    panel, out = open_store(options.panel, settings.s3), open_store(options.out, settings.s3)
    chosen = IngestOptions(source, options.on_conflict or POLICIES[0], settings.s3)
    summary = ingest(options.files, panel, out, chosen, console.progress)
    console.result(summary)
    _show(console, summary, options.out)
    is_whole = summary["outcome"] == "complete" and not summary["unreadable"]
    return DONE if is_whole else BAD_INPUT


def _source(options: argparse.Namespace, settings: Settings) -> Source:
    source = Source()
    if options.source:
        if options.source not in settings.sources:
            known = ", ".join(settings.sources) or "none"
            raise UsageError(
                f"no source {options.source!r} in the settings ([sources.{options.source}]); there is {known}"
            )
        source = settings.sources[options.source]
    names = Source.__dataclass_fields__
    said = {name: getattr(options, name) for name in names if getattr(options, name, None) is not None}
    return source.replaced(said, "--")


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
        console.note(f"nothing taken: {failed['reason']}")
    for damaged in summary["damaged"]:
        console.note(f"not written: year={damaged['year']}: {damaged['reason']}")
    for name in summary["skipped_files"][:_SHOWN]:
        console.note(f"left aside, it is no table by its name: {name}")
