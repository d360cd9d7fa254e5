"""A process that is killed before any one of its writes leaves old or new, whole; done again, nothing of it is left."""

import datetime as dt
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from quality.check.appending import append
from quality.check.day import Day, Entry
from quality.delivery.publish import publish
from quality.errors import InputError
from quality.findings import summary as summaries
from quality.ingest.format.source import Source
from quality.ingest.job import ingest
from quality.ingest.options import IngestOptions
from quality.panel.partitions import INCOMPLETE_KEY, list_years, read_year
from quality.rules.loading import load_ruleset
from quality.scan.clean import write_clean
from quality.scan.options import ScanOptions
from quality.scan.run import scan
from quality.storage import open_store
from quality.synthetic.market import Market
from quality.synthetic.panels import write_faulty, write_market

_WRITES = {"os.rename", "os.remove", "os.link", "os.mkdir", "os.rmdir", "os.truncate"}
# How many moments of each the tests try; KILLS=all tries every one.
_KILLS = 5
_OPENED_TO_WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def small(stocks: int) -> Market:
    """A market of a few weeks in two years."""
    return Market(50, stocks, start=dt.date(2020, 12, 1))


def generate(root: Path) -> None:
    write_market(small(4), open_store(root / "panel"), overwrite=True)


def inject(root: Path) -> None:
    write_faulty(
        open_store(root / "other"), open_store(root / "panel"), root / "truth.parquet", seed=7, rate=0.2, overwrite=True
    )


def take(root: Path) -> None:
    ingest([str(root / "in.csv")], open_store(root / "panel"), open_store(root / "books"), IngestOptions(Source()))


def append_day(root: Path) -> None:
    entries = tuple(Entry(at, ticker, 5.0) for at, ticker in enumerate(("ST0001", "ST0002")))
    with suppress(InputError):  # it holds the day already
        append(Day(dt.date(2021, 3, 1), 1, entries), open_store(root / "panel"))


def clean(root: Path) -> None:
    write_clean(open_store(root / "other"), open_store(root / "run"), open_store(root / "panel"))


def deliver(root: Path) -> None:
    publish(open_store(root / "run"), open_store(root / "place"))


def rows(panel: Path) -> pl.DataFrame | None:
    """Read a panel; None where it is not complete."""
    store = open_store(panel)
    if (panel / INCOMPLETE_KEY).exists():
        with pytest.raises(InputError, match="is not complete"):
            list_years(store)
        return None
    return pl.concat(read_year(store, year) for year in list_years(store)).sort("ticker", "date")


def files(folder: Path) -> dict[str, bytes]:
    found = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def begin(root: Path) -> None:
    """A panel of three tickers in two years, one beside it, and a run of each."""
    write_market(small(3), open_store(root / "panel"))
    write_market(small(5), open_store(root / "other"))
    write_faulty(open_store(root / "other"), open_store(root / "faulty"), root / "truth.parquet", rate=0.1)
    shutil.rmtree(root / "other")
    (root / "faulty").rename(root / "other")
    days = [dt.date(year, 1, day) for year in (2020, 2021, 2022) for day in (2, 3)]
    lines = [f"{day},{ticker},{number}.5" for number, day in enumerate(days) for ticker in ("ST0001", "NEW")]
    (root / "in.csv").write_text("date,ticker,price\n" + "\n".join(lines) + "\n")
    notebook = load_ruleset("notebook")
    scan(open_store(root / "panel"), open_store(root / "old"), notebook, ScanOptions(threads=1))
    scan(open_store(root / "other"), open_store(root / "run"), notebook, ScanOptions(threads=1, formats=("parquet",)))
    publish(open_store(root / "old"), open_store(root / "place"))


def begin_renamed(root: Path) -> None:
    """The panel's years lie in files of other names, and one year in two of them."""
    begin(root)
    for file in sorted((root / "panel").glob("year=*/prices.parquet")):
        frame = pl.read_parquet(file, hive_partitioning=False)
        frame[: len(frame) // 2].write_parquet(file.with_name("b.parquet"))
        frame[len(frame) // 2 :].write_parquet(file.with_name("c.parquet"))
        file.unlink()
    (root / "panel" / ".digests.json").unlink()


def begin_clean(root: Path) -> None:
    begin(root)
    shutil.rmtree(root / "panel")
    notebook = load_ruleset("notebook")
    scan(open_store(root / "other"), open_store(root / "panel_run"), notebook, ScanOptions(threads=1))
    write_clean(open_store(root / "other"), open_store(root / "panel_run"), open_store(root / "panel"), keep_flags=True)
    shutil.rmtree(root / "panel_run")


@dataclass(frozen=True)
class Case:
    """What is killed, from what beginning, and whether its panel may be half old and half new, year by year."""

    act: Callable[[Path], None]
    begin: Callable[[Path], None] = begin
    is_by_year: bool = False


CASES = {
    "generate --overwrite": Case(generate),
    "inject --overwrite": Case(inject),
    "ingest": Case(take, is_by_year=True),
    "ingest into files of other names": Case(take, begin_renamed, is_by_year=True),
    "check --append": Case(append_day),
    "scan --clean": Case(clean, begin_clean),
    "publish": Case(deliver),
}


def run_killed(act: Callable[[Path], None], root: Path, fatal: int) -> int:
    """Act, and die in the moment before the write number `fatal`; give how many there were."""
    count = 0
    tempfile.tempdir = str(root / "tmp")

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal count
        is_opened = event == "open" and isinstance(arguments[2], int) and arguments[2] & _OPENED_TO_WRITE
        if (event in _WRITES or is_opened) and str(arguments[0]).startswith(str(root)):
            count += 1
            if count == fatal:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    act(root)
    return count


def serve() -> None:
    """Fork a child for each line of the input: this process has imported everything and started no thread."""
    for line in sys.stdin:
        name, root, fatal = json.loads(line)
        process = os.fork()
        if not process:
            (Path(root).parent / "writes").write_text(str(run_killed(CASES[name].act, Path(root), fatal)))
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)


if __name__ == "__main__":
    serve()


@pytest.fixture(scope="module")
def child():
    """Run a case in a process of its own, killed or not; give its number of writes, 0 where it was killed."""
    command = [sys.executable, "-m", "tests.test_kills"]
    root_of_all = Path(__file__).parents[1]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root_of_all) as server:

        def run(name: str, root: Path, fatal: int = 0) -> int:
            (root / "tmp").mkdir(exist_ok=True)
            server.stdin.write(json.dumps([name, str(root), fatal]) + "\n")
            server.stdin.flush()
            assert int(server.stdout.readline()) == (-signal.SIGKILL if fatal else 0)
            return 0 if fatal else int((root.parent / "writes").read_text())

        yield run
        server.stdin.close()


def some(writes: int) -> list[int]:
    """Choose some of the moments before a write, the first and the last among them; KILLS=all takes each."""
    count = writes if os.environ.get("KILLS") == "all" else min(writes, _KILLS)
    return sorted({1 + at * (writes - 1) // max(count - 1, 1) for at in range(count)})


def of_year(panel: pl.DataFrame, year: int) -> pl.DataFrame:
    return panel.filter(pl.col("date").dt.year() == year)


@pytest.mark.parametrize("name", CASES)
def test_killed_before_any_of_its_writes(child, name, tmp_path):
    case, root = CASES[name], tmp_path / "work"
    first, last = tmp_path / "first", tmp_path / "last"
    case.begin(first)
    shutil.copytree(first, root)
    writes = child(name, root)
    root.rename(last)
    before, after = rows(first / "panel"), rows(last / "panel")
    assert writes > 3
    print(f"{name}: {writes} writes")
    for fatal in some(writes):
        shutil.copytree(first, root)
        child(name, root, fatal)
        left = rows(root / "panel")
        if left is not None:
            years = left.get_column("date").dt.year().unique() if case.is_by_year else [None]
            for year in years:
                old, new, found = (it if year is None else of_year(it, year) for it in (before, after, left))
                assert found.equals(old) or found.equals(new)
        if left is not None and name == "inject --overwrite":
            assert files(root)["truth.parquet"] == files(last if left.equals(after) else first)["truth.parquet"]
        if (root / "place" / summaries.KEY).exists():
            assert files(root / "place") in (files(first / "place"), files(last / "place"))
        for folder in (root / "tmp").iterdir():  # the next run finds them a while later
            os.utime(folder, (0, 0))
        child(name, root)
        assert rows(root / "panel").equals(after)
        assert files(root / "place") == files(last / "place")
        assert {path.name for path in root.rglob(".*")} <= {".digests.json", ".universe.json", ".clean"}
        assert not list((root / "tmp").iterdir())
        shutil.rmtree(root)


def test_every_moment_is_chosen_when_all_are_asked_for(monkeypatch):
    monkeypatch.delenv("KILLS", raising=False)
    assert some(4) == [1, 2, 3, 4]
    assert len(some(90)) == _KILLS
    monkeypatch.setenv("KILLS", "all")
    assert some(90) == list(range(1, 91))
