"""Reads the values of configurations, whether a file, a variable or a flag gives them; errors name place and key.

A reader takes a value as TOML or a text as the environment gives it, and returns it checked. What is wrong it says
as a `ValueError` that completes "the value …" and never repeats the value: its caller knows whether it may be shown.
"""
# ruff: noqa: TRY004 -- readers have one kind of error, whatever is wrong with a value

import datetime as dt
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias, TypeVar

from quality.errors import UsageError
from quality.text import shortened, similar, visible

T = TypeVar("T")
Reader: TypeAlias = Callable[[object], T]
Readers: TypeAlias = Mapping[str, Callable[[object], Any]]

_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)\s*(B|KB|MB|GB|TB|KiB|MiB|GiB|TiB)", re.IGNORECASE)
_UNITS = {"b": 1}
_UNITS |= {unit: 1000**power for power, unit in enumerate(("kb", "mb", "gb", "tb"), start=1)}
_UNITS |= {unit: 1024**power for power, unit in enumerate(("kib", "mib", "gib", "tib"), start=1)}
_MOST_DIGITS = 18


def text(value: object) -> str:
    """Read a text that is not empty."""
    if not isinstance(value, str):
        raise ValueError("is not text")
    if not value.strip():
        raise ValueError("is empty")
    if "\0" in value:
        raise ValueError("holds a NUL")
    return value


def stripped(value: object) -> str:
    """Read a text, without the blanks around it."""
    return text(value).strip()


def address(value: object) -> str:
    """Read the address of a file, a folder or a prefix of S3."""
    return stripped(value)


def flag(value: object) -> bool:
    """Read true or false."""
    found = {"true": True, "false": False}.get(value) if isinstance(value, str) else value
    if not isinstance(found, bool):
        raise ValueError("is not true or false")
    return found


def whole(least: int = 1, most: int = 10**_MOST_DIGITS) -> Reader[int]:
    """Read a whole number within limits."""
    bounds = f"of at least {least}" if most == 10**_MOST_DIGITS else f"from {least} to {most:,}"

    def read_whole(value: object) -> int:
        found = value
        if isinstance(value, str) and value.strip().isdecimal() and len(value.strip()) <= _MOST_DIGITS:
            found = int(value)
        if not isinstance(found, int) or isinstance(found, bool) or not least <= found <= most:
            raise ValueError(f"is not a whole number {bounds}")
        return found

    return read_whole


def _finite(value: object) -> float:
    try:
        found = math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        raise ValueError("is not a finite number")
    return found


def number(value: object) -> float:
    """Read a number: neither infinite nor NaN, and no text in a file that has numbers of its own."""
    if isinstance(value, str):
        raise ValueError("is not a number")
    return _finite(value)


def positive(value: object) -> float:
    """Read a number above 0, also as text."""
    try:
        found = _finite(value)
    except ValueError:
        found = 0.0
    if found <= 0:
        raise ValueError("is not a number above 0")
    return found


def seconds(value: object) -> float:
    """Read a number of seconds above 0."""
    try:
        return positive(value)
    except ValueError:
        raise ValueError("is not a number of seconds above 0") from None


def size(least: int = 1, most: int = 1 << 60) -> Reader[int]:
    """Read a size such as `1GiB` or `512 MB` as bytes."""

    def read_size(value: object) -> int:
        match = _SIZE.fullmatch(text(value).strip())
        if not match:
            raise ValueError("is not a size such as 1GiB or 512MiB")
        found = int(float(match[1]) * _UNITS[match[2].lower()])
        if not least <= found <= most:
            raise ValueError(f"is not a size from {as_size(least)} to {as_size(most)}")
        return found

    return read_size


def as_size(count: int) -> str:
    """Give bytes as people write them: `64MiB`."""
    for name, unit in (("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= unit and not count % unit:
            return f"{count // unit}{name}"
    return f"{count}B"


def date(value: object) -> dt.date:
    """Read a date, of TOML's own kind or written YYYY-MM-DD."""
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    try:
        return dt.datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=dt.UTC).date()  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ValueError("is not a date YYYY-MM-DD") from None


def choice(*names: str) -> Reader[str]:
    """Read one of several names."""

    def read_choice(value: object) -> str:
        if not isinstance(value, str) or value not in names:
            hint = similar(value, names) if isinstance(value, str) else ""
            raise ValueError(f"is not {either(names)}{hint}")
        return value

    return read_choice


def either(names: Iterable[str]) -> str:
    """List names as people say a choice: `a, b or c`."""
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def listed(entry: Reader[T], what: str) -> Reader[tuple[T, ...]]:
    """Read a list of at least one entry: TOML's, or a text with commas.

    Args:
        entry: Reads one entry.
        what: What the entries are, for messages.

    """

    def read_list(value: object) -> tuple[T, ...]:
        parts = [part.strip() for part in value.split(",")] if isinstance(value, str) else value
        if not isinstance(parts, list | tuple):
            raise ValueError(f"is not a list of {what}")
        if not parts:
            raise ValueError(f"is an empty list of {what}")
        found = []
        for place, part in enumerate(parts, start=1):
            try:
                found.append(entry(part))
            except ValueError as error:
                raise ValueError(f"is not a list of {what}: number {place} {error}") from None
        return tuple(found)

    return read_list


def pattern(place: str) -> Reader[str]:
    """Read a text that holds `{place}` once, as `{ticker}.csv` does."""

    def read_pattern(value: object) -> str:
        found = text(value)
        if found.count(f"{{{place}}}") != 1:
            raise ValueError(f"does not hold {{{place}}} once, as '{{{place}}}.csv' does")
        return found

    return read_pattern


def read(reader: Reader[T], value: object, where: str, *, is_private: bool = False) -> T:
    """Read one value.

    Args:
        reader: Reads it.
        value: The value as it was given.
        where: File and key, or variable, for messages.
        is_private: Whether the value may be a secret that was put into the wrong place: it is not shown.

    Raises:
        UsageError: It cannot be.

    """
    try:
        return reader(value)
    except ValueError as error:
        given = "what is given" if is_private and isinstance(value, str) else shown(value)
        raise UsageError(f"{where}: {given} {error}") from None


def read_section(
    table: object, readers: Readers, path: str, section: str, *, is_private: bool = False
) -> dict[str, Any]:
    """Read a section of a file: each key by its reader.

    Raises:
        UsageError: It is no section, a key does not exist or a value cannot be; the message names file and key.

    """
    values = {}
    for key, value in as_table(table, path, section).items():
        check_key(key, readers, f"{path}: no setting {section}.{key}")
        values[key] = read(readers[key], value, f"{path}: {section}.{key}", is_private=is_private)
    return values


def check_key(key: str, known: Iterable[str], what: str) -> None:
    """Make sure that a key exists; else the error says what there is, and what was perhaps meant."""
    names = list(known)
    if key not in names:
        raise UsageError(f"{visible(what)}; there is {', '.join(names)}{similar(key, names)}")


def as_table(value: object, path: str, section: str) -> dict[str, Any]:
    """Give a section's keys and values; anything else in its place is a UsageError that names file and section."""
    if not isinstance(value, dict):
        raise UsageError(f"{path}: {section} must be a section [{section}]")
    return value


def subsections(table: object, path: str, section: str) -> list[tuple[str, dict[str, Any]]]:
    """Give the sections within a section; anything else in it is a UsageError that names file and key."""
    if not isinstance(table, dict):
        raise UsageError(f"{path}: {section} must be a section [{section}.…]")
    return [(key, as_table(value, path, f"{section}.{visible(key)}")) for key, value in table.items()]


def renamed(table: dict[str, Any], old: str, new: str, where: str) -> dict[str, Any]:
    """Give a section in which an older name of a key stands for the newer one; both at once are a UsageError."""
    if old not in table:
        return table
    if new in table:
        raise UsageError(f"{where}.{old} is the older name of {new}: give one of them")
    return {new if key == old else key: value for key, value in table.items()}


def parse_toml(data: bytes, path: str) -> dict[str, Any]:
    """Parse a TOML file; UsageError where it is none."""
    import tomllib  # noqa: PLC0415 - many runs have no settings file

    try:
        return tomllib.loads(data.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is not TOML: it is not UTF-8 at byte {error.start}") from None
    except (ValueError, RecursionError) as error:  # a number of thousands of digits; brackets without end
        raise UsageError(f"{path}: is not TOML: {visible(str(error))}") from None


def shown(value: object) -> str:
    """Show a value in a message: in one line, harmless, and not at length."""
    if isinstance(value, bool):
        return str(value).lower()
    try:
        found = visible(str(value) if isinstance(value, dt.date | dt.time) else repr(value))
    except ValueError:  # a number of thousands of digits
        found = "a number of very many digits"
    return shortened(found)
