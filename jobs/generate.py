"""`pricewatch generate`: a clean panel."""

import argparse
import datetime as dt
import time

from jobs.running import DONE, Console, day, whole_number
from quality.settings import Settings
from quality.storage import open_store
from quality.synthetic.market import Market
from quality.synthetic.panels import write_market

SUMMARY = "Write a clean panel of daily prices: a random walk a stock, Monday to Friday, exact for every seed."
EXAMPLE = "  pricewatch generate data/clean --days 1000 --stocks 100 --start 2020-01-01 --seed 42"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("panel", metavar="PANEL", help="where the panel goes: a folder or s3://bucket/prefix")
    parser.add_argument(
        "--days", type=whole_number(1), default=1000, help="calendar days; weekends are dropped (default 1000)"
    )
    parser.add_argument(
        "--stocks", type=whole_number(1, 1_000_000), default=100, help="tickers ST0001, ST0002, … (default 100)"
    )
    parser.add_argument("--start", type=day, default=dt.date(2020, 1, 1), help="first day (default 2020-01-01)")
    parser.add_argument(
        "--seed", type=whole_number(0, 2**32 - 1), default=42, help="seed of the random generator (default 42)"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace a panel that is already there")


def run(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Generate the panel and say what was written."""
    began = time.perf_counter()
    market = Market(options.days, options.stocks, options.start, options.seed)
    panel = open_store(options.panel, settings.s3)
    sessions = write_market(
        market,
        panel,
        overwrite=options.overwrite,
        progress=lambda done, of: console.progress("generate", done, of),
    )
    seconds = time.perf_counter() - began
    cells = sessions * market.stocks
    console.result(
        {
            "panel": panel.address,
            "sessions": sessions,
            "tickers": market.stocks,
            "cells": cells,
            "seconds": round(seconds, 3),
        }
    )
    console.say(
        f"{panel.address}: {sessions:,} sessions × {market.stocks:,} tickers = {cells:,} prices, {seconds:.1f} s"
    )
    return DONE
