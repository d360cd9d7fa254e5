"""Reads and writes the year partitions of a panel as frames, with the panel's columns and types."""

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import polars as pl
import pyarrow as pa

from quality.digests import digest_bytes
from quality.errors import InputError, UsageError
from quality.panel.digests import Digests, check_bytes, read_digests, remember, replacing
from quality.panel.extras import EXTRAS
from quality.panel.parquet import decode, encode, extras_in
from quality.panel.years import INCOMPLETE_KEY, Year, list_years, partition_key
from quality.storage import Store

__all__ = ["INCOMPLETE_KEY", "Year", "list_years", "partition_key"]
SCHEMA = pl.Schema({"date": pl.Date, "ticker": pl.String, "price": pl.Float64})
# With the optional columns, in the order in which files hold them.
FULL_SCHEMA = pl.Schema([*SCHEMA.items(), *((name, pl.Float64()) for name in EXTRAS)])

_PARTITION = re.compile(r"year=(\d{4})/[^/]+\.parquet")


# Small enough that two threads share a year, large enough that a footer stays a fraction of a per cent.
ROWS_A_GROUP = 65_536


@contextmanager
def new_panel(store: Store, *, overwrite: bool) -> Iterator[dict[str, str]]:
    """Write a new panel, which counts as one only when all of it is there.

    The caller holds the panel's lock, writes its years and notes, in the mapping that it gets, the digest of each file
    by its key.

    Raises:
        UsageError: There is a panel and `overwrite` is false.

    """
    old = [entry.key for entry in store.entries() if _PARTITION.fullmatch(entry.key)]
    if old and not overwrite:
        raise UsageError(
            f"{store.address} already holds a panel of {len(old)} files; choose another place, or say --overwrite"
        )
    store.write(INCOMPLETE_KEY, b"")
    for key in old:
        store.delete(key)
    digests: dict[str, str] = {}
    yield digests
    remember(store, digests)
    store.delete(INCOMPLETE_KEY)


def write_year(store: Store, rows: pl.DataFrame | pa.Table) -> tuple[str, str]:
    """Write the rows of one year, sorted by ticker and date, as a file of that year's partition.

    Args:
        store: The panel.
        rows: A frame of the panel's columns, optional ones too, or a table of them whose tickers may be codes.

    Returns:
        The file's key, and the digest of its bytes.

    """
    if not len(rows):
        raise InputError("a year without rows cannot be written")
    first = rows["date"][0].as_py() if isinstance(rows, pa.Table) else rows["date"][0]
    key, data = partition_key(first.year), encode(rows, ROWS_A_GROUP)
    store.write(key, data)
    return key, digest_bytes(data)


def append_rows(store: Store, arriving: pl.DataFrame) -> None:
    """Add rows of one date to a panel: one file is rewritten, whole or not at all; all others stay as they are.

    Raises:
        InputError: The panel holds the date already.

    """
    day = arriving.get_column("date").item(0)
    year = next((year for year in list_years(store) if year.year == day.year), None)
    key, rows = partition_key(day.year), arriving
    if year is not None:
        if read_year(store, year, ["date"]).get_column("date").is_in([day]).any():
            raise InputError(f"{day} is not appended: {store.address} holds it already")
        key = year.keys[-1]
        rows = joined([_read_file(store, key, None, read_digests(store)), arriving])
    data = encode(rows.sort("ticker", "date"), ROWS_A_GROUP)
    with replacing(store, {key: digest_bytes(data)}):
        store.write(key, data)


def rows_on(store: Store, day: dt.date) -> pl.DataFrame:
    """Read the rows of one date, by ticker; none where the panel does not hold it."""
    year = next((year for year in list_years(store) if year.year == day.year), None)
    if year is None:
        return pl.DataFrame(schema=SCHEMA)
    return read_rows(store, year).filter(pl.col("date") == day).sort("ticker")


def replace_rows(store: Store, arriving: pl.DataFrame) -> None:
    """Put rows of one date in the place of those that the panel holds of it; whole or not at all, a file at a time."""
    day = arriving.get_column("date").item(0)
    digests = read_digests(store)
    for key in [key for year in list_years(store) if year.year == day.year for key in year.keys]:
        before = _read_file(store, key, None, digests)
        if before.get_column("date").is_in([day]).any():
            rows = joined([before.filter(pl.col("date") != day), arriving])
            data = encode(rows.sort("ticker", "date"), ROWS_A_GROUP)
            with replacing(store, {key: digest_bytes(data)}):
                store.write(key, data)
            return
    append_rows(store, arriving)


def read_year(store: Store, year: Year, columns: Sequence[str] = tuple(SCHEMA)) -> pl.DataFrame:
    """Read columns of a year partition, with the panel's types, in the order of the files.

    Raises:
        InputError: A file is damaged, is not as it was written, or lacks a column.

    """
    if year.problem:
        raise InputError(year.problem)
    digests = read_digests(store)
    return pl.concat([_read_file(store, key, columns, digests) for key in year.keys])


def read_rows(store: Store, year: Year) -> pl.DataFrame:
    """Read all of the panel's columns that a year partition has, optional ones too; errors as `read_year`.

    A file that lacks an optional column that another one has gives null there.
    """
    if year.problem:
        raise InputError(year.problem)
    digests = read_digests(store)
    return joined([_read_file(store, key, None, digests) for key in year.keys])


def joined(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Put rows together that may have different optional columns, null where they lack one."""
    rows = pl.concat(frames, how="diagonal")
    order = dict.fromkeys([*(name for name in FULL_SCHEMA if name in rows.columns), *rows.columns])
    return rows.select(list(order))


def _read_file(store: Store, key: str, columns: Sequence[str] | None, digests: Digests) -> pl.DataFrame:
    """Read a file's columns; None for all of the panel's that it has."""
    data = store.read(key)
    check_bytes(digests, key, digest_bytes(data), store.url(key))
    if columns is None:
        columns = [*SCHEMA, *extras_in(data, store.url(key))]
    frame = decode(data, columns, store.url(key))
    try:
        return frame.cast({name: FULL_SCHEMA[name] for name in columns})
    # Polars panics, outside of `Exception`, on dates beyond its calendar.
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise InputError(f"{store.url(key)} cannot be read as part of a panel: {error}") from error
