"""`pricewatch unlock`: who holds a place, and freeing it."""

import argparse
from dataclasses import asdict

from jobs.running import DONE, Console
from quality.settings import Settings
from quality.storage import LOCK_KEY, open_store

SUMMARY = """Say who holds a place (a panel, a run, a publication), and free it with --free.

A run that was killed frees its local lock at once, and its lock on S3 when that expires (15 minutes after
its last sign of life). A run that lives loses its place by --free, and says so at its end: first make sure
that the process is gone."""
EXAMPLE = "  pricewatch unlock demo/runs/scan\n  # pricewatch unlock s3://market-data/quality --free"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("address", metavar="ADDRESS", help="the place: a folder or s3://bucket/prefix")
    parser.add_argument("--free", action="store_true", help="remove the lock")


def run(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Show the holder, and free the place where that is asked for."""
    store = open_store(options.address, settings.s3)
    lock = store.holder(LOCK_KEY)
    console.result(
        {
            "address": store.address,
            "held": lock is not None,
            "holder": asdict(lock.holder) if lock and lock.holder else None,
            "idle_seconds": lock.idle_seconds if lock else None,
            "expires_in": lock.expires_in if lock else None,
            "freed": bool(options.free),
        }
    )
    console.say(str(lock) if lock else f"nobody holds {store.address}")
    if options.free:
        store.free(LOCK_KEY)
        console.say(f"{store.address} is free")
    return DONE
