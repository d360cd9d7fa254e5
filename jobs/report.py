"""`pricewatch report`: a run, or a history of runs, as one HTML file to look at."""

import argparse

from jobs.running import DONE, Console
from jobs.sql import add_sources
from quality.errors import UsageError
from quality.investigate.queries import Limits, Sources
from quality.investigate.report.data import collect_report
from quality.investigate.report.page import render_report
from quality.investigate.report.pictures import draw_pictures
from quality.settings import Settings
from quality.storage import open_store, write_file

SUMMARY = """Show a run as one HTML file that needs no network: incidents, findings over time, a map of sessions and
tickers, the tickers to look at, coverage, the score. RUN may be a folder of runs: then, the trend over them, too."""
EXAMPLE = """  pricewatch report demo/runs/scan
  pricewatch report demo/runs/scan --truth demo/truth.parquet --out report.html
  pricewatch report demo/runs --png pictures        # the charts for a mail, too"""
KEY = "report.html"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("of", metavar="RUN", nargs="+", help="a run, or a folder of runs; can be several")
    parser.add_argument("--out", metavar="FILE", help=f"where the page goes (default: RUN/{KEY})")
    parser.add_argument("--png", metavar="DIR", help="write the charts as pictures there")
    add_sources(parser, with_run=False)


def run(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Gather, render and write."""
    if len(options.of) > 1 and not options.out:
        raise UsageError("a report of several runs needs --out FILE")
    sources = Sources(options.panel, tuple(options.of), options.truth, settings.s3)
    limits = Limits(settings.threads, settings.memory_limit, seconds=0)
    console.progress("gather", 0, 2)
    data = collect_report(sources, limits)
    console.progress("render", 1, 2)
    page = render_report(data).encode()
    out = options.out or f"{options.of[0].rstrip('/')}/{KEY}"
    write_file(out, page, settings.s3)
    console.progress("render", 2, 2)
    pictures = draw_pictures(data) if options.png else {}
    if pictures:
        folder = open_store(options.png, settings.s3)
        for name, picture in pictures.items():
            folder.write(name, picture)
    console.result({"out": out, "bytes": len(page), "pictures": sorted(pictures), "notes": list(data.notes)})
    console.say(f"{out}: {len(page) / 1e6:.2f} MB; open it in a browser")
    for name in sorted(pictures):
        console.say(f"{options.png}/{name}")
    for note in data.notes:
        console.warn(note)
    return DONE
