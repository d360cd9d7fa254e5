"""Local files, safely: clear errors instead of errno, and files that appear whole or not at all."""

import errno
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from quality.errors import DestinationBusyError, QualityError
from quality.storage.leftovers import beside
from quality.text import visible

DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

_ADVICE = {
    errno.ENOENT: "check the address",
    errno.ENOTDIR: "a part of the address is a file, not a folder",
    errno.EISDIR: "it is a folder: name a file",
    errno.ELOOP: "it is a link, and nothing is written through it: remove it or choose another address",
    errno.EEXIST: "a file stands where a folder is needed: remove it or choose another address",
    errno.EACCES: "check its owner and mode, and those of its folder",
    errno.EPERM: "check its owner and mode, and those of its folder",
    errno.EROFS: "choose another destination",
    errno.ENOSPC: "free some space, or choose another disk (TMPDIR for temporary files)",
    errno.EDQUOT: "free some space, or choose another disk (TMPDIR for temporary files)",
    errno.EFBIG: "raise the limit on file sizes (ulimit -f), or choose another disk",
}


@contextmanager
def file_errors(
    verb: str, path: Path, kind: type[QualityError], *, only: Collection[int] | None = None
) -> Iterator[None]:
    """Turn an OSError inside into an error that names the file, the cause and what to do next.

    `verb` completes "cannot …"; with `only`, other errno values pass as they are.
    """
    try:
        yield
    except OSError as error:
        if only is not None and error.errno not in only:
            raise
        cause = os.strerror(error.errno).lower() if error.errno else type(error).__name__
        advice = _ADVICE.get(error.errno or 0, "check the disk and the address")
        raise kind(f"cannot {verb} {visible(str(path))}: {cause}; {advice}") from error


@contextmanager
def appearing(path: Path, publish: Callable[[Path, Path], None] = os.replace) -> Iterator[Path]:
    """Give a hidden path beside `path`; at a clean exit its content is on disk and published as `path`.

    `publish` moves or links the first path to the second; where it finds the second taken, that is a
    DestinationBusyError. Errors raised inside pass unchanged, but for a full disk.
    """
    with file_errors("write", path, QualityError):
        path.parent.mkdir(parents=True, exist_ok=True)
    temporary = beside(path)
    try:
        with file_errors("write", path, QualityError, only=DISK_FULL):
            yield temporary
        with file_errors("write", path, QualityError):
            _publish(temporary, path, publish)
    finally:
        with suppress(OSError):  # never hide the error that brought us here
            temporary.unlink(missing_ok=True)


def _publish(temporary: Path, path: Path, publish: Callable[[Path, Path], None]) -> None:
    _flush_to_disk(temporary)
    try:
        publish(temporary, path)
    except FileExistsError as error:
        raise already_written(str(path)) from error
    _flush_to_disk(path.parent)


def already_written(url: str) -> DestinationBusyError:
    """Return the error of the writer that came second."""
    return DestinationBusyError(
        f"{visible(url)} is there already: another run wrote it first; wait for that run, or choose another destination"
    )


def _flush_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
