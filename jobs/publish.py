"""`pricewatch publish`: a finished run to its place."""

import argparse
import datetime as dt
from pathlib import PurePosixPath

from jobs.running import DONE, Console
from quality.batch import templates
from quality.delivery.latest import KEY, publish_beside
from quality.delivery.publish import publish
from quality.findings import summary as summaries
from quality.findings.identity import run_id_of
from quality.settings import Settings
from quality.storage import open_store

SUMMARY = """Copy a finished run to a place, its summary last, and read back what arrived.

ADDRESS may hold {date} (the run's last session), {panel}, {job} and {run} (the run's id). With {run}, runs lie
side by side, nothing is deleted, and latest.json, written last and whole, leads to the latest."""
EXAMPLE = """  pricewatch publish demo/runs/check published/{date}
  pricewatch publish demo/runs/scan 'published/{run}'    # or s3://market-data/quality/{run}"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("run", metavar="RUN", help="the run: a folder or s3://bucket/prefix")
    parser.add_argument("address", metavar="ADDRESS", help="where it goes: a folder or s3://bucket/prefix")


def run(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Publish the run, and say what arrived."""
    store = open_store(options.run, settings.s3)
    summary = summaries.read(store)
    names = {
        "panel": PurePosixPath(str(summary.get("panel", ""))).name or "panel",
        "job": str(summary.get("job")),
        "run": run_id_of(summary),
    }
    day = dt.date.fromisoformat(str(summary.get("last_session") or dt.date.max))
    destination = open_store(templates.fill(options.address, day, **names), settings.s3)
    pointer = None
    if templates.has(options.address, "run"):
        root = open_store(templates.fill(templates.before(options.address, "run"), day, **names), settings.s3)
        entries = publish_beside(store, destination, root)
        pointer = root.url(KEY)
    else:
        entries = publish(store, destination, lambda done, of: console.progress("publish", done, of))
    size = sum(entry.size for entry in entries)
    console.result(
        {"run": store.address, "address": destination.address, "latest": pointer, "files": [e.key for e in entries]}
    )
    console.say(f"{destination.address}: {len(entries)} files, {size:,} bytes")
    if pointer:
        console.say(f"{pointer} leads to the latest")
    return DONE
