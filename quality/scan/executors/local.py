"""Runs units of work on threads of this machine; the engines do the work outside the interpreter's lock."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


def run_all(
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    threads: int,
    progress: Callable[[int], None] = lambda _done: None,
) -> list[Result]:
    """Run every task, `threads` at once, and give the results in the order of the tasks.

    The first error stops what has not begun, and is raised.
    """
    with ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(work, task) for task in tasks]
        try:
            for done, future in enumerate(as_completed(futures), start=1):
                future.result()
                progress(done)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return [future.result() for future in futures]
