"""Rows that were read, kept on disk by year until their year is merged: memory stays bounded."""

import io
from pathlib import Path

import polars as pl

# Order of columns: a row of the panel, and which file and line it came from.
SCHEMA = pl.Schema(
    {
        "date": pl.Date,
        "ticker": pl.String,
        "price": pl.Float64,
        "file": pl.Int32,
        "line": pl.UInt32,
        "blank": pl.Boolean,
    }
)
_ROWS_HELD = 1 << 20


class Spill:
    """A folder of rows by year, in order of arrival."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: list[pl.DataFrame] = []
        self._rows = 0
        self._parts = 0
        self._files: dict[int, list[Path]] = {}

    def add(self, rows: pl.DataFrame, file: int) -> None:
        """Keep some rows (`convert.ROWS`) of a file."""
        if not rows.height:
            return
        numbered = rows.with_columns(file=pl.lit(file, dtype=pl.Int32))
        self._held.append(numbered.select(pl.col(name).cast(dtype) for name, dtype in SCHEMA.items()))
        self._rows += rows.height
        if self._rows >= _ROWS_HELD:
            self.flush()

    def flush(self) -> None:
        """Write what is held to disk."""
        if not self._held:
            return
        held = pl.concat(self._held).with_columns(year=pl.col("date").dt.year())
        self._held, self._rows = [], 0
        for (year,), rows in held.partition_by("year", as_dict=True, include_key=False).items():
            path = self._folder / f"{year}-{self._parts}.arrow"
            _write(rows, path)
            self._files.setdefault(int(str(year)), []).append(path)
        self._parts += 1

    @property
    def years(self) -> list[int]:
        """The years that have rows on disk, oldest first."""
        return sorted(self._files)

    def read(self, year: int) -> pl.DataFrame:
        """Give a year's rows, in order of arrival."""
        return pl.concat([pl.read_ipc(path) for path in self._files[year]])


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
        self._held: list[pl.DataFrame] = []
        self._rows = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Keep a frame."""
        if frame.height:
            self._held.append(frame.select(pl.col(name).cast(dtype) for name, dtype in self._schema.items()))
            self._rows += frame.height
            if self._rows >= _ROWS_HELD // 8:
                self._flush()

    def _flush(self) -> None:
        path = self._folder / f"{len(self._paths)}.arrow"
        _write(pl.concat(self._held), path)
        self._paths.append(path)
        self._held, self._rows = [], 0

    def lazy(self) -> pl.LazyFrame:
        """Give all that is kept, in order, without reading it yet."""
        held = pl.concat(self._held) if self._held else pl.DataFrame(schema=self._schema)
        return pl.concat([*(pl.scan_ipc(part) for part in self._paths), held.lazy()])
