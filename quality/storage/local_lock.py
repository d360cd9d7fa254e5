"""A lock between the processes of one machine, freed by the kernel when its holder dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from quality.errors import QualityError
from quality.storage.files import file_errors
from quality.storage.locks import busy, decode, encode, this_run


@contextmanager
def holding_file(path: Path) -> Iterator[None]:
    """Hold the lock file at `path`, made where it is missing and removed at exit.

    Raises DestinationBusyError where another holder lives, QualityError where the file cannot be made.
    """
    with file_errors("lock", path, QualityError):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = _lock(path)
    try:
        yield
    finally:
        with suppress(OSError):  # removed while still held, so that it is never a later holder's
            if _is_at(descriptor, path):
                path.unlink()
        os.close(descriptor)


def _lock(path: Path) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if _try_to_lock(descriptor, path):
                os.ftruncate(descriptor, 0)
                os.write(descriptor, encode(this_run()))
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _try_to_lock(descriptor: int, path: Path) -> bool:
    """Lock the open file; False where its last holder removed it meanwhile, and a new one is needed."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise busy(str(path), decode(os.pread(descriptor, 4096, 0))) from error
    return _is_at(descriptor, path)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
