"""A store under a prefix of an S3 bucket."""

import io
import shutil
from collections.abc import Container, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from quality.errors import InputError, QualityError
from quality.storage.addresses import check_key, check_prefix, check_text, is_hidden
from quality.storage.files import DISK_FULL, file_errors
from quality.storage.locks import Held
from quality.storage.s3_bucket import Bucket
from quality.storage.s3_lease import free_lease, holding_lease, look_at_lease
from quality.storage.s3_reader import BUFFER_BYTES, S3Reader
from quality.storage.store import Entry, S3Options, check_size
from quality.storage.temporary import temporary_path
from quality.text import visible

ONE_PUT_BYTES = 5 * 1024**3
_PROBE = ".pricewatch-doctor"
_COPY_BYTES = 1024 * 1024


class S3Store:
    """A prefix of a bucket as a store; every write is one PUT, so files appear whole."""

    def __init__(self, bucket: str, prefix: str, options: S3Options) -> None:
        self.address = f"s3://{bucket}/{prefix}".rstrip("/")
        self.lock_wait = options.lock_wait
        self._bucket = Bucket(bucket, options)
        self.endpoint = self._bucket.endpoint
        self._base = f"{prefix}/" if prefix else ""

    def entries(self, prefix: str = "", *, hidden: Container[str] = (), is_strict: bool = False) -> list[Entry]:
        """List the visible files under a prefix, sorted by key; a folder's placeholder is no file."""
        del is_strict  # whatever has a name here is a file
        listed = self._bucket.objects(self._base + check_prefix(prefix))
        found = [self._entry(item) for item in listed if not item["Key"].endswith("/")]
        visible_ones = (entry for entry in found if entry.key in hidden or not is_hidden(entry.key))
        return sorted(visible_ones, key=lambda entry: entry.key)

    def exists(self, key: str) -> bool:
        """Tell whether a file is there."""
        return self._find(key) is not None

    def read(self, key: str, most: int | None = None) -> bytes:
        """Return a file's bytes, `most` at most."""

        def take(answer: dict[str, Any]) -> bytes:
            check_size(answer["ContentLength"], most, self.url(key))
            return bytes(answer["Body"].read())

        return self._bucket.get(self._name(key), take)

    def open(self, key: str) -> BinaryIO:
        """Open a file for reading at any position, fetching only what is read."""
        entry = self._find(key)
        if entry is None:
            raise InputError(f"cannot read {self.url(key)}: there is no such file; check the address")
        reader = S3Reader(self._bucket, self._name(key), entry.size, entry.version)
        return io.BufferedReader(reader, BUFFER_BYTES)

    @contextmanager
    def local_copy(self, key: str) -> Iterator[Path]:
        """Give a downloaded copy, removed at exit."""
        with temporary_path(key, self.url(key)) as path:
            with file_errors("write", path, QualityError):
                self._bucket.get(self._name(key), lambda answer: _save(answer["Body"], path))
            yield path

    def write(self, key: str, data: bytes, *, if_absent: bool = False) -> None:
        """Write a file by one PUT, whole or not at all."""
        conditions = {"IfNoneMatch": "*"} if if_absent else {}
        self._bucket.put(self._name(key), data, **conditions)

    @contextmanager
    def writing(self, key: str) -> Iterator[Path]:
        """Give a local temporary path, uploaded under the key at a clean exit."""
        name = self._name(key)
        with temporary_path(key, self.url(key)) as path:
            with file_errors("write", path, QualityError, only=DISK_FULL):
                yield path
            with file_errors("read", path, QualityError):
                self._upload(path, name)

    def delete(self, key: str) -> None:
        """Remove a file; one that is not there is no error."""
        self._bucket.delete(self._name(key))

    def check_writable(self) -> None:
        """Begin an upload and give it up: nothing appears."""
        self._bucket.begin_to_write(f"{self._base}{_PROBE}")

    def url(self, key: str) -> str:
        """Return a file's full address for messages."""
        return visible(self._bucket.url(self._name(key)))

    def hold(self, key: str, lifetime: float) -> AbstractContextManager[None]:
        """Hold a lock object, renewed while it is held."""
        return holding_lease(self._bucket, self._name(key), lifetime)

    def holder(self, key: str) -> Held | None:
        """Say who holds the lock object; None where there is none."""
        return look_at_lease(self._bucket, self._name(key))

    def free(self, key: str) -> None:
        """Remove the lock object, whoever holds it."""
        free_lease(self._bucket, self._name(key))

    def _name(self, key: str) -> str:
        return self._base + check_text(check_key(key))

    def _entry(self, listed: dict[str, Any]) -> Entry:
        return Entry(listed["Key"].removeprefix(self._base), listed["Size"], listed["ETag"])

    def _find(self, key: str) -> Entry | None:
        # A listing, unlike HEAD, tells a missing file from a missing bucket and says why it was refused.
        first = next(self._bucket.objects(self._name(key), limit=1), None)
        return self._entry(first) if first and first["Key"] == self._name(key) else None

    def _upload(self, path: Path, name: str) -> None:
        if path.stat().st_size > ONE_PUT_BYTES:
            self._bucket.upload(name, str(path))
            return
        with path.open("rb") as file:
            self._bucket.put(name, file)


def _save(body: BinaryIO, path: Path) -> None:
    with path.open("wb") as file:
        shutil.copyfileobj(body, file, _COPY_BYTES)
