"""Runs units of work on threads of this machine; the engines do the work outside the interpreter's lock."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from queue import SimpleQueue
from typing import Any, TypeVar

from quality.engine.connection import Connection, EngineOptions, open_engine
from quality.panel.catalogue import Damage
from quality.panel.panel_files import PanelFiles
from quality.panel.year_index import YearIndex
from quality.scan.executors.stalls import as_they_end
from quality.scan.options import ScanOptions
from quality.scan.units import Unit
from quality.storage import Store

# Between two interrupts of what is to end.
_PAUSE_SECONDS = 0.1
Task = TypeVar("Task")
Result = TypeVar("Result")


class LocalThreads:
    """Threads of this machine, an engine each; the files that they share are fetched and decoded once."""

    def index_years(self, files: PanelFiles, options: ScanOptions) -> Iterable[YearIndex | Damage]:
        """Index every year of a panel while the next ones are fetched."""
        return files.index_years(options.threads)

    def run_units(
        self,
        units: Sequence[Unit],
        files: PanelFiles,
        run: Store,
        options: ScanOptions,
        progress: Callable[[int], None],
    ) -> list[Any]:
        """Run units of work, `options.threads` at once."""
        share = EngineOptions(memory_limit=f"{options.memory_limit // options.threads >> 20}MiB")
        files.share(year for unit in units for year in unit.laid_out)
        opened: list[Connection] = []
        engines: SimpleQueue[Connection] = SimpleQueue()
        with ExitStack() as stack:
            for _ in range(min(options.threads, len(units))):
                opened.append(stack.enter_context(open_engine(share)))
                engines.put(opened[-1])

            def work(unit: Unit) -> Any:  # noqa: ANN401 - each unit has its own
                engine = engines.get()
                try:
                    return unit.work(files, engine, run)
                finally:
                    engines.put(engine)

            def interrupt() -> None:
                for engine in opened:
                    engine.interrupt()

            return run_all(work, units, options.threads, progress, interrupt)


def run_all(
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    threads: int,
    progress: Callable[[int], None] = lambda _done: None,
    interrupt: Callable[[], None] = lambda: None,
) -> list[Result]:
    """Run every task, `threads` at once, and give the results in the order of the tasks.

    The first error, or Ctrl-C, stops what has not begun, and is raised; what has begun is interrupted until it ends.
    """
    with ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(work, task) for task in tasks]
        try:
            for done, future in enumerate(as_they_end(futures), start=1):
                future.result()
                progress(done)
        except BaseException:
            begun = [future for future in futures if not future.cancel()]
            while wait(begun, _PAUSE_SECONDS).not_done:
                interrupt()  # again and again: a rule may come in between two of an engine's statements
            raise
    return [future.result() for future in futures]
