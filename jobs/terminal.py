"""What a terminal can do: how wide it is, whether it may be coloured, and how wide a text is on it."""

import os
import shutil
import unicodedata
from typing import TextIO

_STYLES = {"error": "31", "warning": "33", "info": "36", "bold": "1", "dim": "2"}
_ESCAPE = "\x1b["


def is_terminal(stream: TextIO) -> bool:
    """Tell whether a person watches a stream, on something that can move its cursor."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def width_of(stream: TextIO) -> int | None:
    """Give the columns of the terminal that a stream goes to; None where it goes anywhere else."""
    return shutil.get_terminal_size().columns if stream.isatty() else None


def painted(text: str, style: str, stream: TextIO) -> str:
    """Colour a text by what it says (a severity, `bold`, `dim`), on a terminal only and not with NO_COLOR."""
    if style not in _STYLES or not is_terminal(stream) or os.environ.get("NO_COLOR"):
        return text
    return f"{_ESCAPE}{_STYLES[style]}m{text}{_ESCAPE}0m"


def columns_of(text: str) -> int:
    """Count the columns that a printable text takes: two for a wide letter, none for a combining mark."""
    if text.isascii():
        return len(text)
    return sum(map(_columns_of_letter, text))


def _columns_of_letter(letter: str) -> int:
    if unicodedata.category(letter) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in ("W", "F") else 1


def wrapped(text: str, columns: int | None) -> list[str]:
    """Break a line of prose between words so that it fits; what follows stands a little to the right.

    Args:
        text: One printable line.
        columns: The width of the terminal; None breaks nothing.

    """
    if columns is None or columns_of(text) <= columns:
        return [text]
    start = text[: len(text) - len(text.lstrip(" "))]
    lines, line = [], start
    for word in text.split():
        if line.strip() and columns_of(line) + 1 + columns_of(word) > columns:
            lines.append(line)
            line = f"{start}  {word}"
        else:
            line = f"{line} {word}" if line.strip() else f"{line}{word}"
    return [*lines, line]


def cut(text: str, columns: int) -> str:
    """Give as much of a text as fits into some columns, `…` standing for the rest."""
    if columns_of(text) <= columns:
        return text
    kept, used = [], 1  # for the mark of what is missing
    for letter in text:
        used += _columns_of_letter(letter)
        if used > columns:
            break
        kept.append(letter)
    return "".join(kept) + "…"


def padded(text: str, columns: int, *, right: bool = False) -> str:
    """Fill a text up to some columns with spaces behind it, or with `right` before it."""
    space = " " * (columns - columns_of(text))
    return space + text if right else text + space
