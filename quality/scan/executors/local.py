"""Runs units of work on threads of this machine; the engines do the work outside the interpreter's lock."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed, wait
from contextlib import ExitStack
from queue import SimpleQueue
from typing import TypeVar

from quality.engine.connection import Connection, EngineOptions, open_engine
from quality.panel.catalogue import Damage
from quality.panel.panel_files import PanelFiles
from quality.panel.year_index import YearIndex
from quality.scan.chunk import ChunkResult, ChunkTask, scan_chunk
from quality.scan.options import ScanOptions
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

    def run_chunks(
        self,
        chunks: Sequence[ChunkTask],
        files: PanelFiles,
        run: Store,
        options: ScanOptions,
        progress: Callable[[int], None],
    ) -> list[ChunkResult]:
        """Evaluate chunks, `options.threads` at once."""
        share = EngineOptions(memory_limit=f"{options.memory_limit // options.threads >> 20}MiB")
        files.share(index.year for chunk in chunks for section in chunk.sections for index in section.indexes)
        opened: list[Connection] = []
        engines: SimpleQueue[Connection] = SimpleQueue()
        with ExitStack() as stack:
            for _ in range(min(options.threads, len(chunks))):
                opened.append(stack.enter_context(open_engine(share)))
                engines.put(opened[-1])

            def work(chunk: ChunkTask) -> ChunkResult:
                engine = engines.get()
                try:
                    return scan_chunk(chunk, files, engine, run)
                finally:
                    engines.put(engine)

            def interrupt() -> None:
                for engine in opened:
                    engine.interrupt()

            return run_all(work, chunks, options.threads, progress, interrupt)


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
            for done, future in enumerate(as_completed(futures), start=1):
                future.result()
                progress(done)
        except BaseException:
            begun = [future for future in futures if not future.cancel()]
            while wait(begun, _PAUSE_SECONDS).not_done:
                interrupt()  # again and again: a rule may come in between two of an engine's statements
            raise
    return [future.result() for future in futures]
