"""A text file's bytes as blocks of UTF-8, whatever its encoding."""

import codecs
import io
from collections.abc import Iterator

from quality.errors import InputError
from quality.text import visible

BLOCK_BYTES = 1 << 22
_HEAD = 4096
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def utf8_blocks(stream: io.BufferedReader, encoding: str | None, name: str) -> Iterator[bytes]:
    """Give a stream's text as blocks of bytes; those of a UTF-8 file as they are, valid or not.

    Args:
        stream: The file.
        encoding: What is said; None for UTF-8, or what a byte-order mark says.
        name: The file's name for messages.

    Raises:
        InputError: A text of a declared encoding breaks off or cannot be decoded; the file is binary.

    """
    head = stream.peek(_HEAD)[:_HEAD]
    found = encoding or next((codec for mark, codec in _MARKS if head.startswith(mark)), "utf-8")
    if not encoding and found == "utf-8":
        _refuse_binary(head, name)
    if found in ("utf-8", "utf-8-sig"):
        first = stream.read(BLOCK_BYTES).removeprefix(codecs.BOM_UTF8)
        if first:
            yield first
            while block := stream.read(BLOCK_BYTES):
                yield block
        return
    yield from _decoded(stream, found, name)


def _refuse_binary(head: bytes, name: str) -> None:
    nulls = head.count(0)
    if nulls > len(head) // 4:
        looks = "UTF-16 without a byte-order mark" if nulls > len(head) * 2 // 5 else "a binary file"
        raise InputError(
            f"{visible(name)}: is not UTF-8 text, and looks like {looks}; "
            "say --encoding utf-16-le, or give a CSV, Parquet or Arrow file"
        )
    controls = sum(byte < 9 or 13 < byte < 32 for byte in head)  # noqa: PLR2004 - tab to carriage return
    if controls > len(head) // 10:
        raise InputError(f"{visible(name)}: is a binary file of a kind that is not known; give CSV, Parquet or Arrow")


def _decoded(stream: io.BufferedReader, encoding: str, name: str) -> Iterator[bytes]:
    done = 0
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
        while block := stream.read(BLOCK_BYTES):
            text = decoder.decode(block)
            done += len(block)
            yield text.encode()
        if last := decoder.decode(b"", final=True):
            yield last.encode()
    except UnicodeError as error:
        where = done + (error.start if isinstance(error, UnicodeDecodeError) else 0)
        raise InputError(
            f"{visible(name)}: is not {encoding} text from byte {where} on; "
            "get the file again, or say its --encoding (utf-8, utf-16, latin-1, …)"
        ) from error
    except (LookupError, TypeError) as error:
        raise InputError(f"{visible(name)}: {encoding} is not an encoding of text") from error
