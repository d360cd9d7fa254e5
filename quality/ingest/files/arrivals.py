"""Which files are meant: names, globs, folders and `s3://` addresses, each in the order of arrival."""

import glob
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from quality.errors import InputError
from quality.storage import S3Options, Store, open_store, split_address
from quality.text import visible

# What is taken from a folder; a file that is named itself is read whatever its ending.
_ENDINGS = frozenset(
    {".csv", ".tsv", ".txt", ".psv", ".dat", ".parquet", ".pq", ".arrow", ".feather", ".ipc"}
    | {".gz", ".zst", ".bz2", ".zip", ".tar", ".tgz"}
)
_WILD = re.compile(r"[*?\[]")
_SCHEME = "s3://"


@dataclass(frozen=True)
class Arrival:
    """One file that arrived.

    Attributes:
        address: Its full address, as messages and refused rows give it.
        store: Where it lies.
        key: Its name there.
        size: Its bytes.

    """

    address: str
    store: Store
    key: str
    size: int


@dataclass(frozen=True)
class Found:
    """The files of some addresses, and what a folder held besides that is no table by its name."""

    arrivals: tuple[Arrival, ...]
    skipped: tuple[str, ...]


def find_arrivals(addresses: Sequence[str], s3: S3Options | None = None) -> Found:
    """List the files that addresses mean: in the order given, and by name within a folder or a glob.

    Raises:
        InputError: An address means no file.

    """
    arrivals: list[Arrival] = []
    skipped: list[str] = []
    for address in addresses:
        found = list(_s3(address, s3) if address.startswith(_SCHEME) else _local(address))
        taken = [arrival for arrival, is_named in found if is_named or _is_table(arrival.key)]
        skipped += [arrival.address for arrival, is_named in found if not (is_named or _is_table(arrival.key))]
        if not taken:
            what = f"it holds {len(found)} files, none a table by its name" if found else "there is no such file"
            raise InputError(f"{visible(address)}: {what}; name a file, a folder or a pattern such as 'in/*.csv'")
        arrivals += taken
    return Found(tuple(arrivals), tuple(skipped))


def _is_table(key: str) -> bool:
    return PurePosixPath(key).suffix.lower() in _ENDINGS


def _local(address: str) -> Iterator[tuple[Arrival, bool]]:
    store = open_store(address)  # also refuses what is no address
    path = Path(address).expanduser()
    if path.is_dir():
        for entry in store.entries():
            yield Arrival(str(path / entry.key), store, entry.key, entry.size), False
        return
    named = [path] if path.exists() or not _WILD.search(address) else sorted(_globbed(path))
    for file in named:
        if file.is_dir() or (not file.exists() and len(named) > 1):
            continue
        parent, key = split_address(file)
        size = file.stat().st_size if file.exists() else 0
        if not file.exists():
            return
        yield Arrival(str(file), open_store(parent), key, size), True


def _globbed(path: Path) -> list[Path]:
    # `Path.glob` takes no absolute pattern.
    return [Path(name) for name in glob.glob(str(path), recursive=True)]  # noqa: PTH207


def _s3(address: str, s3: S3Options | None) -> Iterator[tuple[Arrival, bool]]:
    base, wild = _fixed_part(address)
    if wild:
        store = open_store(base, s3)
        pattern = re.compile(_regex(wild))
        for entry in store.entries():
            if pattern.fullmatch(entry.key):
                yield Arrival(store.url(entry.key), store, entry.key, entry.size), True
        return
    if not address.endswith("/") and address.count("/") > 2:  # noqa: PLR2004 - s3://bucket alone is a folder
        parent, name = split_address(address)
        store = open_store(parent, s3)
        for entry in store.entries(name):
            if entry.key == name:
                yield Arrival(store.url(name), store, name, entry.size), True
                return
    folder = open_store(address, s3)
    for entry in folder.entries():
        yield Arrival(folder.url(entry.key), folder, entry.key, entry.size), False


def _fixed_part(address: str) -> tuple[str, str]:
    """Split an address before the first part that has a wildcard."""
    parts = address.split("/")
    first = next((at for at, part in enumerate(parts) if _WILD.search(part)), len(parts))
    return "/".join(parts[:first]), "/".join(parts[first:])


def _regex(pattern: str) -> str:
    """Give a glob as a regular expression: `*` stays within a folder, `**` does not."""
    tokens = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]]+\])", pattern)
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(
        known.get(token)
        or (token.replace("[!", "[^") if token.startswith("[") and len(token) > 1 else re.escape(token))
        for token in tokens
    )
