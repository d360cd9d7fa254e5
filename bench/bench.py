"""Measures scans beside a bare read and beside what people would use instead, as ratios in one run.

Every contestant runs as a process of its own, with everything from its start to the last row written.
They take turns, so that a busy machine is busy for all of them. The bench prints one table, says what each
leaves out, and fails on no number.
"""

import argparse
import contextlib
import datetime as dt
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from contestants import CONTESTANTS

_HERE = Path(__file__).parent
_BASE = "bare read"


@dataclass
class Measured:
    """The runs of one contestant on one panel."""

    cpu: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    mebibytes: list[float] = field(default_factory=list)
    failure: str = ""


@dataclass(frozen=True)
class Panel:
    """A panel that scans are measured on."""

    name: str
    days: int
    stocks: int
    rate: float


def main() -> None:
    """Make the panels, let the contestants take turns, print the table."""
    options = _options()
    panels = [
        Panel("small", 1000, 100, 0.05),
        Panel("usual", options.days, options.stocks, 0.001),
        Panel("stress", options.days, options.stocks, 0.05),
        Panel("4 x tickers", options.days, options.stocks * 4, 0.001),
    ]
    results = {}
    with _folder(options.keep) as folder:
        for panel in panels:
            files = _panel(folder, panel)
            _say(f"{panel.name}: {options.runs} runs of each")
            results[panel] = _measure(files, panel, options.only or list(CONTESTANTS), options.runs, options.threads)
    print(_table(results, options.threads))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=40_000, help="calendar days of the large panels")
    parser.add_argument("--stocks", type=int, default=1_000, help="stocks of the large panels; the largest has 4 x")
    parser.add_argument("--runs", type=int, default=3, help="runs of each contestant on each panel")
    parser.add_argument("--threads", type=int, default=2, help="threads for each contestant")
    parser.add_argument("--only", action="append", choices=list(CONTESTANTS), help="leave the others out")
    parser.add_argument("--keep", type=Path, help="a folder in which panels stay for the next time")
    return parser.parse_args()


@contextlib.contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
    else:
        with tempfile.TemporaryDirectory(prefix="pricewatch-bench-") as folder:
            yield Path(folder)


def _panel(folder: Path, panel: Panel) -> Path:
    """Make a faulty panel and a day to check against it, unless a finished one is there: its day is written last."""
    size = f"{panel.days}x{panel.stocks}"
    clean, faulty = folder / f"{size}-clean", folder / f"{size}-{panel.rate}"
    day = Path(f"{faulty}.day.csv")
    if not day.exists():
        _say(f"{panel.name}: making {panel.days:,} days x {panel.stocks:,} stocks, {panel.rate:.1%} faults")
        _pricewatch("generate", str(clean), "--days", str(panel.days), "--stocks", str(panel.stocks), "--overwrite")
        truth = f"{faulty}.truth.parquet"
        _pricewatch("inject", str(clean), str(faulty), "--truth", truth, "--rate", str(panel.rate), "--overwrite")
        shutil.rmtree(clean)
        next_day = dt.date(2020, 1, 1) + dt.timedelta(days=panel.days)
        rows = "".join(f"{next_day},ST{number:04d},100.00\n" for number in range(1, panel.stocks + 1))
        day.write_text(f"date,ticker,price\n{rows}", encoding="utf-8")
    return faulty


def _pricewatch(*arguments: str) -> None:
    """Run the command apart: a process hands its own peak of memory on to those that it starts."""
    subprocess.run([sys.executable, "-m", "jobs.cli", *arguments], env=_environment(), stdout=sys.stderr, check=True)


def _environment() -> dict[str, str]:
    """Give what contestants run in: this library on the path, and compiled modules kept, as of installed programs."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": os.pathsep.join([str(_HERE.parent), os.environ.get("PYTHONPATH", "")])}


def _measure(files: Path, panel: Panel, names: list[str], runs: int, threads: int) -> dict[str, Measured]:
    measured = {name: Measured() for name in names}
    for _ in range(runs):
        for name, so_far in measured.items():
            if not so_far.failure:
                _run(name, (files, panel), threads, so_far)
    return measured


def _run(name: str, what: tuple[Path, Panel], threads: int, measured: Measured) -> None:
    files, panel = what
    command = [sys.executable, str(_HERE / "contestants.py"), name, str(files)]
    environment = {
        **_environment(),
        "POLARS_MAX_THREADS": str(threads),
        "BENCH_DAYS": str(panel.days),
        "BENCH_STOCKS": str(panel.stocks),
    }
    with tempfile.TemporaryDirectory(dir=files.parent) as out, tempfile.TemporaryFile() as output:
        began = time.perf_counter()
        process = subprocess.Popen([*command, out, str(threads)], env=environment, stdout=output, stderr=output)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - began
        output.seek(0)
        lines = output.read().decode(errors="replace").splitlines()
    if process.returncode:
        measured.failure = f"failed ({process.returncode}): {lines[-1] if lines else 'killed'}"
        _say(f"  {name}: {measured.failure}")
        return
    measured.cpu.append(used.ru_utime + used.ru_stime)
    measured.seconds.append(seconds)
    measured.mebibytes.append(used.ru_maxrss / 1024)


def _table(results: dict[Panel, dict[str, Measured]], threads: int) -> str:
    """Give, by contestant and panel, CPU seconds, their ratio to the bare read, wall seconds and peak memory."""
    panels = list(results)
    lines = [
        f"whole processes, {threads} threads; CPU s (user + system) and wall s: the least; MiB: median peak;",
        "x: CPU seconds beside those of the bare read",
        " " * 20 + "".join(f"{panel.name + f' {panel.days:,} x {panel.stocks:,}':>33}" for panel in panels),
        " " * 20 + f"{'CPU':>9}{'x':>7}{'wall':>9}{'MiB':>8}" * len(panels),
    ]
    for name in results[panels[0]]:
        cells = [_cells(results[panel][name], results[panel].get(_BASE)) for panel in panels]
        lines.append(f"{name:20}" + "".join(cells))
    lines.append("what each leaves out:")
    lines += [f"  {name:20}{CONTESTANTS[name][1]}" for name in results[panels[0]] if CONTESTANTS[name][1]]
    return "\n".join(lines)


def _cells(measured: Measured, base: Measured | None) -> str:
    if measured.failure or not measured.cpu:
        return f"{'failed':>9}{'':24}"
    cpu = min(measured.cpu)
    times = f"{cpu / min(base.cpu):.1f}" if base and base.cpu else ""
    return f"{cpu:9.2f}{times:>7}{min(measured.seconds):9.2f}{statistics.median(measured.mebibytes):8.0f}"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
