"""One file to a run: the same findings as by way of a panel, and nothing lost on the way."""

import datetime as dt
import json
from pathlib import Path

import polars as pl
import pytest

from quality.direct.files import scan_file
from quality.direct.recognise import is_table_file
from quality.errors import InputError, UsageError
from quality.investigate.queries import Sources, ask
from quality.rules.loading import load_ruleset
from quality.scan.run import ScanOptions, scan
from quality.scoring.score import read_run
from quality.storage import open_store

OPTIONS = ScanOptions(threads=1)
DAYS = [dt.date(2022, 1, number) for number in range(1, 11)]
ROWS = [(day, ticker, 0.0 if (day.day, ticker) == (9, "BBB") else 100.0) for day in DAYS for ticker in ("AAA", "BBB")]


@pytest.fixture
def ruleset():
    return load_ruleset("notebook")


@pytest.fixture
def prices(tmp_path):
    """Write the rows as a file, long or wide, CSV or Parquet, and give its address."""

    def write(name, rows=ROWS, *, wide=False):
        frame = pl.DataFrame(rows, schema=["date", "ticker", "price"], orient="row")
        frame = frame.pivot("ticker", index="date", values="price") if wide else frame
        path = tmp_path / name
        frame.write_parquet(path) if name.endswith("parquet") else frame.write_csv(path)
        return str(path)

    return write


@pytest.mark.parametrize(("name", "wide"), [("p.csv", False), ("p.csv", True), ("p.parquet", False), ("q", True)])
def test_a_file_is_scanned_as_the_panel_that_it_is(prices, tmp_path, ruleset, make_panel, name, wide):
    run = open_store(tmp_path / "run")
    summary = scan_file(prices(name, wide=wide), run, ruleset, OPTIONS)
    beside = open_store(tmp_path / "beside")
    scan(make_panel(ROWS), beside, ruleset, OPTIONS)
    assert read_run(run)[1].equals(read_run(beside)[1])
    assert summary["panel"] == f"{run.address}/panel"
    assert (summary["ingest"]["rows_written"], summary["ingest"]["rows_refused"]) == (20, 0)
    assert json.loads(run.read("summary.json"))["ingest"] == summary["ingest"]


def test_rows_that_are_no_prices_are_counted_and_kept(prices, tmp_path, ruleset):
    file = prices("p.csv")
    with Path(file).open("a", encoding="utf-8") as text:
        text.write("2022-01-11,AAA,n.a.x\n")
    run = open_store(tmp_path / "run")
    assert scan_file(file, run, ruleset, OPTIONS)["ingest"]["rows_refused"] == 1
    for address in (run.address, str(tmp_path)):  # the run alone, and a folder of runs
        refused = ask("select line, content, run from refused", Sources(runs=[address]))
        assert refused.select("line", "content").rows() == [(22, "n.a.x")]


def test_scanning_again_replaces_the_panel(prices, tmp_path, ruleset):
    run = open_store(tmp_path / "run")
    scan_file(prices("p.csv"), run, ruleset, OPTIONS)
    later = [(day.replace(year=2023), ticker, price) for day, ticker, price in ROWS]
    assert scan_file(prices("p.csv", later), run, ruleset, OPTIONS)["sessions"] == 10


def test_resuming_keeps_what_is_finished(prices, tmp_path, ruleset):
    run, file = open_store(tmp_path / "run"), prices("p.csv")
    scan_file(file, run, ruleset, OPTIONS)
    before = {entry.key: entry.version for entry in run.entries("findings/")}
    scan_file(file, run, ruleset, ScanOptions(threads=1, resume=True))
    assert {entry.key: entry.version for entry in run.entries("findings/")} == before


def test_a_file_that_cannot_be_read_leaves_the_earlier_run(prices, tmp_path, ruleset):
    run = open_store(tmp_path / "run")
    scan_file(prices("p.csv"), run, ruleset, OPTIONS)
    before = {entry.key: entry.version for entry in run.entries()}
    (tmp_path / "junk.csv").write_bytes(b"\0\1\2")
    with pytest.raises(InputError):
        scan_file(str(tmp_path / "junk.csv"), run, ruleset, OPTIONS)
    assert {entry.key: entry.version for entry in run.entries()} == before


def test_a_panel_that_no_scan_made_is_not_touched(prices, tmp_path, ruleset, write_panel):
    panel = write_panel(tmp_path / "run" / "panel", ROWS)
    with pytest.raises(UsageError, match="holds a panel that no scan of a file made"):
        scan_file(prices("p.csv"), open_store(tmp_path / "run"), ruleset, OPTIONS)
    assert panel.entries()


def test_which_addresses_are_files(prices, tmp_path):
    (tmp_path / "folder.csv").mkdir()
    assert is_table_file(prices("odd name"))
    assert not is_table_file(str(tmp_path / "folder.csv"))
    assert [is_table_file(name) for name in ("gone.csv", "s3://b/p.csv.gz", "s3://b/panel", "panel")] == [
        True,
        True,
        False,
        False,
    ]
