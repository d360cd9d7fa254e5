"""One bad year fails alone: it is named, whatever is wrong with it, and the others are scanned."""

import datetime as dt
import os
import shutil
from contextlib import suppress

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from quality.digests import digest_bytes
from quality.ingest.format.source import Source
from quality.ingest.job import ingest
from quality.ingest.options import IngestOptions
from quality.panel.digests import replacing
from quality.panel.panel_files import panel_files
from quality.panel.partitions import list_years
from quality.rules.loading import load_ruleset
from quality.scan.run import ScanOptions, scan
from quality.storage import open_store

NOTEBOOK = load_ruleset("notebook")
YEARS = (2020, 2021, 2022)


@pytest.fixture
def panel(make_panel):
    """Twelve sessions in each of three years, three tickers; a zero in each year."""
    days = [dt.date(year, 3, day) for year in YEARS for day in range(1, 13)]
    rows = [(day, ticker, 0.0 if (day.day, ticker) == (12, "A") else 100.0) for day in days for ticker in "ABC"]
    return make_panel(rows)


def table(**columns):
    """A year of another program, with columns of other kinds."""
    whole = {"date": [dt.date(2021, 3, 1)], "ticker": ["A"], "price": [1.0], **columns}
    return pa.table(whole)


def written(content):
    def damage(file):
        pq.write_table(content, file)

    return damage


def flipped(file):
    data = bytearray(file.read_bytes())
    data[len(data) // 3] ^= 4
    file.write_bytes(data)


def replaced_by(make):
    def damage(file):
        file.unlink()
        make(file)

    return damage


BAD = {
    "junk": lambda file: file.write_bytes(b"junk"),
    "empty": lambda file: file.write_bytes(b""),
    "cut off": lambda file: file.write_bytes(file.read_bytes()[:-40]),
    "a flipped bit": flipped,
    "null tickers": written(table(ticker=pa.array([None], pa.string()))),
    "null dates": written(table(date=pa.array([None], pa.date32()))),
    "dates that are text": written(table(date=["soon"])),
    "dates beyond all calendars": written(table(date=pa.array([10**8], pa.int32()).cast(pa.date32()))),
    "dates of another year": written(table(date=[dt.date(1999, 1, 1)])),
    "prices that are text": written(table(price=["n/a"])),
    "no price": written(table().drop_columns("price")),
    "a doubled key": written(pa.concat_tables([table(), table()])),
    "a link to nothing": replaced_by(lambda file: file.symlink_to("nothing")),
    "a pipe": replaced_by(os.mkfifo),
    "a folder": replaced_by(lambda file: file.mkdir()),
}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("bad", [2021, 2022], ids=["in the middle", "the last"])
def test_a_bad_year_is_named_and_the_others_are_scanned(panel, tmp_path, kind, bad):
    key = f"year={bad}/prices.parquet"
    with replacing(panel, {key: digest_bytes(panel.read(key))}):
        pass
    if kind not in ("a flipped bit", "cut off"):
        panel.delete(".digests.json")
    BAD[kind](tmp_path / "panel" / key)
    summary = scan(panel, open_store(tmp_path / "run"), NOTEBOOK, ScanOptions(threads=1))
    assert [damage["year"] for damage in summary["damaged"]] == [bad]
    assert len(summary["damaged"][0]["reason"].splitlines()) == 1
    assert summary["outcome"] == "partial"
    zeros = [
        pl.read_parquet(file, hive_partitioning=False).filter(pl.col("rule") == "zero_price").height
        for file in sorted((tmp_path / "run" / "findings").rglob("*.parquet"))
    ]
    assert zeros == [1, 1]


def test_a_year_that_is_nothing_but_a_broken_link_is_named(panel, tmp_path):
    (tmp_path / "panel" / "year=2023").symlink_to("nothing")
    summary = scan(panel, open_store(tmp_path / "run"), NOTEBOOK, ScanOptions(threads=1))
    assert [damage["year"] for damage in summary["damaged"]] == [2023]


def test_any_bit_of_a_year_that_is_flipped_is_noticed(panel, tmp_path):
    key = "year=2021/prices.parquet"
    whole = panel.read(key)
    with replacing(panel, {key: digest_bytes(whole)}):
        pass
    for bit in range(0, 8 * len(whole), max(1, 8 * len(whole) // 40)):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        panel.write(key, bytes(damaged))
        with panel_files(panel, list_years(panel)) as files:
            assert [damage.year for damage in files.catalogue(1).damaged] == [2021]
    summary = scan(panel, open_store(tmp_path / "run"), NOTEBOOK, ScanOptions(threads=1, formats=("parquet",)))
    assert [damage["year"] for damage in summary["damaged"]] == [2021]


@pytest.mark.parametrize("change", ["replaced", "added", "removed"])
def test_a_panel_that_changes_while_it_is_scanned_is_said(panel, tmp_path, change):
    def meanwhile(stage, done, _all):
        if (stage, done) != ("scan", 1):
            return
        if change == "removed":
            panel.delete("year=2020/prices.parquet")
        else:
            year = 2020 if change == "replaced" else 2023
            panel.write(f"year={year}/prices.parquet", panel.read("year=2021/prices.parquet"))

    run, options = open_store(tmp_path / "run"), ScanOptions(threads=1, rows_a_chunk=1)
    summary = scan(panel, run, NOTEBOOK, options, meanwhile)
    assert summary["outcome"] == "partial"
    ((year, reason),) = [(damage["year"], damage["reason"]) for damage in summary["damaged"]]
    assert year == (2023 if change == "added" else 2020)
    assert "was replaced while the panel was read" in reason


def test_a_panel_whose_ingest_was_stopped_midway_is_said_until_it_is_ingested_again(panel, tmp_path):
    """One year is as it was, the other as it is to be: no file is damaged, and none changes during the scan."""

    def priced(folder, price):
        file = tmp_path / "in.csv"
        days = [dt.date(year, 3, day) for year in (2020, 2022, 2023) for day in range(1, 13)]
        file.write_text(
            "date,ticker,price\n" + "".join(f"{day},{ticker},{price}\n" for day in days for ticker in "ABC")
        )
        options = IngestOptions(Source(), on_conflict="last")
        ingest([str(file)], open_store(tmp_path / folder), open_store(tmp_path / "books"), options)

    shutil.copytree(tmp_path / "panel", tmp_path / "after")
    priced("after", 101)
    new = open_store(tmp_path / "after")
    keys = [f"year={year}/prices.parquet" for year in (2020, 2022, 2023)]
    with suppress(KeyboardInterrupt), replacing(panel, {key: digest_bytes(new.read(key)) for key in keys}):
        panel.write(keys[0], new.read(keys[0]))
        raise KeyboardInterrupt
    summary = scan(panel, open_store(tmp_path / "run"), NOTEBOOK, ScanOptions(threads=1))
    assert summary["outcome"] == "partial"
    assert [damage["year"] for damage in summary["damaged"]] == [2020, 2022, 2023]
    assert "ingest the same files again" in summary["damaged"][0]["reason"]
    priced("panel", 101)
    assert scan(panel, open_store(tmp_path / "run"), NOTEBOOK, ScanOptions(threads=1))["damaged"] == []
