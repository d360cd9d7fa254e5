"""Volume and adjusted close beside the price: mapped when asked, never lost, and no reason to lose a price."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from jobs.cli import main
from quality.errors import InputError
from quality.ingest.format.source import Source
from quality.ingest.job import ingest
from quality.ingest.options import IngestOptions
from quality.panel.partitions import joined, list_years, read_rows
from quality.storage import open_store

YAHOO = Source().replaced({"volume_column": "Volume", "adjusted_close_column": "Adj Close"}, "source.")
VOLUME = Source().replaced({"volume_column": "volume"}, "source.")


@pytest.fixture
def put(tmp_path: Path) -> Any:
    """Ingest some files by name and text; give the summary."""

    def into(source: Source, more: dict[str, Any] | None = None, **files: str) -> dict[str, Any]:
        for name, text in files.items():
            (tmp_path / f"{name}.csv").write_text(text)
        paths = [str(tmp_path / f"{name}.csv") for name in files]
        options = IngestOptions(source, **(more or {}))
        return ingest(paths, open_store(tmp_path / "panel"), open_store(tmp_path / "out"), options)

    return into


def held(tmp_path: Path) -> list[tuple[Any, ...]]:
    panel = open_store(tmp_path / "panel")
    return joined([read_rows(panel, year) for year in list_years(panel)]).drop("date").rows()


def test_the_columns_are_taken_by_name_and_the_price_stays_the_close(put: Any, tmp_path: Path) -> None:
    text = 'Date,Open,Close,Adj Close,Volume\n2024-01-02,9,10,5.5,"1,234,500"\n2024-01-03,9,11,6.25,0\n'
    summary = put(YAHOO, AAPL=text)
    assert held(tmp_path) == [("AAPL", 10.0, 1_234_500.0, 5.5), ("AAPL", 11.0, 0.0, 6.25)]
    mapping = summary["files"][0]["mapping"]
    assert (mapping["price"], mapping["volume"], mapping["adjusted_close"]) == ("Close", "Volume", "Adj Close")


def test_without_being_asked_a_panel_is_what_it_was(put: Any, tmp_path: Path) -> None:
    put(Source(), a="date,ticker,price,volume\n2024-01-02,A,10.5,7\n")
    assert held(tmp_path) == [("A", 10.5)]


def test_a_volume_that_cannot_be_read_is_none_and_listed_and_its_price_stays(put: Any, tmp_path: Path) -> None:
    lines = ["date,ticker,price,volume", "2024-01-02,A,10.5,many", "2024-01-03,A,10.6,-3"]
    summary = put(VOLUME, a="\n".join([*lines, "2024-01-04,A,x,what", "2024-01-05,A,10.7,4\n"]))
    assert held(tmp_path) == [("A", 10.5, None), ("A", 10.6, None), ("A", 10.7, 4.0)]
    assert (summary["unread"], summary["rows_refused"], summary["rows_written"]) == (2, 1, 3)
    listed = pl.read_parquet(tmp_path / "out" / "unread.parquet").select("line", "column", "text", "reason").rows()
    assert listed == [(2, "volume", "many", "is not a number"), (3, "volume", "-3", "is below zero")]


def test_years_with_and_without_volume_and_later_volumes_go_together(put: Any, tmp_path: Path) -> None:
    put(Source(), a="date,ticker,price\n2023-01-02,A,10.5\n2024-01-02,A,11.5\n2024-01-03,A,12.5\n")
    summary = put(VOLUME, b="date,ticker,price,volume\n2024-01-03,A,12.5,70\n2024-01-04,A,13.5,80\n")
    assert (summary["duplicates_agreeing"], summary["conflicts"], summary["filled"]) == (1, 0, {"volume": 1})
    assert held(tmp_path) == [("A", 10.5, None), ("A", 11.5, None), ("A", 12.5, 70.0), ("A", 13.5, 80.0)]


def test_a_file_without_volumes_takes_none_away(put: Any, tmp_path: Path) -> None:
    put(VOLUME, a="date,ticker,price,volume\n2024-01-02,A,11.5,70\n2024-01-03,A,12.5,80\n")
    put(Source(), b="date,ticker,price\n2024-01-02,A,11.5\n2024-01-03,A,13.5\n")
    # Beside another price another volume may be true, and nobody said which.
    assert held(tmp_path) == [("A", 11.5, 70.0), ("A", 13.5, None)]


@pytest.mark.parametrize("order", [("old", "new"), ("new", "old")])
def test_the_preferred_file_gives_the_volume_in_any_order(put: Any, tmp_path: Path, order: tuple[str, ...]) -> None:
    texts = {"old": ("p_2024-01-03", "70"), "new": ("p_2024-01-04", "75")}
    for which in order:
        name, volume = texts[which]
        put(VOLUME, {"prefer": "newest-file"}, **{name: f"date,ticker,price,volume\n2024-01-02,A,11.5,{volume}\n"})
    assert held(tmp_path) == [("A", 11.5, 75.0)]


def test_copies_of_one_row_keep_a_volume_that_one_of_them_has(put: Any, tmp_path: Path) -> None:
    put(VOLUME, a="date,ticker,price,volume\n2024-01-02,A,11.5,70\n" + "2024-01-02,A,11.5,\n" * 3)
    assert held(tmp_path) == [("A", 11.5, 70.0)]


@pytest.mark.parametrize(
    ("text", "column", "problem"),
    [
        ("date,AAA,BBB\n2024-01-02,1.5,2.5\n2024-01-03,1.5,2.5\n", "BBB", "is a wide table"),
        ("date,ticker,price\n2024-01-02,A,1.5\n", "volume", "no column is named 'volume'"),
        ("date,ticker,price\n2024-01-02,A,1.5\n", "date", "--volume-column date names a column that"),
    ],
)
def test_what_is_not_possible_is_said(put: Any, text: str, column: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        put(Source().replaced({"volume_column": column}, "source."), a=text)


def test_the_command_line_says_what_became_of_volumes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_text("date,ticker,price,volume\n2024-01-02,A,10.5,many\n")
    assert main(["ingest", "a.csv", "panel", "--volume-column", "volume"]) == 3
    said = capsys.readouterr().out
    assert "1 volumes or adjusted closes cannot be read, their rows have none: runs/ingest/unread.parquet" in said
    assert main(["sql", "select volume from panel", "--panel", "panel"]) == 0


WIDE = {
    "pandas, two lines": "Price,Close,Close,Volume,Volume\nTicker,A,B,A,B\nDate,,,,\n",
    "pandas, pairs": "Date,\"('Close', 'A')\",\"('Close', 'B')\",\"('Volume', 'A')\",\"('Volume', 'B')\"\n",
    "field last": "date,A Close,B Close,A Volume,B Volume\n",
    "field first": "date,close_A,close_B,volume_A,volume_B\n",
}


@pytest.mark.parametrize("header", WIDE.values(), ids=WIDE)
def test_a_wide_table_with_fields_brings_its_volumes(put: Any, tmp_path: Path, header: str) -> None:
    """A blank before the first price is no row; what is no volume costs only itself."""
    lines = ["2024-01-02,10.5,,70,", "2024-01-03,10.6,20.5,many,80", "2024-01-04,x,20.6,71,-1"]
    summary = put(VOLUME, wide=header + "\n".join(lines) + "\n")
    assert held(tmp_path) == [("A", 10.5, 70.0), ("A", 10.6, None), ("B", 20.5, 80.0), ("B", 20.6, None)]
    counted = ("rows_written", "rows_refused", "unread")
    assert [summary[name] for name in counted] == [4, 1, 2]
    assert summary["files"][0]["mapping"]["volume"].startswith("a column each: ")
    texts = pl.read_parquet(tmp_path / "out" / "unread.parquet").get_column("text")
    assert sorted(texts) == ["-1", "many"]


def test_a_ticker_without_a_volume_column_has_none_and_columns_come_in_any_order(put: Any, tmp_path: Path) -> None:
    put(VOLUME, wide="date,C.Volume,B.Close,A.Close,A.Volume\n2024-01-02,1,20.5,10.5,70\n2024-01-03,2,20.6,10.6,71\n")
    assert held(tmp_path) == [("A", 10.5, 70.0), ("A", 10.6, 71.0), ("B", 20.5, None), ("B", 20.6, None)]


@pytest.mark.parametrize(
    ("named", "header", "what"),
    [
        (
            {"volume_column": "Shares"},
            "date,A.Close,A.Volume",
            r"--volume-column Shares is none of them \(there is Close, Volume\)",
        ),
        ({"volume_column": "Close"}, "date,A.Close,A.Volume", "--volume-column Close is the price"),
        ({"volume_column": "B"}, "date,A,B", r"--volume-column cannot be taken .*AAPL\.Volume"),
    ],
)
def test_a_wide_table_without_the_field_is_refused_with_what_to_do(
    put: Any, named: Any, header: str, what: str
) -> None:
    with pytest.raises(InputError, match=what):
        put(Source().replaced(named, "source."), wide=f"{header}\n2024-01-02,10.5,70\n2024-01-03,10.6,71\n")
