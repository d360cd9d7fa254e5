"""A file on S3 that fetches only the bytes that are read."""

import io
from typing import Any

from quality.storage.s3_bucket import Bucket

BUFFER_BYTES = 256 * 1024


class S3Reader(io.RawIOBase):
    """A seekable, read-only view of one version of an object.

    Each read is one request for a range. Raises InputError where the object changed since it was opened.
    """

    def __init__(self, bucket: Bucket, name: str, size: int, etag: str) -> None:
        super().__init__()
        self._bucket = bucket
        self._name = name
        self._size = size
        self._etag = etag
        self._position = 0

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that it can be read at any position."""
        return True

    def tell(self) -> int:
        """Return the position in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position in bytes from the start, from here or from the end, and return it."""
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if origin + offset < 0:
            raise ValueError(f"cannot seek before the start: {origin + offset}")
        self._position = origin + offset
        return self._position

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  (a writable buffer has no type before 3.12)
        """Fill a buffer with the bytes at the position, and return their number; 0 at the end."""
        end = min(self._position + len(buffer), self._size)
        if end <= self._position:
            return 0
        data = self._bucket.get(
            self._name,
            lambda answer: bytes(answer["Body"].read()),
            Range=f"bytes={self._position}-{end - 1}",
            IfMatch=self._etag,
        )
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)
