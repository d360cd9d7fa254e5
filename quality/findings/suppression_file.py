"""Reads a file of suppressions from CSV or TOML; what is wrong in it is named with file and line."""

import datetime as dt
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from quality.errors import InputError, UsageError
from quality.findings.suppressions import NO_SUPPRESSIONS, Suppression, Suppressions
from quality.registers import Register, decode
from quality.storage import S3Options, read_file
from quality.text import quoted
from quality.values import check_key, date, parse_toml, read, stripped

_NEEDED = ("rule", "ticker", "reason", "author", "expires")
_DATES = ("from", "to", "expires")
_COLUMNS = ("rule", "ticker", "from", "to", "reason", "author", "expires")
_REGISTER = Register("a file of suppressions", _COLUMNS, _NEEDED)
# A hundred thousand entries; what is larger is another file.
_MOST_BYTES = 1 << 24
_TABLE, _OLD_TABLE = "suppression", "exception"


def open_suppressions(address: str | None, s3: S3Options | None = None, today: dt.date | None = None) -> Suppressions:
    """Read the suppressions at an address, as of a day (default: today); without an address, the empty one.

    Raises:
        UsageError: It cannot be read or breaks the format.

    """
    if address is None:
        return NO_SUPPRESSIONS
    try:
        data = read_file(address, s3, _MOST_BYTES)
    except InputError as error:
        raise UsageError(f"suppressions: {error}") from error
    return read_suppressions(data, address, today or dt.datetime.now().astimezone().date())


def read_suppressions(data: bytes, name: str, today: dt.date) -> Suppressions:
    """Read suppressions: `.toml` with tables `[[suppression]]`, else CSV with a header.

    Both have rule, ticker, from, to, reason, author, expires; `from` and `to` may be empty or left out.

    Raises:
        UsageError: With file and line of what breaks the format.

    """
    text = decode(data, name)
    rows = _toml_rows(text, name) if name.lower().endswith(".toml") else _csv_rows(text, name)
    entries: dict[str, Suppression] = {}
    for line, row in rows:
        entry = _entry(row, line, f"{name}:{line}")
        if entry.id in entries:
            raise UsageError(f"{name}:{line}: is for the same findings as line {entries[entry.id].line}; keep one")
        entries[entry.id] = entry
    return Suppressions(name, tuple(entries.values()), today)


def _csv_rows(text: str, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Give the rows without what is left empty."""
    for line, row in _REGISTER.rows(text, name):
        yield line, {column: cell for column, cell in row.items() if cell}


def _toml_rows(text: str, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    found = parse_toml(text.encode(), name)
    tables = found.pop(_OLD_TABLE if _TABLE not in found else _TABLE, [])
    if found:
        other = quoted(next(iter(found)))
        raise UsageError(f"{name}: no key {other}; a file of suppressions has tables [[{_TABLE}]] only")
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise UsageError(f"{name}: {_TABLE} must be tables [[{_TABLE}]]")
    lines = [number for number, line in enumerate(text.splitlines(), start=1) if _opens_table(line)]
    # Written another way, the tables' lines are not known: then they are counted.
    known = lines if len(lines) == len(tables) else range(1, len(tables) + 1)
    yield from zip(known, tables, strict=True)


def _opens_table(line: str) -> bool:
    try:
        return tomllib.loads(line) in ({_TABLE: [{}]}, {_OLD_TABLE: [{}]})
    except tomllib.TOMLDecodeError:
        return False


def _entry(row: Mapping[str, Any], line: int, where: str) -> Suppression:
    for key in row:
        check_key(key, _COLUMNS, f"{where}: no key {quoted(key)}")
    missing = [key for key in _NEEDED if row.get(key) in (None, "")]
    if missing:
        raise UsageError(f"{where}: lacks {', '.join(missing)}")
    texts = {key: read(stripped, row[key], f"{where}: {key}") for key in ("rule", "ticker", "reason", "author")}
    given = {key: read(date, row[key], f"{where}: {key}") for key in _DATES if row.get(key) not in (None, "")}
    start, end = given.get("from"), given.get("to")
    if start and end and start > end:
        raise UsageError(f"{where}: from {start} is after to {end}")
    return Suppression(start=start, end=end, expires=given["expires"], line=line, **texts)
