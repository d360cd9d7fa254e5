"""Runs units of work on a Spark cluster: one chunk a task, each by the very function that a thread runs here."""

from __future__ import annotations

import os
import pickle
import re
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from quality.engine.connection import EngineOptions, open_engine
from quality.errors import InputError, QualityError, UsageError
from quality.findings.summary import versions
from quality.panel.catalogue import Damage
from quality.panel.panel_files import PanelFiles, panel_files
from quality.panel.partitions import Year
from quality.panel.year_index import YearIndex
from quality.scan.options import ScanOptions
from quality.scan.units import Unit
from quality.storage import S3Options, Store, is_local, open_store

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# A year is indexed from its dates and tickers; what a task gives back is a few kilobytes, or one such index.
_COLUMN = "task"
_POLL_SECONDS = 0.5
# What Spark says where an executor's Python lacks the package, or what it is made of.
_NO_PACKAGE = re.compile(r"No module named '(quality|pyarrow|numpy|duckdb|polars)|PACKAGE_NOT_INSTALLED")


@dataclass(frozen=True)
class Place:
    """An address, as another machine opens it: with the same settings, and credentials of its own."""

    address: str
    s3: S3Options | None

    def open(self) -> Store:
        """Open the store at the address."""
        return open_store(self.address, self.s3)


@dataclass(frozen=True)
class IndexTask:
    """A year of a panel that is to be indexed."""

    panel: Place
    year: Year

    def __call__(self) -> YearIndex | Damage:
        """Index the year: its files are fetched, and nothing else."""
        with panel_files(self.panel.open(), [self.year]) as files:
            return files.index_year(self.year.year)


@dataclass(frozen=True)
class UnitTask:
    """A unit of work, its panel and its run; one that is retried writes the same files."""

    panel: Place
    run: Place
    unit: Unit
    engine: EngineOptions

    def __call__(self) -> Any:  # noqa: ANN401 - each unit has its own
        """Do the work: the unit's own files are fetched, and nothing else."""
        with panel_files(self.panel.open(), self.unit.files) as prices, open_engine(self.engine) as engine:
            return self.unit.work(prices, engine, self.run.open())


class SparkTasks:
    """The executors of a caller's Spark session.

    They have the same `pricewatch-panel` installed as the driver, reach the panel and the run at the same addresses
    (S3, or a folder that all machines share), and take credentials for S3 from their own environment.
    """

    def __init__(self, session: SparkSession, s3: S3Options | None = None) -> None:
        self._session = session
        self._s3 = s3

    def index_years(self, files: PanelFiles, options: ScanOptions) -> Iterable[YearIndex | Damage]:
        """Index every year of a panel, a year a task."""
        del options
        panel = self._place(files.panel)
        return self._run([IndexTask(panel, year) for year in files.years], lambda _done: None)

    def run_units(
        self,
        units: Sequence[Unit],
        files: PanelFiles,
        run: Store,
        options: ScanOptions,
        progress: Callable[[int], None],
    ) -> list[Any]:
        """Run units of work, one a task; the memory limit is each task's own."""
        panel, place = self._place(files.panel), self._place(run)
        engine = EngineOptions(memory_limit=f"{options.memory_limit >> 20}MiB")
        return self._run([UnitTask(panel, place, unit, engine) for unit in units], progress)

    def _place(self, store: Store) -> Place:
        address = str(Path(store.address).resolve()) if is_local(store) else store.address
        return Place(address, self._s3)

    def _run(self, tasks: Sequence[Callable[[], Any]], progress: Callable[[int], None]) -> list[Any]:
        """Run tasks, as many Spark tasks, and give what they give in their order."""
        if not tasks:
            return []
        context = self._session.sparkContext
        rows = [(number, pickle.dumps((versions(), task))) for number, task in enumerate(tasks)]
        # One a partition: Spark would put several small ones together.
        frame = self._session.createDataFrame(context.parallelize(rows, len(rows)), f"number int, {_COLUMN} binary")
        group = f"pricewatch-{os.getpid()}-{threading.get_ident()}"
        context.setJobGroup(group, "pricewatch scan", interruptOnCancel=True)
        try:
            with _watching(context, group, progress):
                done = frame.mapInArrow(run_tasks, frame.schema).collect()
        except KeyboardInterrupt:
            context.cancelJobGroup(group)
            raise
        except Exception as error:
            raise _explained(error) from error
        progress(len(tasks))
        return [_opened(row[_COLUMN]) for row in sorted(done, key=lambda row: row["number"])]


def run_tasks(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Run the tasks that an executor is sent; errors that have a meaning come back as values, so none is retried."""
    for batch in batches:
        answers = [pickle.dumps(_answer(data)) for data in batch.column(_COLUMN).to_pylist()]
        yield pa.RecordBatch.from_arrays(
            [batch.column("number"), pa.array(answers, batch.column(_COLUMN).type)], schema=batch.schema
        )


def _answer(data: bytes) -> tuple[str, Any]:
    driver, task = pickle.loads(data)  # noqa: S301 - from our own driver
    if driver != (own := versions()):
        other = ", ".join(f"{name} {own.get(name)}" for name in driver if driver[name] != own.get(name))
        ours = ", ".join(f"{name} {driver[name]}" for name in driver if driver[name] != own.get(name))
        return "error", (
            f"the executor on {socket.gethostname()} has {other}, the driver {ours}: findings could differ; "
            "install the same versions on every machine"
        )
    try:
        return "done", task()
    except QualityError as error:
        return "error", str(error)


def _opened(data: bytes) -> Any:  # noqa: ANN401 - what the task gives
    kind, value = pickle.loads(data)  # noqa: S301 - from our own executors
    if kind == "error":
        raise InputError(value)
    return value


def _explained(error: Exception) -> QualityError:
    if _NO_PACKAGE.search(str(error)):
        return UsageError(
            "the Python of the executors has no pricewatch-panel: install it on every machine, in the driver's "
            "version, and name its interpreter there by PYSPARK_PYTHON"
        )
    return QualityError(f"the Spark job failed: {_first_words(error)}")


def _first_words(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:300] if lines else type(error).__name__


class _watching:  # noqa: N801 - reads as a word of the `with` statement
    """Tells, while a job runs, how many of its tasks are done."""

    def __init__(self, context: Any, group: str, progress: Callable[[int], None]) -> None:  # noqa: ANN401
        self._context, self._group, self._progress = context, group, progress
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        tracker = self._context.statusTracker()
        while not self._end.wait(_POLL_SECONDS):
            jobs = [tracker.getJobInfo(job) for job in tracker.getJobIdsForGroup(self._group)]
            stages = [tracker.getStageInfo(stage) for job in jobs if job for stage in job.stageIds]
            if done := sum(stage.numCompletedTasks for stage in stages if stage):
                self._progress(done)


def open_session(master: str | None) -> SparkSession:
    """Open a Spark session: the one that `spark-submit` made, or one on a master.

    Args:
        master: Such as `spark://host:7077`, `yarn` or `local[2]`; None for what `spark-submit` says.

    Raises:
        UsageError: The extra `spark` or Java is missing, or nothing says which cluster.

    """
    try:
        from pyspark.errors import PySparkException, PySparkRuntimeError  # noqa: PLC0415 - of the extra
        from pyspark.sql import SparkSession  # noqa: PLC0415
    except ImportError as error:
        raise UsageError("--engine spark needs the extra: pip install 'pricewatch-panel[spark]'") from error
    chosen = master or os.environ.get("MASTER")
    active = SparkSession.getActiveSession()
    if active is not None and master is None:
        return active
    if chosen is None and "PYSPARK_GATEWAY_PORT" not in os.environ:
        raise UsageError("--engine spark: say --master spark://host:7077, or start it by spark-submit")
    # The scan shows its own progress.
    builder = SparkSession.builder.appName("pricewatch").config("spark.ui.showConsoleProgress", "false")
    if chosen and chosen.startswith("local"):
        # Workers on this machine run this Python, not whichever is called python3; Spark takes it from here alone.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    try:
        return (builder.master(chosen) if chosen else builder).getOrCreate()
    except (PySparkException, PySparkRuntimeError, OSError) as error:
        raise UsageError(f"--engine spark: no session: {_first_words(error)}") from error
