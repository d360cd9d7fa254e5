"""Measures ingest beside DuckDB, which reads the same files and writes the same rows: ratios in one run.

Every contestant is a process of its own, start-up included. They take turns, and each shows the best of its runs, in
seconds of processor time: what else the machine does counts least there. The bench prints one table and fails on no
number.
"""

import argparse
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).parent
# Sorted and cut by year, as a panel is: the same rows in the same order.
_DUCKDB = """
import sys, duckdb
files, out, form, threads = sys.argv[1:]
rows = f"select * from read_csv('{files}')"
if form == "wide":
    rows = f"select date, ticker, price from ({rows}) unpivot (price for ticker in (* exclude date))"
duckdb.connect(config={"threads": int(threads)}).execute(
    f"copy (select *, year(date) as year from ({rows}) order by ticker, date) to '{out}' "
    "(format parquet, compression zstd, partition_by (year))"
)
"""


@dataclass
class Measured:
    """One run of one contestant."""

    cpu: float
    wall: float
    mebibytes: float


def main() -> None:
    """Make the files, let the contestants take turns, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=2_600, help="calendar days of the panel")
    parser.add_argument("--stocks", type=int, default=1_500, help="its stocks")
    parser.add_argument("--files", type=int, default=600, help="small files, a day each, packed with gzip")
    parser.add_argument("--runs", type=int, default=3, help="runs of each contestant")
    parser.add_argument("--threads", type=int, default=2, help="threads for each contestant")
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.make:
        _make(options.make, options.days, options.stocks, options.files)
        return
    with tempfile.TemporaryDirectory(prefix="pricewatch-bench-") as name:
        folder = Path(name)
        # Apart: a process hands its own peak of memory on to those that it starts.
        made = [f"--{name}={getattr(options, name)}" for name in ("days", "stocks", "files")]
        subprocess.run([sys.executable, __file__, "--make", name, *made], env=_environment(2), check=True)
        rows = json.loads((folder / "rows.json").read_text())
        print(f"processor seconds of whole processes, {options.threads} threads, best of {options.runs}")
        print(
            f"{'':16}{'rows':>12}{'DuckDB':>9}{'ingest':>9}{'ratio':>7}{'MiB':>6}{'rows/s':>12}{'again':>9}{'MiB':>6}"
        )
        for case, count in rows.items():
            print(_row(folder, case, count, options.runs, options.threads), flush=True)


def _make(folder: Path, days: int, stocks: int, files: int) -> None:
    """Write one panel as a long file, as a wide one, and its first days as a small file each."""
    import polars as pl

    clean = folder / "clean"
    _run([sys.executable, "-m", "jobs.cli", "generate", str(clean), "--days", str(days), "--stocks", str(stocks)], 2)
    panel = pl.read_parquet(str(clean / "year=*/*.parquet"), hive_partitioning=False).sort("date", "ticker")
    panel.write_csv(folder / "long.csv")
    panel.pivot(on="ticker", index="date", values="price").write_csv(folder / "wide.csv")
    (folder / "small").mkdir()
    small = 0
    for (date,), rows in panel.partition_by("date", as_dict=True).items():
        if small >= files * stocks:
            break
        small += rows.height
        (folder / "small" / f"{date}.csv.gz").write_bytes(gzip.compress(rows.write_csv().encode(), 6))
    rows = {"long.csv": panel.height, "wide.csv": panel.height, "small/*.csv.gz": small}
    (folder / "rows.json").write_text(json.dumps(rows))


def _row(folder: Path, case: str, rows: int, runs: int, threads: int) -> str:
    files, panel, out = str(folder / case), folder / "panel", folder / "out"
    form = "wide" if case.startswith("wide") else "long"
    ingest = [sys.executable, "-m", "jobs.cli", "ingest", files, str(panel), "--out", str(folder / "run"), "--quiet"]
    duck = [sys.executable, "-c", _DUCKDB, files, str(out), form, str(threads)]
    best: dict[str, Measured] = {}
    for _ in range(runs):
        for place in (panel, out):
            shutil.rmtree(place, ignore_errors=True)
        turns: dict[str, Callable[[], Measured]] = {
            "duckdb": lambda: _run(duck, threads),
            "fresh": lambda: _run(ingest, threads),
            "again": lambda: _run(ingest, threads),
        }
        for name, turn in turns.items():
            measured = turn()
            best[name] = min(best.get(name, measured), measured, key=lambda one: one.cpu)
    duckdb, fresh, again = best["duckdb"], best["fresh"], best["again"]
    ratio, rate = fresh.cpu / duckdb.cpu, rows / fresh.cpu
    return (
        f"{case:16}{rows:12,}{duckdb.cpu:9.2f}{fresh.cpu:9.2f}{ratio:7.2f}{fresh.mebibytes:6.0f}{rate:12,.0f}"
        f"{again.cpu:9.2f}{again.mebibytes:6.0f}"
    )


def _environment(threads: int) -> dict[str, str]:
    path = os.pathsep.join([str(_HERE.parent), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "PYTHONPATH": path, "POLARS_MAX_THREADS": str(threads)}


def _run(command: list[str], threads: int) -> Measured:
    began = time.perf_counter()
    process = subprocess.Popen(command, env=_environment(threads), stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command}: exit code {process.returncode}")
    return Measured(used.ru_utime + used.ru_stime, time.perf_counter() - began, used.ru_maxrss / 1024)


if __name__ == "__main__":
    main()
