"""Years scanned a group of tickers at a time: the same files as when they are scanned whole."""

from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.panel.panel_files import panel_files
from quality.panel.years import list_years
from quality.rules.loading import load_ruleset
from quality.scan.executors.local import LocalThreads
from quality.scan.groups import GroupTask
from quality.scan.run import ScanOptions, scan
from quality.storage import open_store
from tests.quality.evaluation.robust.test_first_pass import with_incidents
from tests.random_panels import draw_panel, rows_of


def write_panel(seed: int, folder: Path, *, is_sorted: bool = True) -> Path:
    """Write three years of a random panel, with few rows a row group."""
    rows = rows_of(with_incidents(draw_panel(seed, tickers=24, count=270), seed))
    frame = pl.DataFrame(pl.from_arrow(rows)).sort("ticker", "date")
    if not is_sorted:
        frame = frame.sample(fraction=1, shuffle=True, seed=seed)
    for (year,), part in frame.group_by(pl.col("date").dt.year()):
        (folder / f"year={year}").mkdir(parents=True)
        pq.write_table(part.to_arrow(), folder / f"year={year}" / "prices.parquet", row_group_size=97)
    return folder


def files_of(run: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(run)): path.read_bytes()
        for path in sorted(run.rglob("*"))
        if path.is_file() and path.name != "summary.json" and not path.name.startswith(".")
    }


def scanned(
    panel: Path, run: Path, ruleset: str, executor: LocalThreads | None = None, **options: object
) -> dict[str, bytes]:
    chosen = ScanOptions(formats=("parquet",), **options)
    scan(open_store(panel), open_store(run), load_ruleset(ruleset), chosen, executor=executor)
    return files_of(run)


@pytest.mark.parametrize("ruleset", ["robust", "notebook"])
@settings(max_examples=2, deadline=None)
@given(
    seed=st.integers(0, 1_000_000),
    tickers=st.integers(3, 23),
    rows=st.sampled_from([1, 7_000]),
    is_sorted=st.booleans(),
)
def test_any_split_of_years_and_tickers_writes_the_same_files(
    tmp_path_factory, ruleset: str, seed: int, tickers: int, rows: int, is_sorted: bool
) -> None:
    folder = tmp_path_factory.mktemp("split")
    panel = write_panel(seed, folder / "panel", is_sorted=is_sorted)
    whole = scanned(panel, folder / "whole", ruleset)
    assert scanned(panel, folder / "split", ruleset, tickers_a_task=tickers, rows_a_chunk=rows) == whole


class Stops(LocalThreads):
    """Ends a scan as a kill would, after some groups have been judged."""

    def run_units(self, units, files, run, options, progress):
        if units and isinstance(units[0], GroupTask):
            super().run_units(units[: len(units) // 2], files, run, options, progress)
            raise KeyboardInterrupt
        return super().run_units(units, files, run, options, progress)


class Counts(LocalThreads):
    """Counts the groups that are judged."""

    groups = 0

    def run_units(self, units, files, run, options, progress):
        self.groups += sum(isinstance(unit, GroupTask) for unit in units)
        return super().run_units(units, files, run, options, progress)


def test_groups_that_are_done_are_not_done_again(tmp_path: Path) -> None:
    panel = write_panel(7, tmp_path / "panel")
    whole = scanned(panel, tmp_path / "whole", "robust")
    options = {"tickers_a_task": 10, "rows_a_chunk": 1}
    with pytest.raises(KeyboardInterrupt):
        scanned(panel, tmp_path / "run", "robust", Stops(), **options)
    kept = sum(1 for name in files_of(tmp_path / "run") if name.startswith("parts/"))
    rest = Counts()
    assert scanned(panel, tmp_path / "run", "robust", rest, resume=True, **options) == whole
    years = len([name for name in whole if name.startswith("ledger/")])
    assert kept > 0
    assert rest.groups == 3 * years - kept
    # Another way to split finds all years finished.
    again = Counts()
    assert scanned(panel, tmp_path / "run", "robust", again, resume=True, tickers_a_task=4) == whole
    assert again.groups == 0


def test_of_a_panel_on_s3_a_group_reads_its_own_row_groups(tmp_path: Path, bucket: str) -> None:
    local, there = open_store(write_panel(3, tmp_path / "panel")), open_store(f"{bucket}/panel")
    for entry in local.entries():
        there.write(entry.key, local.read(entry.key))
    with panel_files(local, list_years(local)) as here, panel_files(there, list_years(there)) as far:
        for index in here.catalogue(1).indexes:
            whole = here.whole(index)
            some = index.of_tickers(index.tickers[5], index.tickers[11])
            np.testing.assert_array_equal(far.whole(some), whole[5:12])
            np.testing.assert_array_equal(some.present, index.present[5:12])
