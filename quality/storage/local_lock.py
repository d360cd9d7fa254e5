"""A lock between the processes of one machine, freed by the kernel when its holder dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from quality.errors import DestinationBusyError, InputError, QualityError
from quality.storage.files import file_errors
from quality.storage.leftovers import sweep
from quality.storage.locks import Held, busy, decode, encode, this_run
from quality.text import visible


@contextmanager
def holding_file(path: Path) -> Iterator[None]:
    """Hold the lock file at `path`, made where it is missing and removed at exit.

    Raises DestinationBusyError where another holder lives, QualityError where the file cannot be made.
    """
    with file_errors("lock", path, QualityError):
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path.parent)
        descriptor = _lock(path, encode(this_run()))
    try:
        yield
    finally:
        with suppress(OSError):  # removed while still held, so that it is never a later holder's
            if _is_at(descriptor, path):
                path.unlink()
        os.close(descriptor)


def _lock(path: Path, content: bytes) -> int:
    while True:
        # Never through a link, nor into a file that is no lock: what stands there is not this program's to overwrite.
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
        try:
            if _try_to_lock(descriptor, path):
                _check_is_lock(descriptor, path)
                os.ftruncate(descriptor, 0)
                os.write(descriptor, content)
                return descriptor
        except KeyboardInterrupt:  # whoever interrupts here leaves no lock either
            _remove_if_free(descriptor, path)
            os.close(descriptor)
            raise
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _remove_if_free(descriptor: int, path: Path) -> None:
    """Remove a lock file that is this process's, or nobody's."""
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _is_at(descriptor, path):
            path.unlink()


def _try_to_lock(descriptor: int, path: Path) -> bool:
    """Lock the open file; False where its last holder removed it meanwhile, and a new one is needed."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise busy(str(path), decode(os.pread(descriptor, 4096, 0))) from error
    return _is_at(descriptor, path)


def _check_is_lock(descriptor: int, path: Path) -> None:
    left = os.pread(descriptor, 4096, 0)
    if left and decode(left) is None:
        raise QualityError(
            f"{visible(str(path))} is in the way: it is no lock of this program; move it, or choose another destination"
        )


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def look_at_file(path: Path) -> Held | None:
    """Say who holds the lock file at `path`; None where nobody does, whatever a killed run left there."""
    with file_errors("look at", path, InputError):
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return Held(str(path), decode(os.pread(descriptor, 4096, 0)), 0.0, None)
        finally:
            os.close(descriptor)
    return None


def free_file(path: Path) -> None:
    """Remove a lock file that nobody holds."""
    holder = look_at_file(path)
    if holder:
        raise DestinationBusyError(f"{holder}: end the process; the lock then ends with it")
    with file_errors("unlock", path, QualityError):
        path.unlink(missing_ok=True)
