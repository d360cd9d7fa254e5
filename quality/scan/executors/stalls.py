"""Says where the threads of a scan stand when none of its tasks ends for long: a scan that hangs tells why."""

import logging
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

# Even the largest tasks take a minute or two.
SILENT_SECONDS = 600.0
_FRAMES = 4
Result = TypeVar("Result")
_log = logging.getLogger(__name__)


def as_they_end(futures: Sequence["Future[Result]"]) -> Iterator["Future[Result]"]:
    """Give futures as they end; where none does for `SILENT_SECONDS`, a warning says what each thread is at."""
    ended: SimpleQueue[Future[Result]] = SimpleQueue()
    for future in futures:
        future.add_done_callback(ended.put)
    for done in range(len(futures)):
        while True:
            try:
                yield ended.get(timeout=SILENT_SECONDS)
                break
            except Empty:
                _log.warning(
                    "no task has ended for %.0f s, %d of %d are done; %s",
                    *(SILENT_SECONDS, done, len(futures), "; ".join(_stacks())),
                )


def _stacks() -> Iterator[str]:
    """Say of each thread where it stands, the innermost call first."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for identity, frame in sys._current_frames().items():  # noqa: SLF001 - there is no other way
        calls: list[Any] = traceback.extract_stack(frame)[-_FRAMES:]
        places = (f"{call.name} ({'/'.join(call.filename.split('/')[-2:])}:{call.lineno})" for call in reversed(calls))
        yield f"{names.get(identity, identity)} is at {', called by '.join(places)}"
