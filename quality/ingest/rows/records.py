"""Blocks of CSV text to columns of texts: regular lines at the speed of Polars, all others one by one."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from quality.errors import InputError
from quality.findings.quarantine import ROW_SCHEMA, Refusal, refusals
from quality.text import visible

_NEWLINE, _RETURN, _QUOTE = 10, 13, 34
_LONGEST_LINE = 1 << 26
# A quoted field goes on over this many lines at most; beyond, its first quotation mark is a stray.
_LINES_A_RECORD = 64
_MOST_REFUSED = 100_000
# A field in quotation marks on one line, after and before what may stand beside a field.
_FIELD = rb'(?:\A|(?<=[,;|\t\r\n]))"(?:[^"\n]|"")*'
_QUOTED = re.compile(rb"(" + _FIELD + rb'"(?=[,;|\t\r\n]|\Z)' + rb")")
_QUOTED_OR_BEGUN = re.compile(rb"(" + _FIELD + rb'(?:"(?=[,;|\t\r\n]|\Z)|\Z)' + rb")")


class NoRecordsError(ValueError):
    """A text of which most lines are no records; the message says why."""


Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Batch:
    """Some records of a table.

    Attributes:
        columns: One series a column, by position; names are the header's business.
        lines: The line on which each record begins, from 1 (of a Parquet file, the row).
        refused: Lines that are no records, as `refused.ROW_SCHEMA`.

    """

    columns: list[pl.Series]
    lines: pl.Series
    refused: pl.DataFrame


@dataclass(frozen=True)
class Shape:
    """What makes a line a record: the delimiter, and how many fields there are."""

    delimiter: str
    width: int


def read_records(blocks: Iterable[bytes], shape: Shape, name: str, first_line: int = 1) -> Iterator[Batch]:
    """Read blocks of text as records.

    Args:
        blocks: UTF-8 text, cut anywhere.
        shape: The form of a record.
        name: The file's name for messages.
        first_line: The number of the first line.

    Raises:
        InputError: A line is so long that the file is no table.

    """
    line = first_line
    for block in whole_lines(blocks, name):
        try:
            batch = regular_batch(block, shape, line) or _one_by_one(block, shape, line)
        except NoRecordsError as error:
            raise InputError(f"{visible(name)}: {error}") from error
        yield batch
        line += int(np.count_nonzero(np.frombuffer(block, dtype=np.uint8) == _NEWLINE))


def whole_lines(blocks: Iterable[bytes], name: str) -> Iterator[bytes]:
    r"""Cut blocks anew, after line ends outside of quotation marks; there `\r` becomes `\n`, and everywhere `\r\n`."""
    rest = b""
    for block in blocks:
        text = rest + block
        kept_back = text[-1:] if text.endswith(b"\r") else b""  # its `\n` may come with the next block
        text = _unix(text[: len(text) - len(kept_back)])
        cut = _cut(text)
        if cut:
            yield text[:cut]
        rest = text[cut:] + kept_back
        if len(rest) > _LONGEST_LINE:
            raise InputError(f"{visible(name)}: has a line of more than {_LONGEST_LINE >> 20} MiB: it is no table")
    if rest:
        yield _unix(rest, is_end=True)


def _unix(text: bytes, *, is_end: bool = False) -> bytes:
    if b"\r" not in text:
        return text
    text = text.replace(b"\r\n", b"\n")
    if b"\r" not in text or b'"' not in text:
        return text.replace(b"\r", b"\n")
    # A return within a quoted field is a part of it; the last field may end in the next block.
    pieces = (_QUOTED if is_end else _QUOTED_OR_BEGUN).split(text)
    return b"".join(piece if position % 2 else piece.replace(b"\r", b"\n") for position, piece in enumerate(pieces))


def _cut(text: bytes) -> int:
    """Give where the last whole record ends; a quotation mark that never closes does not hold up the rest."""
    end = text.rfind(b"\n") + 1
    if b'"' not in text or text.count(b'"', 0, end) % 2 == 0:
        return end
    earlier = end
    for _ in range(_LINES_A_RECORD):
        earlier = text.rfind(b"\n", 0, earlier - 1) + 1
        if earlier <= 0:
            break
        if text.count(b'"', 0, earlier) % 2 == 0:
            return earlier
    return end


def regular_batch(block: bytes, shape: Shape, first_line: int) -> Batch | None:
    """Read a block whose irregular lines can be told by counting; None where quotation marks are astray.

    Raises:
        NoRecordsError: Most of its very many lines are irregular.

    """
    if b"\0" in block or shape.width == 1:
        return None
    text = block if block.endswith(b"\n") else block + b"\n"
    data = np.frombuffer(text, dtype=np.uint8)
    marks = np.flatnonzero((data == _NEWLINE) | (data == ord(shape.delimiter)))
    quoted = b'"' in text
    starts = None
    if quoted:
        quotes = np.flatnonzero(data == _QUOTE)
        if not _orderly(data, quotes, ord(shape.delimiter)):
            return None
        inside = np.searchsorted(quotes, marks) % 2 == 1
        if inside.any():
            newlines = marks[data[marks] == _NEWLINE]
            marks = marks[~inside]
            ends = marks[data[marks] == _NEWLINE]
            starts = np.concatenate(([0], np.searchsorted(newlines, ends)[:-1] + 1))
    is_end = data[marks] == _NEWLINE
    ends_at = np.flatnonzero(is_end)
    irregular = np.diff(ends_at, prepend=-1) != shape.width
    lines = (np.arange(len(ends_at)) if starts is None else starts) + first_line
    if not irregular.any():
        return _parsed(text, shape, lines, [], quoted=quoted)
    return _sorted_out(text, shape, lines, marks[ends_at], irregular, quoted=quoted)


def _orderly(data: Bytes, quotes: Places, delimiter: int) -> bool:
    """Tell whether each quotation mark opens a field, closes one, or is doubled within one."""
    if len(quotes) % 2:
        return False
    opening, closing = quotes[::2], quotes[1::2]
    before, after = data[opening - 1], data[closing + 1]  # the text ends with a line end
    opens = (before == delimiter) | (before == _NEWLINE) | (opening == 0)
    doubled = np.isin(opening - 1, closing)
    closes = (after == delimiter) | (after == _NEWLINE) | np.isin(closing + 1, opening)
    return bool(np.all(opens | doubled) and np.all(closes))


def _sorted_out(
    text: bytes, shape: Shape, lines: Places, ends: Places, irregular: npt.NDArray[np.bool_], *, quoted: bool
) -> Batch | None:
    """Take the lines with another number of fields out of a block, and read what is left."""
    begins = np.concatenate(([0], ends[:-1] + 1))
    refused: list[Refusal] = []
    odd = np.flatnonzero(irregular)
    for position in odd:
        line = text[begins[position] : ends[position]]
        if line.strip():
            refused.append(_ragged(int(lines[position]), line.decode(errors="backslashreplace"), shape))
            _check_not_junk(len(refused), len(lines) - len(odd), refused)
    keep = np.repeat(~irregular, np.diff(ends, prepend=-1))
    kept = np.frombuffer(text, dtype=np.uint8)[keep].tobytes()
    return _parsed(kept, shape, lines[~irregular], refused, quoted=quoted)


def _check_not_junk(odd: int, regular: int, refused: Sequence[Refusal]) -> None:
    """Give up a text most of whose very many lines are no records, before they fill the memory.

    Raises:
        NoRecordsError: It is such a text.

    """
    if odd >= _MOST_REFUSED and odd > regular:
        line, _, _, reason = refused[-1]
        raise NoRecordsError(f"{odd:,} lines up to line {line:,} are no records: the last of them {reason}")


def _ragged(line: int, text: str, shape: Shape) -> Refusal:
    fields = next(csv.reader([text], delimiter=shape.delimiter), [])
    return line, None, text, f"has {len(fields)} fields instead of {shape.width}"


def _parsed(text: bytes, shape: Shape, lines: Places, refused: list[Refusal], *, quoted: bool) -> Batch | None:
    if not len(lines):
        return _batch([[] for _ in range(shape.width)], [], refused)
    try:
        frame = pl.read_csv(
            text,
            has_header=False,
            separator=shape.delimiter,
            quote_char='"' if quoted else None,
            schema={str(position): pl.String for position in range(shape.width)},
            empty_string_is_null=False,
            infer_schema=False,
        )
    except pl.exceptions.PolarsError:
        return None
    if frame.height != len(lines):
        return None
    return Batch(frame.get_columns(), pl.Series("line", lines, dtype=pl.UInt32), refusals(refused))


def _batch(columns: list[list[str]], lines: list[int], refused: list[Refusal]) -> Batch:
    return Batch(
        [pl.Series(str(position), values, dtype=pl.String) for position, values in enumerate(columns)],
        pl.Series("line", lines, dtype=pl.UInt32),
        refusals(refused) if refused else pl.DataFrame(schema=ROW_SCHEMA),
    )


def _one_by_one(block: bytes, shape: Shape, first_line: int) -> Batch:
    """Read a block line by line: slower, but every line that is no record is refused for its own reason."""
    records: list[list[str]] = []
    lines: list[int] = []
    refused: list[Refusal] = []
    raw = block.removesuffix(b"\n").split(b"\n")
    position = 0
    while position < len(raw):
        if not raw[position].strip():
            position += 1
            continue
        number, line = first_line + position, raw[position]
        fields, used, reason = _fields(raw, position, shape)
        position += used
        if fields is not None and len(fields) == shape.width:
            records.append(fields)
            lines.append(number)
        elif reason or line.strip():
            text = b"\n".join(raw[position - used : position]).decode(errors="backslashreplace")
            refused.append((number, None, text, reason) if reason else _ragged(number, text, shape))
            _check_not_junk(len(refused), len(records), refused)
    columns = [list(column) for column in zip(*records, strict=True)] if records else [[]] * shape.width
    return _batch(columns, lines, refused)


def _fields(raw: list[bytes], position: int, shape: Shape) -> tuple[list[str] | None, int, str]:
    """Read the record that begins at a line: its fields, how many lines it takes, or why it is none."""
    line = raw[position]
    if b"\0" in line:
        return None, 1, "holds NUL bytes"
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        return (
            None,
            1,
            f"is not UTF-8 from its byte {error.start + 1} on; save it as UTF-8, or say --encoding",
        )
    if '"' not in text or not _opens_field(text, shape):
        return text.split(shape.delimiter), 1, ""  # inside a field a quotation mark is like any letter
    for used in range(1, min(_LINES_A_RECORD, len(raw) - position) + 1):
        if used > 1:
            try:
                text += "\n" + raw[position + used - 1].decode()
            except UnicodeDecodeError:
                break
        if text.count('"') % 2:
            continue
        try:
            found = list(csv.reader(text.split("\n") if used == 1 else [text], delimiter=shape.delimiter, strict=True))
        except csv.Error as error:
            if used == 1:
                return None, 1, f"has a quotation mark astray ({error})"
            break
        return (found[0] if found else []), used, ""
    return _loosely(line.decode(), shape)


def _opens_field(text: str, shape: Shape) -> bool:
    return any(field.lstrip().startswith('"') for field in text.split(shape.delimiter))


def _loosely(text: str, shape: Shape) -> tuple[list[str] | None, int, str]:
    """Read a line with an odd quotation mark, which is fine inside a field that has none at its start."""
    if _opens_field(text, shape):
        return None, 1, "has a quotation mark that does not close"
    return text.split(shape.delimiter), 1, ""
