"""`pricewatch inject`: a faulty copy of a panel, and the truth."""

import argparse
import time

from jobs.running import DONE, Console, whole_number
from quality.settings import Settings
from quality.storage import open_store
from quality.synthetic.panels import write_faulty

SUMMARY = "Write a faulty copy of a panel, and the truth: every fault in the order in which it was injected."
EXAMPLE = "  pricewatch inject demo/clean data/faulty --truth data/truth.parquet --rate 0.05 --seed 42"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("panel", metavar="PANEL", help="the clean panel")
    parser.add_argument("out", metavar="OUT", help="where the faulty copy goes")
    parser.add_argument("--truth", required=True, metavar="FILE", help="where the truth goes: one Parquet file")
    parser.add_argument("--rate", type=float, default=0.05, help="faults per cell, 0 to 1 (default 0.05)")
    parser.add_argument("--seed", type=whole_number(0, 2**32 - 1), default=42, help="seed of the faults (default 42)")
    parser.add_argument("--overwrite", action="store_true", help="replace a panel or truth that is already there")


def run(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Inject the faults and say how many of which kind."""
    began = time.perf_counter()
    done = write_faulty(
        open_store(options.panel, settings.s3),
        open_store(options.out, settings.s3),
        options.truth,
        rate=options.rate,
        seed=options.seed,
        overwrite=options.overwrite,
        s3=settings.s3,
        progress=lambda written, of: console.progress("inject", written, of),
    )
    seconds = time.perf_counter() - began
    logged = sum(done.logged.values())
    console.result(
        {
            "panel": options.out,
            "truth": options.truth,
            "sessions": done.sessions,
            "tickers": done.tickers,
            "logged": logged,
            "by_type": done.logged,
            "seconds": round(seconds, 3),
        }
    )
    console.say(
        f"{options.out}: {logged:,} faults in {done.sessions:,} sessions × {done.tickers:,} tickers, {seconds:.1f} s"
    )
    for kind, count in sorted(done.logged.items(), key=lambda item: -item[1]):
        console.say(f"  {kind:<16} {count:>10,}")
    console.say(f"the truth is in {options.truth}")
    return DONE
