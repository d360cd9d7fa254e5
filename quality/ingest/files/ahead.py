"""Fetches the next files from S3 while one is read."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

from quality.ingest.files.arrivals import Arrival
from quality.storage import Store

AT_ONCE = 8
_SCHEME = "s3://"


class _Fetched:
    """A store of one file whose copy is on its way."""

    def __init__(self, copy: "Future[Path]") -> None:
        self._copy = copy

    @contextmanager
    def local_copy(self, _key: str) -> Iterator[Path]:
        """Give the copy once it is there; its error, where there is none."""
        yield self._copy.result()


def fetched_ahead(arrivals: Sequence[Arrival]) -> Iterator[Arrival]:
    """Give the arrivals in order, those on S3 with a copy that is fetched `AT_ONCE` files ahead.

    Each copy is removed before the next arrival is given.
    """
    if not any(arrival.address.startswith(_SCHEME) for arrival in arrivals):
        yield from arrivals
        return
    waiting: deque[tuple[Arrival, ExitStack]] = deque()
    coming = iter(arrivals)
    with ExitStack() as everything, ThreadPoolExecutor(AT_ONCE) as pool:
        while True:
            while len(waiting) < AT_ONCE and (arrival := next(coming, None)) is not None:
                stack = everything.enter_context(ExitStack())
                waiting.append((_fetching(arrival, pool, stack), stack))
            if not waiting:
                return
            arrival, stack = waiting.popleft()
            with stack:
                yield arrival


def _fetching(arrival: Arrival, pool: ThreadPoolExecutor, stack: ExitStack) -> Arrival:
    if not arrival.address.startswith(_SCHEME) or arrival.problem:
        return arrival
    copy = pool.submit(lambda: stack.enter_context(arrival.store.local_copy(arrival.key)))
    return replace(arrival, store=cast("Store", _Fetched(copy)))
