"""Ends work of an engine that takes too long or too much memory, or that a person has had enough of."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from quality.engine.connection import Connection, EngineError

_Given = TypeVar("_Given")
# How often a thread that waits looks at clock and memory.
_PAUSE_SECONDS = 0.02
# Some functions heed no interrupt: they are given so long, then their thread is left alone.
_GRACE_SECONDS = 5.0
_RESIDENT = Path("/proc/self/statm")


class LimitReachedError(Exception):
    """Work of an engine reached a limit.

    Attributes:
        of: "time" or "memory".
        goes_on: The engine did not heed the interrupt: a thread goes on until the process ends.

    """

    def __init__(self, of: str, *, goes_on: bool) -> None:
        super().__init__(of)
        self.of = of
        self.goes_on = goes_on


def within(connection: Connection, work: Callable[[], _Given], *, seconds: float, memory: int) -> _Given:
    """Run work of an engine in a thread of its own, and interrupt it at a limit, or at Ctrl-C.

    The engine looks for none of these by itself, and not all that it allocates counts against its own limit.

    Args:
        connection: The engine.
        work: What is to be done with the engine.
        seconds: How long the work may take; 0 for as long as it wants.
        memory: Bytes by which this process may grow meanwhile, where the system tells.

    Raises:
        LimitReachedError: It was interrupted.
        KeyboardInterrupt: Ctrl-C.

    """
    worker: _Worker[_Given] = _Worker(work)
    before, began = resident_bytes(), time.monotonic()
    worker.start()
    try:
        while not worker.done.wait(_PAUSE_SECONDS):
            if seconds and time.monotonic() - began > seconds:
                raise LimitReachedError("time", goes_on=not _stopped(connection, worker, before + 2 * memory))
            if resident_bytes() - before > memory:
                raise LimitReachedError("memory", goes_on=not _stopped(connection, worker, before + 2 * memory))
    except KeyboardInterrupt:
        _stopped(connection, worker, before + 2 * memory)
        raise
    if worker.error is not None:
        raise worker.error
    return worker.given[0]


def resident_bytes() -> int:
    """Give the memory of this process; 0 where the system does not tell."""
    try:
        pages = int(_RESIDENT.read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _stopped(connection: Connection, worker: "_Worker[_Given]", most_bytes: int) -> bool:
    """Interrupt an engine; tell whether it stopped before its time of grace was over, or too much memory taken."""
    until = time.monotonic() + _GRACE_SECONDS
    while not worker.done.is_set():
        try:
            connection.interrupt()  # again and again: work may go on with another statement
        except EngineError:  # it has closed meanwhile
            return True
        if worker.done.wait(_PAUSE_SECONDS):
            break
        if time.monotonic() > until or resident_bytes() > most_bytes:
            return False
    return True


class _Worker(threading.Thread, Generic[_Given]):
    """A thread that keeps what its work gives or raises."""

    def __init__(self, work: Callable[[], _Given]) -> None:
        super().__init__(daemon=True)
        self.done = threading.Event()
        self.given: list[_Given] = []
        self.error: BaseException | None = None
        self._work = work

    def run(self) -> None:
        """Do the work."""
        try:
            self.given.append(self._work())
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            self.error = error
        self.done.set()
