"""Which files are meant: names, globs, folders and `s3://` addresses, each in the order of arrival."""

import glob
import os
import re
import stat
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
_KINDS = (
    *((stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"), (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device")),
    *((stat.S_ISDIR, "a folder"),),
)


@dataclass(frozen=True)
class Arrival:
    """One file that arrived.

    Attributes:
        address: Its full address, as messages and refused rows give it.
        store: Where it lies.
        key: Its name there.
        size: Its bytes.
        problem: Why it cannot be read; "" where it may.

    """

    address: str
    store: Store
    key: str
    size: int
    problem: str = ""


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
        taken = [arrival for arrival, is_named in found if is_named or _is_table(arrival)]
        skipped += [arrival.address for arrival, is_named in found if not (is_named or _is_table(arrival))]
        if not taken:
            what = f"it holds {len(found)} files, none a table by its name" if found else "there is no such file"
            raise InputError(f"{visible(address)}: {what}; name a file, a folder or a pattern such as 'in/*.csv'")
        arrivals += taken
    return Found(tuple(arrivals), tuple(skipped))


def _is_table(arrival: Arrival) -> bool:
    return bool(arrival.problem) or PurePosixPath(arrival.key).suffix.lower() in _ENDINGS


def _local(address: str) -> Iterator[tuple[Arrival, bool]]:
    open_store(address)  # refuses what is no address
    path = Path(address).expanduser()
    if path.is_dir():
        for file in sorted(_walk(path, (os.path.realpath(path),)), key=str):
            yield _arrival(file), False
        return
    is_there = os.path.lexists(path)
    for file in [path] if is_there or not _WILD.search(address) else sorted(_globbed(path)):
        if is_there or (os.path.lexists(file) and not file.is_dir()):
            yield _arrival(file), True


def _walk(folder: Path, above: tuple[str, ...]) -> Iterator[Path]:
    """Give the visible files below a folder, and the links that lead back into a folder above them."""
    try:
        entries = list(folder.iterdir())
    except OSError:
        yield folder  # its own problem says why
        return
    for path in entries:
        if path.name.startswith("."):
            continue
        real = os.path.realpath(path) if path.is_dir() else ""
        if real and real not in above:
            yield from _walk(path, (*above, real))
        else:
            yield path


def _arrival(path: Path) -> Arrival:
    """Describe a local file; one that cannot be read says why, and keeps no other from being read."""
    address = visible(str(path))
    size = 0
    try:
        status = path.stat()
        size, problem = status.st_size, _problem(path, status.st_mode)
    except OSError as error:
        problem = f"cannot be opened: {os.strerror(error.errno or 0).lower()}"
    if problem:
        return Arrival(address, open_store("."), "", 0, f"{address}: {problem}; nothing of it is read")
    parent, key = split_address(path)
    return Arrival(str(path), open_store(parent), key, size)


def _problem(path: Path, mode: int) -> str:
    if not stat.S_ISREG(mode):
        kind = next((kind for is_one, kind in _KINDS if is_one(mode)), "something else")
        what = "a link that leads back into its own folder" if kind == "a folder" and path.is_symlink() else kind
        return f"is no file but {what}" if os.access(path, os.R_OK) else "is a folder that may not be read"
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return "has a name that is not UTF-8: rename it"
    if "\\" in path.name:
        return "has a backslash in its name: rename it"
    return "" if os.access(path, os.R_OK) else "may not be read: check its owner and mode"


def _globbed(path: Path) -> list[Path]:
    # `Path.glob` takes no absolute pattern.
    return [Path(name) for name in glob.glob(str(path), recursive=True)]  # noqa: PTH207


def _s3(address: str, s3: S3Options | None) -> Iterator[tuple[Arrival, bool]]:
    named = _s3_object(address, s3)  # also a name that looks like a pattern
    if named:
        yield named, True
        return
    base, wild = _fixed_part(address)
    if wild:
        store = open_store(base, s3)
        pattern = re.compile(glob_regex(wild))
        for entry in store.entries():
            if pattern.fullmatch(entry.key):
                yield Arrival(store.url(entry.key), store, entry.key, entry.size), True
        return
    folder = open_store(address, s3)
    for entry in folder.entries():
        yield Arrival(folder.url(entry.key), folder, entry.key, entry.size), False


def _s3_object(address: str, s3: S3Options | None) -> Arrival | None:
    """Give the one object that an address names to the letter."""
    if address.endswith("/") or address.count("/") <= 2:  # noqa: PLR2004 - s3://bucket alone is a folder
        return None
    parent, name = split_address(address)
    store = open_store(parent, s3)
    found = next((entry for entry in store.entries(name) if entry.key == name), None)
    return Arrival(store.url(name), store, name, found.size) if found else None


def _fixed_part(address: str) -> tuple[str, str]:
    """Split an address before the first part that has a wildcard."""
    parts = address.split("/")
    first = next((position for position, part in enumerate(parts) if _WILD.search(part)), len(parts))
    return "/".join(parts[:first]), "/".join(parts[first:])


def glob_regex(pattern: str) -> str:
    """Give a glob as a regular expression: `*` stays within a folder, `**` does not."""
    tokens = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]]+\])", pattern)
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(
        known.get(token)
        or (token.replace("[!", "[^") if token.startswith("[") and len(token) > 1 else re.escape(token))
        for token in tokens
    )
