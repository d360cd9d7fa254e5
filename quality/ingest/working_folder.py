"""The temporary folder of one ingest: where a delivery is laid out, a disk can be too small for it."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from quality.errors import QualityError
from quality.storage import temporary_folder


@contextmanager
def working_folder() -> Iterator[Path]:
    """Give a temporary folder (`storage.temporary_folder`).

    Raises:
        QualityError: There is no place for it, or the disk is full.

    """
    try:
        with temporary_folder() as folder:
            yield folder
    except OSError as error:
        raise QualityError(
            f"cannot work in {tempfile.gettempdir()}: {os.strerror(error.errno or 0).lower()}; free some space, or "
            "set TMPDIR to another folder"
        ) from error
