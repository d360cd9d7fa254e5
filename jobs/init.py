"""`pricewatch init`: settings and a scheduled run to begin with."""

import argparse
import json
from pathlib import Path

from jobs.running import DONE, Console
from quality.errors import DestinationBusyError, UsageError
from quality.settings import Settings
from quality.storage import open_store

SUMMARY = """Write a commented pricewatch.toml (settings) and nightly.toml (a scheduled run) to begin with.

Both work as they are: the settings are the defaults, and the run scans the panel that `pricewatch demo`
makes, or the one that --panel names. Files that are there already are left alone."""
EXAMPLE = """  pricewatch init mine --panel demo/faulty
  pricewatch batch mine/nightly.toml"""

_TEMPLATES = Path(__file__).parent / "templates"
_NAMES = ("pricewatch.toml", "nightly.toml")
_PANEL = "demo/faulty"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("folder", nargs="?", default=".", metavar="DIR", help="where the files go (default: here)")
    parser.add_argument("--panel", default=_PANEL, metavar="PANEL", help=f"the panel to scan (default {_PANEL})")


def run(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Write both files, or none where one of them is there."""
    folder = open_store(options.folder, settings.s3)
    there = [name for name in _NAMES if folder.exists(name)]
    if there:
        raise UsageError(f"{folder.url(there[0])} is there already: choose another folder, or take it away first")
    for name in _NAMES:
        text = (_TEMPLATES / name).read_text(encoding="utf-8")
        # What JSON takes for a text, TOML does too.
        text = text.replace(f'panel = "{_PANEL}"', f"panel = {json.dumps(options.panel)}")
        try:
            folder.write(name, text.encode(), if_absent=True)
        except DestinationBusyError as error:  # somebody was faster
            raise UsageError(str(error)) from error
    console.result({"folder": folder.address, "files": list(_NAMES)})
    for name in _NAMES:
        console.say(f"written: {folder.url(name)}")
    console.say(f"next: pricewatch doctor {folder.url('nightly.toml')}")
    return DONE
