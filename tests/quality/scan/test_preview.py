"""What a scan would do is what it then does, and looking at it leaves nothing behind."""

import shutil

import pytest

from quality.errors import UsageError
from quality.rules.loading import load_ruleset
from quality.scan import chunk
from quality.scan.executors.local import LocalThreads
from quality.scan.groups import GroupTask, SessionsTask
from quality.scan.options import ScanOptions
from quality.scan.preview import preview_scan
from quality.scan.run import scan
from quality.storage import open_store


class Watched(LocalThreads):
    """Threads of this machine, and what they were given to do."""

    def __init__(self):
        self.units = []

    def run_units(self, units, *rest):
        self.units += units
        return super().run_units(units, *rest)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"rows_a_chunk": 30_000, "threads": 1},
        {"tickers": ("ST000*",), "tickers_a_task": 30},
    ],
)
@pytest.mark.parametrize("ruleset", ["notebook", "robust"])
def test_a_preview_says_what_a_scan_then_does(default_panels, tmp_path, monkeypatch, options, ruleset):
    panel, run, rules = open_store(default_panels.faulty), open_store(tmp_path / "run"), load_ruleset(ruleset)
    chosen = ScanOptions(formats=("parquet",), **options)
    preview = preview_scan(panel, run, rules, chosen)
    assert not (tmp_path / "run").exists()
    laid_out, executor = [], Watched()
    original = chunk.load_grid
    monkeypatch.setattr(chunk, "load_grid", lambda *given: laid_out.append(original(*given)) or laid_out[-1])
    summary = scan(panel, run, rules, chosen, executor=executor)
    assert preview["years"] == [2020, 2021, 2022]
    for name in ("sessions", "tickers", "rows", "cells", "panel"):
        assert preview[name] == summary[name], name
    passes = [unit for unit in executor.units if isinstance(unit, SessionsTask)]
    is_split = any(isinstance(unit, GroupTask) for unit in executor.units)
    merges = 3 if is_split else 0
    assert preview["first_passes"] == len(passes)
    assert preview["tasks"] == len(executor.units) - len(passes) - merges
    assert preview["largest_task"]["cells"] == max(grid.prices.size for grid in laid_out)
    resumed = preview_scan(panel, run, rules, ScanOptions(formats=("parquet",), resume=True, **options))
    assert (resumed["years"], resumed["kept"], resumed["largest_task"]) == ([], [2020, 2021, 2022], None)


def test_damage_is_found_before_a_scan_and_wrong_places_too(default_panels, tmp_path):
    shutil.copytree(default_panels.faulty, tmp_path / "panel")
    (tmp_path / "panel/year=2021/prices.parquet").write_bytes(b"no parquet")
    panel = open_store(tmp_path / "panel")
    preview = preview_scan(panel, open_store(tmp_path / "run"), load_ruleset("notebook"), ScanOptions())
    assert preview["years"] == [2020, 2022]
    assert [damage["year"] for damage in preview["damaged"]] == [2021]
    with pytest.raises(UsageError, match="lie in one another"):
        preview_scan(panel, open_store(tmp_path / "panel/run"), load_ruleset("notebook"), ScanOptions())
