"""Rows that were read, kept on disk by year until their year is merged: memory stays bounded."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

# Order of columns: a row of the panel, which file and line it came from, and how often it stands there.
SCHEMA = pl.Schema(
    {
        "date": pl.Date,
        "ticker": pl.String,
        "price": pl.Float64,
        "file": pl.Int32,
        "line": pl.UInt32,
        "times": pl.UInt32,
        "blank": pl.Boolean,
    }
)
_ROWS_HELD = 1 << 19


@dataclass(frozen=True)
class TickerRange:
    """The tickers from the first (included) to the last (excluded; None for all that follow)."""

    first: str
    last: str | None

    def filter(self) -> pl.Expr:
        """Give the condition that a row's ticker is one of them."""
        after = pl.col("ticker") >= self.first
        return after if self.last is None else after & (pl.col("ticker") < self.last)


@dataclass
class _Year:
    paths: list[Path] = field(default_factory=list)
    rows: int = 0


class Spill:
    """A folder of rows by year, in order of arrival."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: list[pl.DataFrame] = []
        self._rows = 0
        self._parts = 0
        self._years: dict[int, _Year] = {}

    def add(self, rows: pl.DataFrame) -> None:
        """Keep some rows (`SCHEMA`)."""
        if not rows.height:
            return
        self._waiting.append(rows)
        self._rows += rows.height
        if self._rows >= _ROWS_HELD:
            self.flush()

    def flush(self) -> None:
        """Write what is held to disk."""
        if not self._waiting:
            return
        waiting = pl.concat(self._waiting)
        self._waiting, self._rows = [], 0
        years = waiting.get_column("date").dt.year()
        # Most parts lie within few years: cutting by a filter keeps what is written in one piece.
        for year in years.unique().sort():
            rows = waiting.filter(years == year)
            path = self._folder / f"{year}-{self._parts}.arrow"
            _write(rows, path)
            kept = self._years.setdefault(int(year), _Year())
            kept.paths.append(path)
            kept.rows += rows.height
        self._parts += 1

    @property
    def years(self) -> list[int]:
        """The years that have rows on disk, oldest first."""
        return sorted(self._years)

    def rows_of(self, year: int) -> int:
        """Give how many rows a year has."""
        return self._years[year].rows

    def read(self, year: int, tickers: TickerRange | None = None) -> pl.DataFrame:
        """Give a year's rows, in order of arrival; only those of some tickers where that is asked for."""
        parts = (pl.read_ipc(path) for path in self._years[year].paths)
        return pl.concat(part if tickers is None else part.filter(tickers.filter()) for part in parts)

    def tickers(self, year: int) -> Iterator[pl.DataFrame]:
        """Give how many rows each ticker has, part by part."""
        for path in self._years[year].paths:
            yield pl.read_ipc(path, columns=["ticker"]).get_column("ticker").value_counts()


def _write(rows: pl.DataFrame, path: Path) -> None:
    # Through memory: Polars does not say when a disk is full.
    data = io.BytesIO()
    rows.write_ipc(data, compression="lz4")
    path.write_bytes(data.getbuffer())


class Kept:
    """Frames of one schema, kept on disk until they are written as one file."""

    def __init__(self, folder: Path, schema: pl.Schema) -> None:
        self._folder = folder
        self._schema = schema
        self._paths: list[Path] = []
        self._waiting: list[pl.DataFrame] = []
        self._rows = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Keep a frame."""
        if frame.height:
            self._waiting.append(frame.select(pl.col(name).cast(dtype) for name, dtype in self._schema.items()))
            self._rows += frame.height
            if self._rows >= _ROWS_HELD // 4:
                self._flush()

    def _flush(self) -> None:
        path = self._folder / f"{len(self._paths)}.arrow"
        _write(pl.concat(self._waiting), path)
        self._paths.append(path)
        self._waiting, self._rows = [], 0

    def lazy(self) -> pl.LazyFrame:
        """Give all that is kept, in order, without reading it yet."""
        waiting = pl.concat(self._waiting) if self._waiting else pl.DataFrame(schema=self._schema)
        return pl.concat([*(pl.scan_ipc(part) for part in self._paths), waiting.lazy()])
