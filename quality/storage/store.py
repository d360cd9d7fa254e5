"""What every store offers, wherever its files lie."""

from collections.abc import Container
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from quality.errors import InputError, UsageError
from quality.storage.locks import Held


@dataclass(frozen=True)
class Entry:
    """One file of a store."""

    key: str
    """Its name: posix, relative to the store's address."""
    size: int
    """Its length in bytes."""
    version: str
    """A text that changes whenever the content does."""
    problem: str = ""
    """What it is instead of a file; "" for a file."""


@dataclass(frozen=True)
class S3Options:
    """How S3 is reached; credentials come by boto3's usual chain only (`AWS_*`, profiles, roles)."""

    endpoint_url: str | None = None
    """The server's address; None for `AWS_ENDPOINT_URL`, or else AWS itself."""
    region: str | None = None
    """The bucket's region; None for `AWS_DEFAULT_REGION` or the profile's."""
    connect_timeout: float = 5.0
    """Seconds to wait for a connection."""
    read_timeout: float = 30.0
    """Seconds to wait for an answer, or for the next bytes of one."""
    attempts: int = 20
    """How often a request is tried in all, with a growing, random pause between."""
    patience: float = 60.0
    """Seconds for which a server that fails is tried again, all requests together; a quarter if it never answered."""
    lock_wait: float = 0.0
    """Seconds to wait for a place that another run holds; this one concerns local folders too."""

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise UsageError(f"s3.attempts: {self.attempts} is less than 1")


def check_size(size: int, most: int | None, url: str) -> None:
    """Make sure that a file is no larger than `most` bytes; InputError where it is."""
    if most is not None and size > most:
        raise InputError(f"cannot read {url}: it holds {size:,} bytes, more than the {most:,} that it may; check it")


class Store(Protocol):
    """A folder of files under one address.

    Keys are posix and relative; one that is empty, absolute, or contains `..` or a NUL raises UsageError.
    Reading raises InputError; writing raises QualityError locally and DeliveryError on S3. Each message
    names the address, the cause and what to do next.
    """

    @property
    def address(self) -> str:
        """The store's own address, as given."""
        ...

    @property
    def lock_wait(self) -> float:
        """Seconds to wait for another run that holds the store."""
        ...

    def entries(self, prefix: str = "", *, hidden: Container[str] = (), is_strict: bool = False) -> list[Entry]:
        """List the files whose keys start with a prefix, at any depth, sorted by key.

        Hidden files (any part of the key starts with ".") are left out, but for those that `hidden` names. A folder
        that does not exist has no entries; a bucket that does not exist is an InputError. With `is_strict`, local names
        that are no files (a folder, a pipe, a link to nothing) are listed too, each with its `problem`.
        """
        ...

    def exists(self, key: str) -> bool:
        """Tell whether a file is there."""
        ...

    def read(self, key: str, most: int | None = None) -> bytes:
        """Return a file's bytes; InputError where it holds more than `most`."""
        ...

    def open(self, key: str) -> BinaryIO:
        """Open a file for reading at any position; on S3 only what is read is fetched."""
        ...

    def local_copy(self, key: str) -> AbstractContextManager[Path]:
        """Give a local path with the file's content: the file itself, or a copy removed at exit."""
        ...

    def write(self, key: str, data: bytes, *, if_absent: bool = False) -> None:
        """Write a file, whole or not at all.

        With `if_absent`, of several racing writers exactly one wins; the others, and any later one,
        get DestinationBusyError.
        """
        ...

    def writing(self, key: str) -> AbstractContextManager[Path]:
        """Give a local temporary path to write to; at a clean exit the file appears whole under the key.

        On an exception, or when the process dies, nothing appears.
        """
        ...

    def delete(self, key: str) -> None:
        """Remove a file; one that is not there is no error."""
        ...

    def check_writable(self) -> None:
        """Make sure, as far as can be told without writing, that files can be written; nothing is changed.

        Raises QualityError locally and DeliveryError on S3.
        """
        ...

    def url(self, key: str) -> str:
        """Return a file's full address for messages, with control characters escaped."""
        ...

    def hold(self, key: str, lifetime: float) -> AbstractContextManager[None]:
        """Hold the lock under a key; see `quality.storage.holding`."""
        ...

    def holder(self, key: str) -> Held | None:
        """Say who holds the lock under a key; None where nobody does."""
        ...

    def free(self, key: str) -> None:
        """Remove the lock under a key.

        Raises DestinationBusyError for a local lock whose process lives: the kernel alone can free that.
        """
        ...
