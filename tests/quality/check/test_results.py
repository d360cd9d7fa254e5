"""What a check leaves behind: its run, whole and alone in its place, and the day in the panel, once."""

import datetime as dt
import json
from pathlib import Path

import polars as pl
import pytest

from quality.check.appending import append
from quality.check.day_file import read_day
from quality.check.results import write_run
from quality.check.run import check
from quality.errors import InputError
from quality.panel.partitions import SCHEMA, list_years, read_year
from quality.rules.loading import load_ruleset
from quality.storage import open_store

RULES = load_ruleset("notebook")
ELEVENTH = dt.date(2022, 1, 11)


def wide(names, prices, date=ELEVENTH):
    """A day with these columns, on the 11th of January 2022 or on the date given."""
    return read_day(f"date,{','.join(names)}\n{date},{','.join(map(str, prices))}\n".encode(), "day.csv")


class TestRun:
    @pytest.fixture
    def result(self, acceptance):
        incoming = read_day(Path(acceptance.file).read_bytes(), acceptance.file)
        return check(incoming, open_store(acceptance.history), RULES)

    def test_a_run_holds_report_findings_csv_and_summary(self, result, acceptance, tmp_path):
        run = open_store(tmp_path / "run")
        summary = write_run(result, run, RULES, open_store(acceptance.history), 0.5)
        assert run.read("anomalies/anomaly_report_1.csv").decode() == acceptance.csv
        assert json.loads(run.read("summary.json")) == summary
        assert (summary["findings"], summary["job"], summary["outcome"]) == (14, "check", "complete")
        assert [(line["key"], line["issue"]) for line in summary["report"]] == list(acceptance.issues)
        assert [entry.key for entry in run.entries()] == [
            "anomalies.csv",
            "anomalies/anomaly_report_1.csv",
            "findings/year=2022/findings.parquet",
            "summary.json",
        ]
        written = pl.read_parquet(tmp_path / "run/findings/year=2022/findings.parquet", hive_partitioning=False)
        assert written.equals(result.findings)

    def test_a_run_replaces_whatever_an_earlier_one_left(self, result, acceptance, tmp_path):
        run = open_store(tmp_path / "run")
        run.write("findings/year=2021/findings.parquet", b"another day's")
        write_run(result, run, RULES, open_store(acceptance.history), 0.5)
        assert [entry.key for entry in run.entries("findings/")] == ["findings/year=2022/findings.parquet"]


class TestAppend:
    def test_adds_the_day_once(self, flat_panel):
        day = wide(["BBB", "AAA", "NEW"], [1, "", 3])
        append(day, flat_panel)
        (year,) = list_years(flat_panel)
        frame = read_year(flat_panel, year)
        assert frame.height == 33
        assert frame.equals(frame.sort("ticker", "date"))
        arrived = frame.filter(pl.col("date") == ELEVENTH)
        assert arrived.rows() == [(ELEVENTH, "AAA", None), (ELEVENTH, "BBB", 1.0), (ELEVENTH, "NEW", 3.0)]
        with pytest.raises(InputError, match="holds it already"):
            append(day, flat_panel)
        assert read_year(flat_panel, year).equals(frame)

    @pytest.mark.parametrize("names", [["AAA", "AAA"], ["AAA", ""]])
    def test_refuses_blank_and_doubled_tickers(self, flat_panel, names):
        before = flat_panel.read("year=2022/prices.parquet")
        with pytest.raises(InputError, match="blank or doubled tickers"):
            append(wide(names, [1, 2]), flat_panel)
        assert flat_panel.read("year=2022/prices.parquet") == before

    def test_touches_only_the_days_year(self, make_panel):
        panel = make_panel([(dt.date(2021, 12, 31), "AAA", 1.0), (dt.date(2022, 1, 10), "AAA", 1.0)])
        before = {entry.key: entry.version for entry in panel.entries()}
        append(wide(["AAA"], [2]), panel)
        after = {entry.key: entry.version for entry in panel.entries()}
        assert after["year=2021/prices.parquet"] == before["year=2021/prices.parquet"]
        assert after["year=2022/prices.parquet"] != before["year=2022/prices.parquet"]

    def test_opens_a_year_that_is_new(self, flat_panel):
        append(wide(["AAA"], [2], dt.date(2023, 1, 2)), flat_panel)
        assert [year.year for year in list_years(flat_panel)] == [2022, 2023]

    def test_keeps_the_rows_of_a_year_of_several_files(self, flat_panel):
        more = pl.DataFrame([(dt.date(2022, 1, 12), "AAA", 5.0)], schema=SCHEMA, orient="row")
        with flat_panel.writing("year=2022/more.parquet") as path:
            more.write_parquet(path)
        append(wide(["AAA"], [2]), flat_panel)
        (year,) = list_years(flat_panel)
        assert read_year(flat_panel, year).height == 32
