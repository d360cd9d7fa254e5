"""The findings' files: text that no spreadsheet runs, quoting, and the notebook's report."""

import csv
import datetime as dt
import io

import polars as pl
import pytest

from quality.errors import InputError
from quality.findings.notebook_report import notebook_csv
from quality.findings.schema import FILED_SCHEMA, SCHEMA, partition_key, plain, read_parts, write_csv
from quality.storage import open_store

DAY = dt.date(2022, 9, 26)


def findings(*tickers, message="Zero Price (value=0.00)", rule="zero_price"):
    rows = [(DAY, ticker, rule, "error", -1.5, None, float("inf"), message, *[None] * 7, False) for ticker in tickers]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def written(tmp_path, *parts):
    write_csv(parts, tmp_path / "anomalies.csv")
    return list(csv.reader(io.StringIO((tmp_path / "anomalies.csv").read_bytes().decode(), newline="")))


def test_the_csv_has_a_heading_and_a_line_a_finding(tmp_path):
    lines = written(tmp_path, findings("ST0001"), findings("ST0002", "ST0003"))
    assert lines[0] == list(FILED_SCHEMA)
    assert lines[1] == [
        "2022-09-26",
        "ST0001",
        "zero_price",
        "error",
        "-1.5",
        "",
        "inf",
        "Zero Price (value=0.00)",
        *[""] * 7,
        "false",
        "false",
    ]
    assert [line[1] for line in lines[2:]] == ["ST0002", "ST0003"]


def test_no_findings_are_a_heading_alone(tmp_path):
    assert written(tmp_path) == [list(FILED_SCHEMA)]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d"])
def test_text_that_a_spreadsheet_would_run_is_made_plain(tmp_path, start):
    ticker = f"{start}HYPERLINK(1)"
    lines = written(tmp_path, findings(ticker, message=ticker))
    assert (lines[1][1], lines[1][7]) == (f"'{ticker}", f"'{ticker}")
    assert lines[1][4] == "-1.5"
    assert notebook_csv([(ticker, ticker)]).decode().count(f"'{ticker}") == 2


@pytest.mark.parametrize("ticker", ["a,b", 'a"b', "a\nb", "a\rb", "ö", "'a", ""])
def test_quoting_gives_back_what_went_in(tmp_path, ticker):
    assert written(tmp_path, findings(ticker))[1][1] == ticker
    rows = list(csv.reader(io.StringIO(notebook_csv([(ticker, "Issue")]).decode(), newline="")))
    assert rows[1] == [ticker, "Issue"]


@pytest.mark.parametrize(
    ("ticker", "shown"), [("a;=1;-2", "a;'=1;'-2"), ("a\t@b", "a\t'@b"), ("a\n =b", "a\n '=b"), ("a;b", "a;b")]
)
def test_so_is_what_a_spreadsheet_runs_that_delimits_by_semicolons_or_tabs(tmp_path, ticker, shown):
    assert written(tmp_path, findings(ticker))[1][1] == shown
    assert list(csv.reader(io.StringIO(notebook_csv([(ticker, "Issue")]).decode(), newline="")))[1] == [shown, "Issue"]


def test_plain_leaves_numbers_nulls_and_names_as_they_are():
    rows = pl.DataFrame({"^a.*$": ["=1", None], "b": [-1, 2]})
    assert plain(rows).to_dict(as_series=False) == {"^a.*$": ["'=1", None], "b": [-1, 2]}


def test_the_notebooks_report_has_its_heading_and_a_line_an_issue():
    assert notebook_csv([]) == b"Ticker/Key,Issue\n"
    report = notebook_csv([("column_5", "Missing Ticker at Position 5"), ("ST0018", "Zero Price (value=0.00)")])
    assert report == b"Ticker/Key,Issue\ncolumn_5,Missing Ticker at Position 5\nST0018,Zero Price (value=0.00)\n"


def test_partitions_sort_by_year():
    assert partition_key(987) == "findings/year=0987/findings.parquet"


def test_findings_that_are_damaged_are_named(tmp_path):
    run = open_store(tmp_path)
    run.write(partition_key(2021), b"junk")
    run.write("findings/notes.parquet", b"somebody else's")
    with pytest.raises(InputError, match=r"year=2021/findings\.parquet is damaged: .*--resume"):
        list(read_parts(run))
