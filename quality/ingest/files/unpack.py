"""Takes files out of their wrappings: gz, bz2, zst, zip and tar, also one in another, as streams."""

import bz2
import gzip
import io
import lzma
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast

from quality.errors import InputError
from quality.storage import temporary_folder
from quality.text import visible

_HEAD = 512
_DEEPEST = 4
_BUFFER = 1 << 20
_DAMAGE = (
    *(zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, zlib.error, lzma.LZMAError),
    *(EOFError, OSError, RuntimeError, NotImplementedError, ValueError),
)


# A member's name in its archive, "" where that has but one; and its content, or why there is none.
Unpacked = tuple[str, BinaryIO | Exception]


@dataclass(frozen=True)
class Member:
    """One table file, out of all wrappings.

    Attributes:
        name: The file's address, and within an archive `archive/member`.
        path: The name alone, such as `daily/AAPL.csv`: what a pattern for tickers sees.
        stream: Its bytes, unpacked while they are read; use it before the next member is taken.
        problem: Why it cannot be read; "" where it may.
        file: Where it lies on disk, if it is not packed.

    """

    name: str
    path: str
    stream: io.BufferedReader
    problem: str = ""
    file: Path | None = None


def members(stream: BinaryIO, name: str, is_wanted: Callable[[str], bool] = lambda _path: True) -> Iterator[Member]:
    """Give the table files in a file: itself, or what is packed in it, however deep.

    Hidden members (a part of the name starts with "." or "__MACOSX") are no tables and left out. A member that
    is damaged, locked or of an unknown kind is given with its problem, and takes no other along.

    Args:
        stream: The file.
        name: Its address.
        is_wanted: Tells of a member's name within its archive whether it is to be read.

    Raises:
        InputError: The file itself is damaged, here or while a member is read.

    """
    guarded = _guarded(stream, name)
    file = Path(str(stream.name)) if isinstance(stream, io.FileIO) else None
    for member in _walk(guarded, name, name.replace("\\", "/"), 0, is_wanted):
        yield replace(member, file=file) if member.stream is guarded else member


def _walk(
    stream: io.BufferedReader, name: str, path: str, depth: int, is_wanted: Callable[[str], bool]
) -> Iterator[Member]:
    opener = _opener(stream.peek(_HEAD)[:_HEAD])
    if opener is None:
        yield Member(name, path, stream)
        return
    if depth >= _DEEPEST:
        raise InputError(f"{visible(name)}: is packed more than {_DEEPEST} times over; unpack it first")
    with damage(name):
        for inner, unpacked in opener(stream, path):
            whole = f"{name}/{inner}" if inner else name
            if not inner or _is_archive(inner) or is_wanted(inner):
                yield from _alone(unpacked, whole, inner or _without_ending(path), depth + 1, is_wanted)


def _alone(
    unpacked: BinaryIO | Exception, name: str, path: str, depth: int, is_wanted: Callable[[str], bool]
) -> Iterator[Member]:
    """Walk one member of an archive; what is wrong with it is its own problem."""
    try:
        with damage(name):
            if isinstance(unpacked, Exception):
                raise unpacked
            check_name(path)
            yield from _walk(_guarded(unpacked, name), name, path, depth, is_wanted)
    except InputError as error:
        yield Member(name, path, io.BufferedReader(cast("io.RawIOBase", io.BytesIO())), str(error))


def check_name(path: str) -> None:
    """Refuse a name that is not Unicode.

    Raises:
        InputError: It is not.

    """
    try:
        path.encode()
    except UnicodeEncodeError:
        raise InputError(f"{visible(path)}: has a name that is not UTF-8: rename it") from None


def _is_archive(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in (".zip", ".tar", ".tgz") or ".tar." in name.lower()


def _opener(head: bytes) -> Callable[[io.BufferedReader, str], Iterator[Unpacked]] | None:
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip
    if head[257:262] == b"ustar":
        return _tar
    if head.startswith(b"\x1f\x8b"):
        return _gz
    if head.startswith(b"BZh") and head[4:10] in (b"1AY&SY", b"\x17rE8P\x90"):
        return _bz2
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        return _zst
    return None


def _gz(stream: io.BufferedReader, path: str) -> Iterator[Unpacked]:
    del path
    yield "", cast("BinaryIO", gzip.GzipFile(fileobj=stream))


def _bz2(stream: io.BufferedReader, path: str) -> Iterator[Unpacked]:
    del path
    yield "", cast("BinaryIO", bz2.BZ2File(stream))


def _zst(stream: io.BufferedReader, path: str) -> Iterator[Unpacked]:
    del path
    import pyarrow as pa  # noqa: PLC0415 - only who has such files pays for the import

    yield "", cast("BinaryIO", pa.CompressedInputStream(pa.PythonFile(stream, mode="r"), "zstd"))


def _tar(stream: io.BufferedReader, path: str) -> Iterator[Unpacked]:
    del path
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for entry in archive:
            content = archive.extractfile(entry) if entry.isfile() and not _is_hidden(entry.name) else None
            if content is not None:
                yield entry.name, cast("BinaryIO", content)


def _zip(stream: io.BufferedReader, path: str) -> Iterator[Unpacked]:
    with ExitStack() as stack:
        seekable = stream if stream.seekable() else stack.enter_context(temporary_copy(stream))
        archive = stack.enter_context(zipfile.ZipFile(seekable))
        names = set(archive.namelist())
        if "[Content_Types].xml" in names:
            raise InputError(f"{visible(path)}: is an office document, not a table; save the sheet as CSV")
        for entry in archive.infolist():
            if not entry.is_dir() and not _is_hidden(entry.filename):
                yield from _member(archive, entry)


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[Unpacked]:
    name = entry.filename.replace("\\", "/")
    try:
        content = archive.open(entry)
    except _DAMAGE as error:
        yield name, error
        return
    with content:
        yield name, cast("BinaryIO", content)


@contextmanager
def temporary_copy(stream: BinaryIO) -> Iterator[BinaryIO]:
    """Give a seekable copy of a stream, on disk for as long as it is used."""
    with temporary_folder() as folder, (folder / "copy").open("w+b") as copy:
        shutil.copyfileobj(stream, copy, _BUFFER)
        copy.flush()
        copy.seek(0)
        yield cast("BinaryIO", copy)


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts if part not in (".", ".."))


def _without_ending(path: str) -> str:
    return str(Path(path).with_suffix("")) if Path(path).suffix.lower() in (".gz", ".bz2", ".zst") else path


@contextmanager
def damage(name: str) -> Iterator[None]:
    """Turn what goes wrong while unpacking into an error that names the file."""
    try:
        yield
    except InputError:
        raise
    except _DAMAGE as error:
        locked = "encrypted" in str(error) or "password" in str(error)
        what = "is locked by a password" if locked else f"is damaged or did not arrive whole ({error})"
        raise InputError(f"{visible(name)}: {what}; get the file again") from error


class _Guarded(io.RawIOBase):
    """A stream whose errors name the file."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        super().__init__()
        self._stream = stream
        self._name = name

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return bool(self._stream.seekable()) and not isinstance(self._stream, gzip.GzipFile | bz2.BZ2File)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)  # archives try places that may not exist

    def tell(self) -> int:
        return self._stream.tell()

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  (a writable buffer has no type before 3.12)
        with damage(self._name):
            data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _guarded(stream: BinaryIO, name: str) -> io.BufferedReader:
    return io.BufferedReader(cast("io.RawIOBase", _Guarded(stream, name)), _BUFFER)
