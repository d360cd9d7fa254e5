"""A polite request to end is taken like Ctrl-C, so that locks and temporary folders are given back."""

import faulthandler
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_REQUESTS = ("SIGTERM", "SIGHUP")


class Interruption:
    """Whether somebody asked this process to end: libraries turn the KeyboardInterrupt into errors of their own."""

    def __init__(self) -> None:
        self.has_come = False

    def come(self, number: int, _frame: FrameType | None) -> None:
        """Interrupt the main thread; a second polite request must not disturb the tidying up."""
        self.has_come = True
        if number != signal.SIGINT:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """While this holds, SIGTERM and SIGHUP are as SIGINT; what is ignored (nohup) stays ignored.

    SIGUSR1 asks a process that seems to hang where it stands: each thread's calls go to stderr, and it goes on.
    """
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():  # only that one may say so
        yield interruption
        return
    before = {}
    _answer_where()
    for name in ("SIGINT", *_REQUESTS):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            before[number] = signal.signal(number, interruption.come)
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            if not interruption.has_come:  # else the process is about to end, in its own way
                signal.signal(number, handler)


def _answer_where() -> None:
    """Let SIGUSR1 say where each thread is, unless something else answers it already."""
    number = getattr(signal, "SIGUSR1", None)  # Windows has none
    if number is not None and sys.__stderr__ is not None and signal.getsignal(number) is signal.SIG_DFL:
        faulthandler.register(number, sys.__stderr__)
