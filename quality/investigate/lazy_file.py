"""A file of a store that is opened when it is first read, and fetched in the parts that are read."""

import io
from typing import Any, BinaryIO

from quality.storage import Store


class LazyFile(io.RawIOBase):
    """A seekable, read-only file of a known size; nothing is contacted before it is read."""

    def __init__(self, store: Store, key: str, size: int) -> None:
        super().__init__()
        self._store, self._key, self._size = store, key, size
        self._position = 0
        self._opened: BinaryIO | None = None

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that it can be read at any position."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position in bytes, and return it."""
        self._position = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence] + offset
        return self._position

    def tell(self) -> int:
        """Return the position in bytes."""
        return self._position

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - a writable buffer has no type before 3.12
        """Fill a buffer with the bytes at the position, and return their number."""
        if self._opened is None:
            self._opened = self._store.open(self._key)
        self._opened.seek(self._position)
        data = self._opened.read(len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def close(self) -> None:
        """Close the file, where it was opened."""
        if self._opened is not None:
            self._opened.close()
        super().close()
