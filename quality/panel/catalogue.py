"""What a panel holds, read from its dates and tickers alone: its sessions, and who was there when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl

from quality.engine.connection import Connection, EngineError, first_line, frame
from quality.engine.statements import statement
from quality.errors import InputError
from quality.panel.partitions import Year, natural_order


@dataclass(frozen=True)
class Damage:
    """A year partition that could not be processed, and why."""

    year: int
    reason: str


@dataclass(frozen=True)
class Catalogue:
    """The table of contents of a panel, or of some of its years.

    Attributes:
        dates: year, date, row_count: one row a session, ascending.
        presence: year, ticker, first_date, last_date, row_count: one row a year and ticker.
        damaged: Years that could not be read; nothing of them is in the frames.

    """

    dates: pl.DataFrame
    presence: pl.DataFrame
    damaged: tuple[Damage, ...] = ()

    @cached_property
    def sessions(self) -> pl.DataFrame:
        """date, part (the year), session (from 1, ascending)."""
        return self.dates.select("date", part="year", session=pl.int_range(1, pl.len() + 1, dtype=pl.Int32))

    @cached_property
    def tickers(self) -> pl.DataFrame:
        """ticker, number (from 1, in natural order), first_date (ever seen)."""
        seen = self.presence.group_by("ticker").agg(pl.col("first_date").min())
        order = natural_order(seen.get_column("ticker").to_list())
        numbers = pl.DataFrame({"ticker": pl.Series(order, dtype=pl.String)}).with_row_index("number", offset=1)
        return numbers.join(seen, on="ticker", maintain_order="left").select("ticker", "number", "first_date")

    @cached_property
    def numbered_tickers(self) -> pl.DataFrame:
        """ticker, number (from 1, in natural order), first_session (ever seen)."""
        return self.tickers.select("ticker", "number", first_session=self._session_of("first_date"))

    @cached_property
    def presence_by_year(self) -> dict[int, pl.DataFrame]:
        """By year: ticker, part (the year), first_session, last_session: who has rows in it."""
        numbered = self.presence.select(
            "ticker",
            part="year",
            first_session=self._session_of("first_date"),
            last_session=self._session_of("last_date"),
        )
        return {year: rows for (year,), rows in numbered.partition_by("part", as_dict=True).items()}

    def _session_of(self, date: str) -> pl.Expr:
        sessions = self.sessions
        return pl.col(date).replace_strict(
            sessions.get_column("date"), sessions.get_column("session"), return_dtype=pl.Int32
        )

    @cached_property
    def rows(self) -> dict[int, int]:
        """The number of rows of each year."""
        counted = self.presence.group_by("year").agg(pl.col("row_count").sum()).sort("year")
        return dict(counted.iter_rows())


def read_catalogue(connection: Connection, years: Sequence[Year], paths: Mapping[str, Path]) -> Catalogue:
    """Read the table of contents of year partitions; damaged ones are named and left out.

    Args:
        connection: An engine that may read the files.
        years: The partitions.
        paths: By key, where each of their files lies on this machine, below a folder `year=YYYY`.

    Raises:
        InputError: Not one partition can be read, or they hold no rows.

    """
    damaged: list[Damage] = []
    readable = list(years)
    try:
        found = _read(connection, readable, paths)
    except EngineError:
        damaged = [damage for year in years if (damage := _damage(connection, year, paths))]
        broken = {damage.year for damage in damaged}
        readable = [year for year in years if year.year not in broken]
        if not readable:
            raise InputError("; ".join(f"year={damage.year}: {damage.reason}" for damage in damaged)) from None
        found = _read(connection, readable, paths)
    dates, presence = found
    strayed = _strayed(dates)
    dates, presence = (
        part.filter(~pl.col("year").is_in([damage.year for damage in strayed])) for part in (dates, presence)
    )
    if not dates.height:
        raise InputError("the panel holds no rows" if not strayed else strayed[0].reason)
    return Catalogue(dates, presence, tuple(sorted((*damaged, *strayed), key=lambda damage: damage.year)))


def _read(
    connection: Connection, years: Sequence[Year], paths: Mapping[str, Path]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    files = {"files": [str(paths[key]) for year in years for key in year.keys]}
    return frame(connection, statement("panel/dates"), files), frame(connection, statement("panel/presence"), files)


def _damage(connection: Connection, year: Year, paths: Mapping[str, Path]) -> Damage | None:
    try:
        _read(connection, [year], paths)
    except EngineError as error:
        return Damage(year.year, first_line(error))
    return None


def _strayed(dates: pl.DataFrame) -> list[Damage]:
    """Name the years whose files hold dates of another year, or rows without a date."""
    strayed = dates.filter(pl.col("date").is_null() | (pl.col("date").dt.year() != pl.col("year")))
    return [
        Damage(year, f"rows of {len(found)} dates are not of {year}, such as {found[0]}; ingest the file again")
        for year, found in strayed.group_by("year").agg("date").sort("year").iter_rows()
    ]
