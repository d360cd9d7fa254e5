"""Temporary folders of this program: removed at exit, swept after a kill, and never named in a message."""

import os
import re
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from quality.errors import QualityError
from quality.storage.files import file_errors
from quality.storage.leftovers import lives, machine

_PREFIX = "pricewatch-"
_MADE_BY = re.compile(rf"{_PREFIX}([0-9a-f]{{8}})-(\d+)-\w+")
_lock = threading.Lock()
_originals: dict[str, str] = {}
_swept = threading.Event()


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Give a fresh folder for whatever is not to stay; removed at exit, or after a kill by the next process."""
    _sweep()
    place = Path(tempfile.gettempdir())
    with file_errors("make a temporary folder in", place, QualityError):
        made = tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{machine()}-{os.getpid()}-", ignore_cleanup_errors=True)
    with made as folder:
        yield Path(folder)


@contextmanager
def temporary_path(key: str, url: str) -> Iterator[Path]:
    """Give a path in a fresh folder for the content of the object at `url`; removed at exit."""
    with temporary_folder() as folder:
        # The key's folders stay: a path keeps saying which partition it is of.
        path = folder / key
        with _lock:
            _originals[str(path)] = url
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            yield path
        finally:
            with _lock:
                _originals.pop(str(path), None)


def name_originals(text: str) -> str:
    """Give a message with the addresses of objects where it has the paths of their temporary copies."""
    if _PREFIX not in text:
        return text
    with _lock:
        known = list(_originals.items())
    for path, url in known:
        text = text.replace(path, url)
    return text


def _sweep() -> None:
    """Remove, once a process, the temporary folders of processes that were killed."""
    if _swept.is_set():
        return
    _swept.set()
    with suppress(OSError):
        for folder in Path(tempfile.gettempdir()).iterdir():
            made_by = _MADE_BY.fullmatch(folder.name)
            if made_by and made_by[1] == machine() and not lives(int(made_by[2])) and _is_own(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_own(folder: Path) -> bool:
    return folder.is_dir() and not folder.is_symlink() and folder.stat().st_uid == os.getuid()
