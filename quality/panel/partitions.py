"""The panel: its columns, types, key, year partitions and sessions, and nothing else knows them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from quality.errors import InputError, UsageError
from quality.panel.parquet import encode
from quality.storage import Entry, Store

SCHEMA = pl.Schema({"date": pl.Date, "ticker": pl.String, "price": pl.Float64})


_PARTITION = re.compile(r"year=(\d{4})/[^/]+\.parquet")


# Small enough that two threads share a year, large enough that a footer stays a fraction of a per cent.
_ROWS_A_GROUP = 65_536


@dataclass(frozen=True)
class Year:
    """One year partition of a panel: the unit that is written, read and replaced whole."""

    year: int
    entries: tuple[Entry, ...]

    @property
    def keys(self) -> list[str]:
        """The keys of the partition's files within the panel's store."""
        return [entry.key for entry in self.entries]


def partition_key(year: int) -> str:
    """Give the key of the file that holds a year."""
    return f"year={year:04d}/prices.parquet"


def list_years(store: Store) -> list[Year]:
    """List a panel's year partitions, oldest first.

    Raises:
        InputError: The address holds no partition at all.

    """
    found: dict[int, list[Entry]] = {}
    for entry in store.entries():
        match = _PARTITION.fullmatch(entry.key)
        if match:
            found.setdefault(int(match[1]), []).append(entry)
    if not found:
        raise InputError(
            f"no panel at {store.address}: it holds no year=YYYY/*.parquet; "
            "make one with `pricewatch generate`, or check the address"
        )
    return [Year(year, tuple(entries)) for year, entries in found.items()]  # the store lists by name


def start_panel(store: Store, *, overwrite: bool) -> None:
    """Make sure that a new panel can be written: refuse, or with `overwrite` remove, an old one.

    Raises:
        UsageError: There is a panel and `overwrite` is false.

    """
    old = [entry.key for entry in store.entries() if _PARTITION.fullmatch(entry.key)]
    if old and not overwrite:
        raise UsageError(
            f"{store.address} already holds a panel of {len(old)} files; choose another place, or say --overwrite"
        )
    for key in old:
        store.delete(key)


def write_year(store: Store, frame: pl.DataFrame) -> None:
    """Write the rows of one year, sorted by ticker and date, as a file of that year's partition."""
    year = frame.get_column("date").dt.year().first()
    if not isinstance(year, int):
        raise InputError("a year without rows cannot be written")
    store.write(partition_key(year), encode(frame, _ROWS_A_GROUP))


def append_rows(store: Store, arriving: pl.DataFrame) -> None:
    """Add rows of one date to a panel: one file is rewritten, whole or not at all; all others stay as they are.

    Raises:
        InputError: The panel holds the date already.

    """
    day = arriving.get_column("date").item(0)
    year = next((year for year in list_years(store) if year.year == day.year), None)
    if year is None:
        write_year(store, arriving.sort("ticker", "date"))
        return
    if read_year(store, year, ["date"]).get_column("date").is_in([day]).any():
        raise InputError(f"{day} is not appended: {store.address} holds it already")
    key = year.keys[-1]
    held = _read_file(store, key, tuple(SCHEMA))
    store.write(key, encode(pl.concat([held, arriving]).sort("ticker", "date"), _ROWS_A_GROUP))


def read_year(store: Store, year: Year, columns: Sequence[str] = tuple(SCHEMA)) -> pl.DataFrame:
    """Read columns of a year partition, with the panel's types, in the order of the files.

    Raises:
        InputError: A file is damaged or lacks a column.

    """
    return pl.concat([_read_file(store, key, columns) for key in year.keys])


def _read_file(store: Store, key: str, columns: Sequence[str]) -> pl.DataFrame:
    with store.local_copy(key) as path:
        try:
            frame = pl.read_parquet(path, columns=list(columns), glob=False, hive_partitioning=False)
            return frame.cast({name: SCHEMA[name] for name in columns})
        # Polars panics, outside of `Exception`, on some damaged pages.
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
            raise InputError(f"{store.url(key)} cannot be read as part of a panel: {error}") from error


def natural_order(tickers: Sequence[str]) -> list[str]:
    """Sort tickers as people count them: ST0002, ST9999, ST10000; names without a number by letter."""
    return sorted(tickers, key=_natural)


def _natural(ticker: str) -> tuple[str, int, str, str]:
    stem = ticker.rstrip("0123456789")
    number = ticker[len(stem) :].lstrip("0")  # compared as text: `int` refuses very long ones
    return stem, len(number), number, ticker
