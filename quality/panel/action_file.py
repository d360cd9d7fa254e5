"""Reads a file of corporate actions, CSV or Parquet with date, ticker and ratio; errors name file and row."""

import datetime as dt
import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from quality.errors import InputError, UsageError
from quality.panel.actions import CorporateActions
from quality.registers import Register, decode
from quality.storage import S3Options, read_file
from quality.text import visible
from quality.values import date, number, read, text

_COLUMNS = ("date", "ticker", "ratio")
_REGISTER = Register("a file of corporate actions", _COLUMNS, _COLUMNS)
# Some millions of rows; what is larger is another file.
_MOST_BYTES = 1 << 27
_RATIO = re.compile(r"([0-9]+(?:\.[0-9]+)?):([0-9]+(?:\.[0-9]+)?)")


def open_actions(address: str | None, s3: S3Options | None = None) -> CorporateActions:
    """Read the corporate actions at an address; without an address, there are none.

    Raises:
        UsageError: It cannot be read or breaks the format.

    """
    if address is None:
        return CorporateActions()
    try:
        data = read_file(address, s3, _MOST_BYTES)
    except InputError as error:
        raise UsageError(f"corporate actions: {error}") from error
    return read_actions(data, address)


def read_actions(data: bytes, name: str) -> CorporateActions:
    """Read corporate actions: Parquet by its first bytes, else CSV with a header.

    A ratio is the new shares for an old one, as a number above 0 or as in 3:2; 2 or 2:1 halves the price.

    Raises:
        UsageError: With file and line (of Parquet, row) of what breaks the format.

    """
    rows = _parquet_rows(data, name) if data[:4] == b"PAR1" else _csv_rows(data, name)
    found: dict[tuple[str, dt.date], tuple[str, float]] = {}
    for where, row in rows:
        ticker = read(text, row["ticker"], f"{where}: ticker")
        day = read(date, _as_day(row["date"]), f"{where}: date")
        ratio = read(_ratio, row["ratio"], f"{where}: ratio")
        if (ticker, day) in found:
            raise UsageError(f"{where}: {visible(ticker)} has an action on {day} already, {found[ticker, day][0]}")
        found[ticker, day] = where, ratio
    keys = sorted(found)
    return CorporateActions(
        tuple(ticker for ticker, _ in keys),
        np.array([day for _, day in keys], dtype="datetime64[D]"),
        np.array([found[key][1] for key in keys], dtype=np.float64),
        name,
    )


def _ratio(value: object) -> float:
    match = _RATIO.fullmatch(value.strip()) if isinstance(value, str) else None
    if match:
        after, before = float(match[1]), float(match[2])
        ratio = after / before if before else math.inf
    else:
        ratio = number(float(value) if isinstance(value, str) and _is_float(value) else value)
    if not 0 < ratio < math.inf or ratio == 1:
        raise ValueError("is not a ratio of new shares to old ones, such as 2, 0.1 or 3:2")
    return ratio


def _is_float(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def _as_day(value: object) -> object:
    return value.date() if isinstance(value, dt.datetime) and value.time() == dt.time() else value


def _csv_rows(data: bytes, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for line, row in _REGISTER.rows(decode(data, name), name):
        yield f"{name}:{line}", dict(row)


def _parquet_rows(data: bytes, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        table = pq.read_table(pa.BufferReader(data))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UsageError(f"{name}: cannot be read as Parquet: {str(error).splitlines()[0]}") from error
    _REGISTER.check_columns(table.column_names, name)
    for position, row in enumerate(table.to_pylist(), start=1):
        yield f"{name}: row {position}", row
