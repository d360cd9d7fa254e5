"""A store in a local folder."""

import errno
import os
import stat
from collections.abc import Container, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO

from quality.errors import InputError, QualityError
from quality.storage.addresses import check_key, check_prefix, is_hidden
from quality.storage.files import appearing, file_errors
from quality.storage.local_lock import free_file, holding_file, look_at_file
from quality.storage.locks import Held
from quality.storage.store import Entry, check_size
from quality.storage.walking import walk
from quality.text import visible


class LocalStore:
    """A folder as a store; it is made by the first write."""

    def __init__(self, folder: Path, lock_wait: float = 0.0) -> None:
        self.address = str(folder)
        self.lock_wait = lock_wait
        self._folder = folder

    def entries(self, prefix: str = "", *, hidden: Container[str] = (), is_strict: bool = False) -> list[Entry]:
        """List the visible files under a prefix, sorted by key; links are followed."""
        start = self._folder / check_prefix(prefix).rpartition("/")[0]
        with file_errors("list", start, InputError):
            walked = walk(self._folder, start, is_strict=is_strict)
            found = [entry for entry in walked if entry.key in hidden or not is_hidden(entry.key)]
        return sorted((entry for entry in found if entry.key.startswith(prefix)), key=lambda entry: entry.key)

    def exists(self, key: str) -> bool:
        """Tell whether a file is there."""
        path = self._path(key)
        with file_errors("look for", path, InputError):
            return path.is_file()

    def read(self, key: str, most: int | None = None) -> bytes:
        """Return a file's bytes, `most` at most."""
        with self.open(key) as file, file_errors("read", self._path(key), InputError):
            check_size(os.fstat(file.fileno()).st_size, most, self.url(key))
            return file.read()

    def open(self, key: str) -> BinaryIO:
        """Open a file for reading at any position; a pipe or a device is none."""
        path = self._path(key)
        with file_errors("read", path, InputError):
            file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115 - a path's own `open` has no opener
        kind = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(kind):
            file.close()
            what = "a pipe" if stat.S_ISFIFO(kind) else "a device"
            raise InputError(f"cannot read {visible(str(path))}: it is {what}, not a file; name a file")
        return file

    @contextmanager
    def local_copy(self, key: str) -> Iterator[Path]:
        """Give the file's own path."""
        self.open(key).close()
        yield self._path(key)

    def write(self, key: str, data: bytes, *, if_absent: bool = False) -> None:
        """Write a file, whole or not at all; a link, unlike a move, has one winner among many."""
        path = self._path(key)
        with (
            appearing(path, os.link if if_absent else os.replace) as temporary,
            file_errors("write", path, QualityError),
        ):
            temporary.write_bytes(data)

    def writing(self, key: str) -> AbstractContextManager[Path]:
        """Give a hidden path in the same folder, moved to the key at a clean exit."""
        return appearing(self._path(key))

    def delete(self, key: str) -> None:
        """Remove a file; one that is not there is no error."""
        path = self._path(key)
        with file_errors("delete", path, QualityError):
            path.unlink(missing_ok=True)

    def check_writable(self) -> None:
        """Look at the folder, or at the nearest one above it that is there."""
        path = self._folder.absolute()
        with file_errors("write", self._folder, QualityError):
            while not path.exists() and path != path.parent:
                path = path.parent
            if not path.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, "", str(path))
            if not os.access(path, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, "", str(path))

    def url(self, key: str) -> str:
        """Return a file's full path for messages."""
        return visible(str(self._path(key)))

    def hold(self, key: str, lifetime: float) -> AbstractContextManager[None]:
        """Hold a lock file; the kernel ends its lifetime with the process."""
        del lifetime
        return holding_file(self._path(key))

    def holder(self, key: str) -> Held | None:
        """Say who holds the lock file; None where nobody does."""
        return look_at_file(self._path(key))

    def free(self, key: str) -> None:
        """Remove a lock file that nobody holds; a process that lives keeps its own."""
        free_file(self._path(key))

    def _path(self, key: str) -> Path:
        return self._folder / check_key(key)


def _without_waiting(path: str, flags: int) -> int:
    # A pipe that nobody writes to would keep its reader waiting for ever.
    return os.open(path, flags | os.O_NONBLOCK)
