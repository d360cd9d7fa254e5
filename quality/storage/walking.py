"""Walks a local folder: files, links followed but never in circles, and what only looks like a file."""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from quality.storage.addresses import is_hidden
from quality.storage.store import Entry


def walk(root: Path, start: Path, *, is_strict: bool = False) -> Iterator[Entry]:
    """Give the files below a folder, in no order; their keys are relative to `root`.

    Args:
        root: The store's folder.
        start: Where to begin: `root`, or a folder in it; one that is missing holds nothing.
        is_strict: Also give folders, and names that are no files, each with its `problem`.

    Raises:
        OSError: A folder cannot be listed; with `is_strict` that is a problem of the folder's.

    """
    try:
        names = sorted(os.scandir(start), key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        # What S3 calls an empty prefix is here a folder that is missing, or a file's name.
        if root.is_file():
            raise
        return
    except OSError as error:
        if not is_strict or start == root:
            raise
        yield _problem(root, start, f"cannot be listed: {os.strerror(error.errno or 0).lower()}")
        return
    for name in names:
        path = Path(name.path)
        if not _is_folder(name):
            yield from _entry(root, path, is_strict=is_strict)
        elif not is_hidden(name.name) and not (name.is_symlink() and _leads_back(path)):
            if is_strict:
                yield _problem(root, path, "is a folder, not a file")
            yield from walk(root, path, is_strict=is_strict)


def _is_folder(name: os.DirEntry[str]) -> bool:
    try:
        return name.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _leads_back(path: Path) -> bool:
    """Tell whether a link leads to a folder that it lies in: it would be walked for ever."""
    return path.parent.resolve().is_relative_to(path.resolve())


def _entry(root: Path, path: Path, *, is_strict: bool) -> Iterator[Entry]:
    try:
        status = path.stat()
    except OSError as error:
        if is_strict and path.is_symlink():
            yield _problem(root, path, "is a link to nothing")
        elif error.errno not in (errno.ENOENT, errno.ELOOP):  # deleted since it was listed
            raise
        return
    if stat.S_ISREG(status.st_mode):
        yield Entry(_key(root, path), status.st_size, f"{status.st_mtime_ns}-{status.st_size}-{status.st_ino}")
    elif is_strict:
        yield _problem(root, path, "is a pipe, not a file" if stat.S_ISFIFO(status.st_mode) else "is no file")


def _problem(root: Path, path: Path, what: str) -> Entry:
    return Entry(_key(root, path), 0, what, what)


def _key(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()
