"""Small files read together give what each alone gives: the same rows, refusals, counts and words."""

import gzip
import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quality.errors import InputError
from quality.ingest.format.source import Source
from quality.ingest.job import ingest
from quality.ingest.options import IngestOptions
from quality.ingest.rows import reading
from quality.ingest.rows.alike import Queue
from quality.panel.partitions import list_years, read_year
from quality.storage import open_store

HEADS = ["date,ticker,price\n", "Date,Open,Close,Volume\n", "day,symbol,note,last\n"]
LINES = {
    HEADS[0]: ["2020-01-02,A,1.5", "2020-01-03,B,2", "2021-01-04,A,", "2020-01-02,C,99999", "2020-01-02,,1"],
    HEADS[1]: ["2020-01-02,1,1.5,9", "2020-01-03,1,2.5,1.2M", "2020-01-06,1,20000,9", "2020-01-07,1,nan,9", "\n", "1"],
    HEADS[2]: [
        "2020-01-02,A,x,1.5",
        "2020-01-03,A,,2.5",
        "2020-01-06 16:00,B,,3",
        "03/04/2020,A,z,1",
        '2020-01-02,"B",,1',
    ],
}
FILES = st.sampled_from(HEADS).flatmap(
    lambda head: st.lists(st.sampled_from(LINES[head]), max_size=4).map(lambda lines: head + "\n".join(lines))
)


def outcome(folder, files, *, together):
    real = Queue.recipe_for
    panel, out = open_store(folder / f"panel-{together}"), open_store(folder / f"run-{together}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Queue, "recipe_for", real if together else lambda _queue, _data: None)
        try:
            summary = ingest([str(file) for file in files], panel, out, IngestOptions(Source()))
        except InputError as error:
            return str(error)
    rows = [row for year in list_years(panel) for row in read_year(panel, year).rows()]
    lists = [
        pl.read_parquet(folder / f"run-{together}" / f"{name}.parquet").rows() for name in ("refused", "conflicts")
    ]
    for file in summary["files"]:
        (file["mapping"] or {}).pop("thousands", None)  # a mark that no price of a file has makes no difference
    return rows, lists, summary["files"], summary["failed_files"]


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(texts=st.lists(FILES, min_size=2, max_size=8))
def test_files_read_together_give_what_each_alone_gives(texts):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = [folder / f"T{number}.csv" for number in range(len(texts))]
        for file, text in zip(files, texts, strict=True):
            file.write_text(text, encoding="utf-8")
        assert outcome(folder, files, together=True) == outcome(folder, files, together=False)


def test_files_of_one_form_are_looked_into_once(desk, monkeypatch):
    looked_into = []
    real = reading.open_table
    monkeypatch.setattr(reading, "open_table", lambda member, *rest: looked_into.append(member) or real(member, *rest))
    for number in range(30):
        text = f"Date,Open,Close\n2020-01-02,1,{number}.5\n2020-01-03,1,2.5\n"
        desk.put(f"T{number:02}.csv.gz", gzip.compress(text.encode()))
    summary = desk.ingest(str(desk.folder / "in"))
    assert (summary["rows_written"], len(looked_into)) == (60, 1)
    assert summary["files"][7]["mapping"]["ticker"] == "T07"
    assert ("2020-01-02", "T07", 7.5) in desk.rows()
