"""The one door to files: local folders and `s3://bucket/prefix`, read and written alike."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from quality.errors import UsageError
from quality.storage.addresses import S3_SCHEME, local_path, split_s3
from quality.storage.local import LocalStore
from quality.storage.locks import LIFETIME_SECONDS, Held, waiting_for
from quality.storage.store import Entry, S3Options, Store
from quality.storage.temporary import name_originals, temporary_folder

__all__ = [
    "LOCK_KEY",
    "Entry",
    "Held",
    "S3Options",
    "Store",
    "browser_link",
    "has_link",
    "holding",
    "is_local",
    "is_same_place",
    "lies_at",
    "lies_in",
    "local_copies",
    "name_originals",
    "open_store",
    "overlaps",
    "read_file",
    "split_address",
    "temporary_folder",
    "write_file",
]

# What a file may hold that is read whole: a day's prices, not a history.
MOST_BYTES = 1 << 28


LOCK_KEY = ".lock"


def open_store(address: str | Path, options: S3Options | None = None) -> Store:
    """Open the folder or the `s3://bucket/prefix` at an address; nothing is contacted or made yet.

    `options` concern S3, all but `lock_wait`. Credentials come from boto3's usual chain (`AWS_*`, profiles, roles).
    Raises UsageError for an address that is neither a local path nor `s3://bucket/prefix`.
    """
    text = str(address)
    if not text.startswith(S3_SCHEME):
        return LocalStore(local_path(text), options.lock_wait if options else 0.0)
    bucket, prefix = split_s3(text)
    # boto3 takes longer to import than the rest of the program: only S3 addresses pay for it.
    from quality.storage.s3 import S3Store  # noqa: PLC0415

    return S3Store(bucket, prefix, options or S3Options())


def is_local(store: Store) -> bool:
    """Tell whether a store's files lie on this machine: their local copies are they themselves."""
    return isinstance(store, LocalStore)


def is_same_place(one: Store, other: Store) -> bool:
    """Tell whether two stores are one, however their addresses are spelled."""
    return _place(one.address) == _place(other.address)


def overlaps(one: Store, other: Store) -> bool:
    """Tell whether two stores are one, or one lies within the other."""
    return lies_in(one, other) or lies_in(other, one)


def lies_in(inner: Store, outer: Store) -> bool:
    """Tell whether a store lies within another, or is the other."""
    return lies_at(inner, outer.address)


def lies_at(inner: Store, address: str) -> bool:
    """Tell whether a store lies at an address, or within it; nothing is contacted."""
    return f"{_place(inner.address).rstrip('/')}/".startswith(f"{_place(address).rstrip('/')}/")


def has_link(store: Store, key: str) -> bool:
    """Tell whether a key, or a folder on the way to it, is a link: what is written there lands elsewhere."""
    if store.address.startswith(S3_SCHEME):
        return False
    path = Path(store.address).expanduser()
    return any((path := path / part).is_symlink() for part in key.split("/"))


def _place(address: str) -> str:
    return address if address.startswith(S3_SCHEME) else str(Path(address).resolve())


def browser_link(store: Store) -> str:
    """Give the address at which a browser shows a store; "" where there is none that is known."""
    endpoint = getattr(store, "endpoint", "")
    if ".amazonaws.com" not in endpoint:
        return ""
    bucket, prefix = split_s3(store.address)
    return f"https://s3.console.aws.amazon.com/s3/buckets/{bucket}?prefix={prefix}/"


def split_address(address: str | Path) -> tuple[str, str]:
    """Split the address of one file into the address of its store and its key there.

    Raises UsageError where the address names a folder, a bucket or nothing.
    """
    text = str(address)
    if text.startswith(S3_SCHEME):
        bucket, prefix = split_s3(text)
        folder, _, name = prefix.rpartition("/")
        parent = f"{S3_SCHEME}{bucket}/{folder}".rstrip("/")
    else:
        path = local_path(text)
        parent, name = str(path.parent), path.name
    if name in ("", "..") or text.endswith("/"):
        raise UsageError(f"{text!r} names a folder or a bucket, not a file: add the file's name")
    return parent, name


def read_file(address: str | Path, options: S3Options | None = None, most: int = MOST_BYTES) -> bytes:
    """Return the bytes of one file anywhere; raises InputError where it cannot be read or holds more than `most`."""
    parent, name = split_address(address)
    return open_store(parent, options).read(name, most)


def write_file(address: str | Path, data: bytes, options: S3Options | None = None) -> None:
    """Write one file anywhere, whole or not at all; errors as `Store.write`."""
    parent, name = split_address(address)
    open_store(parent, options).write(name, data)


def holding(store: Store, key: str = LOCK_KEY, *, lifetime: float = LIFETIME_SECONDS) -> AbstractContextManager[None]:
    """Hold a store for one run: a second run on the same store is told who holds it, and stops.

    Locally the kernel frees the lock when the process ends, however it ends. On S3 the lock is renewed
    while it is held, and may be taken over once `lifetime` seconds went by without a renewal. Where another
    run holds the store it is waited for, as long as the store's options say (`lock_wait`).
    Raises DestinationBusyError on entry where another run holds the store, and on a clean exit where
    the lock was lost meanwhile; InputError, DeliveryError or QualityError where the store fails.
    """
    return waiting_for(lambda: store.hold(key, lifetime), store.lock_wait)


@contextmanager
def local_copies(store: Store, keys: Sequence[str], at_once: int = 8) -> Iterator[dict[str, Path]]:
    """Give files local paths, by key: themselves, or copies that are removed at exit.

    Copies are fetched `at_once` at a time. Errors as `Store.local_copy`.
    """
    with ExitStack() as stack, ThreadPoolExecutor(at_once) as pool:
        paths = list(pool.map(lambda key: stack.enter_context(store.local_copy(key)), keys))
        yield dict(zip(keys, paths, strict=True))
