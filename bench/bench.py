"""Measures scans beside a bare read and beside what people would use instead, as ratios in one run.

Every contestant runs as a process of its own, with everything from its start to the last row written.
They take turns, so that a busy machine is busy for all of them, and each shows its median. The bench
prints one table and fails on no number.
"""

import argparse
import contextlib
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

    seconds: list[float] = field(default_factory=list)
    mebibytes: list[float] = field(default_factory=list)
    failure: str = ""


def main() -> None:
    """Make the panels, let the contestants take turns, print the table."""
    options = _options()
    sizes = [(1000, 100), (options.days, options.stocks), (options.days, options.stocks * 4)]
    results = {}
    with _folder(options.keep) as folder:
        for size in dict.fromkeys(sizes):
            panel = _panel(folder, *size)
            _say(f"{size[0]:,} days x {size[1]:,} stocks: {options.runs} runs of each")
            results[size] = _measure(panel, options.only or list(CONTESTANTS), options.runs, options.threads)
    print(_table(results, options.threads))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=40_000, help="calendar days of the large panels")
    parser.add_argument("--stocks", type=int, default=1_000, help="stocks of the large panel; the largest has 4 x")
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


def _panel(folder: Path, days: int, stocks: int) -> Path:
    """Make a faulty panel, unless a finished one is there: its truth is written last."""
    clean, faulty, truth = (str(folder / f"{days}x{stocks}-{what}") for what in ("clean", "faulty", "truth.parquet"))
    if not Path(truth).exists():
        _say(f"{days:,} days x {stocks:,} stocks: making the panel")
        _pricewatch("generate", clean, "--days", str(days), "--stocks", str(stocks), "--overwrite")
        _pricewatch("inject", clean, faulty, "--truth", truth, "--overwrite")
        shutil.rmtree(clean)
    return Path(faulty)


def _pricewatch(*arguments: str) -> None:
    """Run the command apart: a process hands its own peak of memory on to those that it starts."""
    subprocess.run([sys.executable, "-m", "jobs.cli", *arguments], env=_environment(), stdout=sys.stderr, check=True)


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(_HERE.parent), os.environ.get("PYTHONPATH", "")])}


def _measure(panel: Path, names: list[str], runs: int, threads: int) -> dict[str, Measured]:
    measured = {name: Measured() for name in names}
    for _ in range(runs):
        for name, so_far in measured.items():
            if not so_far.failure:
                _run(name, panel, threads, so_far)
    return measured


def _run(name: str, panel: Path, threads: int, measured: Measured) -> None:
    command = [sys.executable, str(_HERE / "contestants.py"), name, str(panel)]
    environment = {**_environment(), "POLARS_MAX_THREADS": str(threads)}
    with tempfile.TemporaryDirectory(dir=panel.parent) as out, tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen([*command, out, str(threads)], env=environment, stdout=said, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - began
        said.seek(0)
        lines = said.read().decode(errors="replace").splitlines()
    if process.returncode:
        measured.failure = f"failed ({process.returncode}): {lines[-1] if lines else 'killed'}"
        _say(f"  {name}: {measured.failure}")
        return
    measured.seconds.append(seconds)
    measured.mebibytes.append(used.ru_maxrss / 1024)


def _table(results: dict[tuple[int, int], dict[str, Measured]], threads: int) -> str:
    """Give, for each contestant and panel, seconds, the ratio to the bare read, peak memory, and growth."""
    sizes = list(results)
    lines = [f"whole processes, {threads} threads, median; x: times the bare read; growth: largest / large panel"]
    heads = [f"{days:,} x {stocks:,}" for days, stocks in sizes]
    lines.append(f"{'':20}" + "".join(f"{head:>27}" for head in heads) + f"{'growth':>18}")
    columns = f"{'s':>10}{'x':>8}{'MiB':>9}"
    lines.append(f"{'':20}" + columns * len(sizes) + f"{'time':>10}{'memory':>8}")
    for name in results[sizes[0]]:
        cells = [_cells(results[size][name], results[size].get(_BASE)) for size in sizes]
        lines.append(f"{name:20}" + "".join(cells) + _growth([results[size][name] for size in sizes[-2:]]))
    return "\n".join(lines)


def _cells(measured: Measured, base: Measured | None) -> str:
    if measured.failure or not measured.seconds:
        return f"{'failed':>10}{'':8}{'':9}"
    seconds = statistics.median(measured.seconds)
    times = f"{seconds / statistics.median(base.seconds):.1f}" if base and base.seconds else ""
    return f"{seconds:10.2f}{times:>8}{statistics.median(measured.mebibytes):9.0f}"


def _growth(pair: list[Measured]) -> str:
    if len(pair) < 2 or not all(measured.seconds and not measured.failure for measured in pair):
        return ""
    large, largest = pair
    time_growth = statistics.median(largest.seconds) / statistics.median(large.seconds)
    memory_growth = statistics.median(largest.mebibytes) / statistics.median(large.mebibytes)
    return f"{time_growth:10.2f}{memory_growth:8.2f}"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
