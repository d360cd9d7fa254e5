"""What the tests of ingest share: files from text, and an ingest of them into a panel of the test."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from quality.ingest.format.source import Source
from quality.ingest.job import CONFLICTS_KEY, REFUSED_KEY, ingest
from quality.ingest.options import IngestOptions
from quality.panel.partitions import list_years, read_year
from quality.storage import open_store


@dataclass
class Desk:
    """A folder where files arrive, a panel and a run."""

    folder: Path
    summary: dict[str, Any] = field(default_factory=dict)

    def put(self, name: str, content: str | bytes) -> str:
        """Let a file arrive, and give its address."""
        path = self.folder / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    def ingest(self, *addresses: str, on_conflict: str = "last", **said: Any) -> dict[str, Any]:
        """Ingest files and give the summary, whose books must balance."""
        chosen = {name: said.pop(name) for name in ("prefer", "tolerance", "dry_run") if name in said}
        source = Source().replaced(said, "")
        panel, out = open_store(self.folder / "panel"), open_store(self.folder / "run")
        self.summary = ingest(list(addresses), panel, out, IngestOptions(source, on_conflict, **chosen))
        for books in (self.summary, *self.summary["files"]):
            accounted = books["rows_written"] + books["duplicates_agreeing"] + books["rows_refused"]
            assert books["rows_read"] == accounted
            assert books["rows_refused"] == books["unreadable"] + books["outvoted"]
        assert self.summary["unreadable"] == len(self.refused())
        return self.summary

    def take(self, content: str | bytes, name: str = "in.csv", **said: Any) -> list[tuple[str, str, float | None]]:
        """Let one file arrive, ingest it, and give the panel's rows."""
        self.ingest(self.put(name, content), **said)
        return self.rows()

    def rows(self) -> list[tuple[str, str, float | None]]:
        """Give all rows of the panel, by ticker and date within each year."""
        store = open_store(self.folder / "panel")
        if not any(key.key.startswith("year=") for key in store.entries()):
            return []
        frames = pl.concat([read_year(store, year) for year in list_years(store)])
        return [(str(date), ticker, price) for date, ticker, price in frames.rows()]

    def refused(self) -> list[tuple[int, str | None, str, str]]:
        """Give line, column, text and reason of every refused row."""
        frame = pl.read_parquet(self.folder / "run" / REFUSED_KEY)
        assert frame.columns == ["file", "line", "column", "text", "reason"]
        return frame.drop("file").rows()

    def conflicts(self) -> list[tuple[Any, ...]]:
        """Give date, ticker, the price that counts and the other, of every conflict."""
        frame = pl.read_parquet(self.folder / "run" / CONFLICTS_KEY)
        return frame.select(pl.col("date").cast(pl.String), "ticker", "kept_price", "other_price").rows()


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)
