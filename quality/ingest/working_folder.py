"""The temporary folder of one ingest: removed at its end, and by the next ingest where a run was killed."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from quality.errors import DestinationBusyError, QualityError
from quality.storage import holding, open_store

_PREFIX = "pricewatch-ingest-"
# Younger folders may be of a run that has not locked its own yet.
_SECONDS_TO_LOCK = 60


@contextmanager
def working_folder() -> Iterator[Path]:
    """Give a temporary folder, locked as long as this run lives; those of runs that died are removed first.

    Raises:
        QualityError: There is no place for it, or the disk is full.

    """
    base = Path(tempfile.gettempdir())
    _remove_left_behind(base)
    try:
        with (
            tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as folder,
            holding(open_store(folder)),
        ):
            inner = Path(folder, "work")
            inner.mkdir()
            yield inner
    except OSError as error:
        raise QualityError(
            f"cannot work in {base}: {os.strerror(error.errno or 0).lower()}; free some space, or "
            "set TMPDIR to another folder"
        ) from error


def _remove_left_behind(base: Path) -> None:
    for folder in base.glob(f"{_PREFIX}*"):
        with suppress(OSError, QualityError):  # another user's, or gone meanwhile
            is_old = time.time() - folder.stat().st_mtime > _SECONDS_TO_LOCK
            if is_old and not folder.is_symlink() and folder.stat().st_uid == os.getuid():
                _remove_unless_locked(folder)


def _remove_unless_locked(folder: Path) -> None:
    try:
        with holding(open_store(folder)):
            shutil.rmtree(folder, ignore_errors=True)
    except DestinationBusyError:
        return  # its run lives
