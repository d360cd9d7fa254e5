"""The panel's years as they will be, each merged on disk before any of them is published."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl

from quality.digests import digest_files
from quality.errors import InputError
from quality.ingest.drops import UNKNOWN, ranked, read_origins, write_origins
from quality.ingest.files.file_dates import rank_of
from quality.ingest.rows.merge import CONFLICTS, HELD, Choice, Merged, merge
from quality.ingest.rows.reading import Reading
from quality.ingest.rows.spill import Kept, TickerRange
from quality.panel.digests import replacing
from quality.panel.partitions import FULL_SCHEMA, SCHEMA, Year, joined, list_years, partition_key, read_rows, write_year
from quality.storage import Store, open_store

Progress = Callable[[str, int, int], None]
# Beyond it a year is merged some tickers at a time: copies of a delivery take time, not memory.
_ROWS_AT_ONCE = 400_000


class Staged:
    """The years that arrivals concern, merged."""

    def __init__(self, folder: Path, panel: Store, reading: Reading, choice: Choice) -> None:
        for name in ("years", "conflicts", "origins"):
            (folder / name).mkdir()
        self._folder = folder
        self._panel = panel
        self._reading = reading
        self._choice = choice
        self._years = {year.year: year for year in _years(panel)}
        self._ranks = [rank_of(counts.file) for counts in reading.files] if choice.by_rank else []
        self._parts: dict[int, list[str]] = {}
        self.changed: list[int] = []
        self.untouched: list[int] = []
        self.damaged: list[dict[str, Any]] = []
        self.conflicts = Kept(folder / "conflicts", CONFLICTS)
        self.conflict_count = 0
        self.filled: Counter[str] = Counter()

    def add(self, year: int) -> None:
        """Merge a year's arrivals; where the panel's own part of it is damaged, its arrivals are refused."""
        try:
            existing = self._read_existing(year)
        except InputError as error:
            for tickers in self._ranges(year, None):
                self._refuse(self._reading.rows(year, tickers), year)
            self.damaged.append({"year": year, "reason": str(error)})
            return
        pieces: list[pl.DataFrame] = []
        is_changed = False
        for tickers in self._ranges(year, existing):
            arrived = self._reading.rows(year, tickers)
            own = existing if existing is None or tickers is None else existing.filter(tickers.filter())
            merged = self._merge(arrived, own)
            self._count(merged)
            pieces.append(merged.rows)
            is_changed |= merged.is_changed
        rows = pl.concat(pieces) if pieces else pl.DataFrame(schema=HELD)
        if self._choice.by_rank and rows.height:
            path = self._folder / "origins" / f"{year}.arrow"
            rows.select(*SCHEMA, pl.col("rank").cast(pl.String)).write_ipc(path)
        if is_changed:
            self._stage(year, rows)
            self.changed.append(year)
        elif rows.height:
            self.untouched.append(year)

    def _read_existing(self, year: int) -> pl.DataFrame | None:
        if year not in self._years:
            return None
        parts = [
            read_rows(self._panel, Year(year, (entry,))).with_columns(part=pl.lit(position, dtype=pl.Int32))
            for position, entry in enumerate(self._years[year].entries)
        ]
        existing = joined(parts)
        return ranked(existing, read_origins(self._panel, year)) if self._choice.by_rank else existing

    def _ranges(self, year: int, existing: pl.DataFrame | None) -> Iterator[TickerRange | None]:
        """Cut a year into ranges of tickers that can be merged at once: None for all of a year that is small."""
        if self._reading.spill.rows_of(year) + (0 if existing is None else existing.height) <= _ROWS_AT_ONCE:
            yield None
            return
        counted = [*self._reading.spill.tickers(year)]
        if existing is not None:
            counted.append(existing.get_column("ticker").value_counts())
        tickers = pl.concat(counted).group_by("ticker").agg(pl.col("count").sum()).sort("ticker")
        first, rows = "", 0
        for ticker, count in tickers.iter_rows():
            if rows and rows + count > _ROWS_AT_ONCE:
                yield TickerRange(first, ticker)
                first, rows = ticker, 0
            rows += count
        yield TickerRange(first, None)

    def _merge(self, arrived: pl.DataFrame, existing: pl.DataFrame | None) -> Merged:
        if not self._choice.by_rank:
            return merge(arrived, existing, self._choice)
        own = [] if existing is None else existing.get_column("rank").unique().to_list()
        kind = pl.Enum(sorted({UNKNOWN, *self._ranks, *own}))
        ranks = pl.Series(self._ranks, dtype=pl.String).cast(kind)
        arrived = arrived.with_columns(rank=ranks.gather(arrived.get_column("file")))
        return merge(arrived, existing if existing is None else existing.cast({"rank": kind}), self._choice)

    def _count(self, merged: Merged) -> None:
        for file, written, agreed, lost in merged.counts.iter_rows():
            self._reading.files[file].add_fate(written, agreed, lost)
        self.conflicts.add(merged.conflicts)
        self.conflict_count += int(merged.conflicts.get_column("times").sum())
        self.filled.update(merged.filled)

    def _stage(self, year: int, rows: pl.DataFrame) -> None:
        """Write a year's rows as they will be: in the files that the panel has for it, new ones in the last of them.

        So each file is replaced whole, and a run that dies between two of them leaves no row doubled.
        """
        keys = self._years[year].keys if year in self._years else [partition_key(year)]
        part = pl.col("part").fill_null(len(keys) - 1)
        self._parts[year] = keys
        for position in range(len(keys)):
            of_part = rows.filter(part == position) if len(keys) > 1 else rows
            if of_part.height:
                write_year(open_store(self._folder / "years" / str(position)), _of_panel(of_part))

    def _refuse(self, rows: pl.DataFrame, year: int) -> None:
        text = pl.concat_str(
            pl.col("date").cast(pl.String),
            pl.lit(" "),
            "ticker",
            pl.lit(" "),
            pl.col("price").cast(pl.String),
            ignore_nulls=True,
        )
        why = pl.lit(f"the panel's own part year={year:04d} cannot be read: mend it, then ingest again")
        rows = rows.select(pl.exclude("times").repeat_by("times").explode())
        self._reading.refused.add(rows.select("file", "line", column=pl.lit(None, pl.String), text=text, reason=why))
        for file, count in rows.group_by("file").len().iter_rows():
            self._reading.files[file].unreadable += count

    def publish(self, progress: Progress) -> None:
        """Put every changed year in its place, one file after the other, each whole or not at all."""
        for path in sorted((self._folder / "origins").iterdir()):
            write_origins(self._panel, int(path.stem), pl.read_ipc(path))
        with replacing(self._panel, self._digests()):
            for position, year in enumerate(self.changed, 1):
                for part, key in enumerate(self._parts[year]):
                    self._publish_file(year, part, key)
                progress("write", position, len(self.changed))

    def _digests(self) -> dict[str, str | None]:
        """Digest each file as it will be; None for one that goes, since all its rows were doubled in another one."""
        files = {key: (year, part) for year in self.changed for part, key in enumerate(self._parts[year])}
        return {
            key: digest_files([path]) if (path := self._staged(*place)).exists() else None
            for key, place in files.items()
        }

    def _publish_file(self, year: int, part: int, key: str) -> None:
        staged = self._staged(year, part)
        if not staged.exists():
            self._panel.delete(key)
            return
        with self._panel.writing(key) as place:
            shutil.copyfile(staged, place)

    def _staged(self, year: int, part: int) -> Path:
        return self._folder / "years" / str(part) / partition_key(year)


def _of_panel(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(name for name in FULL_SCHEMA if name in rows.columns)


def _years(panel: Store) -> list[Year]:
    """List a panel's years; a panel that is not there yet has none."""
    return list_years(panel) if any(entry.key.startswith("year=") for entry in panel.entries()) else []
