"""The daily check from end to end, and how its report speaks in each rule set."""

import datetime as dt
import re
from dataclasses import replace
from pathlib import Path

import pytest

from quality.check.job import CheckJob, run_check
from quality.errors import InputError, UsageError
from quality.ingest.job import ingest
from quality.ingest.options import IngestOptions
from quality.panel.partitions import list_years, read_year
from quality.rules.loading import load_ruleset
from quality.storage import open_store

ROBUST, NOTEBOOK = load_ruleset("robust"), load_ruleset("notebook")


@pytest.fixture
def day(tmp_path):
    def write(prices, names="AAA,BBB,CCC"):
        (tmp_path / "day.csv").write_text(f"date,{names}\n2022-01-11,{prices}\n", encoding="utf-8")
        return str(tmp_path / "day.csv")

    return write


def files(folder):
    return {path: path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


def rows(panel):
    return sum(read_year(panel, year).height for year in list_years(panel))


def test_a_clean_day_is_written_and_appended(flat_panel, day, tmp_path):
    done = run_check(CheckJob(day("100,100,100"), flat_panel.address, ROBUST, str(tmp_path / "run"), append=True))
    assert (done.appended, done.kept_back, done.append_failed) == (True, "", "")
    assert open_store(tmp_path / "run").exists("summary.json")
    assert rows(flat_panel) == 33


def test_findings_keep_a_day_back_and_a_day_that_is_there_fails_to_be_appended(flat_panel, day):
    job = CheckJob(day("100,100,0"), flat_panel.address, ROBUST, append=True, fail_on="error")
    assert run_check(job).kept_back == "its findings reach --fail-on error"
    again = CheckJob(day("100,100,100"), flat_panel.address, ROBUST, append=True)
    assert run_check(again).appended
    assert "2022-01-11 is not appended" in run_check(again).append_failed
    assert rows(flat_panel) == 33


def test_a_missing_ticker_is_a_position_in_the_notebooks_report_and_itself_in_the_robust_one(flat_panel, day):
    file = day("100,100", names="AAA,CCC")
    assert run_check(CheckJob(file, flat_panel.address, NOTEBOOK)).result.issues[0][0] == "column_1"
    assert run_check(CheckJob(file, flat_panel.address, ROBUST)).result.issues[0][0] == "BBB"


def test_a_report_leaves_out_what_the_notebook_did_not_know_or_in_robust_what_is_info(flat_panel, day):
    file = day("100,100,100,5", names="AAA,BBB,CCC,NEW")
    mended = Path(file).rename(Path(file).with_name("2022-01-12.csv"))
    notebook = run_check(CheckJob(str(mended), flat_panel.address, NOTEBOOK)).result
    assert notebook.issues == ()
    assert {key for key, _ in notebook.outside} == {"NEW", "__WRONG_DATE__"}
    robust = run_check(CheckJob(str(mended), flat_panel.address, ROBUST)).result
    assert [key for key, _ in robust.issues] == ["__WRONG_DATE__"]
    assert [key for key, _ in robust.outside] == ["NEW"]


@pytest.mark.parametrize("place", ["panel", "panel/run", "."])
def test_a_run_in_its_panel_or_around_it_is_refused_before_anything_is_touched(flat_panel, day, tmp_path, place):
    file = day("100,100,100")
    before = files(tmp_path)
    with pytest.raises(UsageError, match="lie in one another"):
        run_check(CheckJob(file, flat_panel.address, ROBUST, str(tmp_path / place), append=True))
    assert files(tmp_path) == before


def test_a_day_that_cannot_be_read_leaves_an_earlier_run_as_it_was(flat_panel, day, tmp_path):
    job = CheckJob(day("100,100,100"), flat_panel.address, ROBUST, str(tmp_path / "run"))
    run_check(job)
    before = files(tmp_path / "run")
    day("100,abc,100")
    with pytest.raises(InputError, match="not numbers"):
        run_check(job)
    assert files(tmp_path / "run") == before


def test_a_day_far_away_is_taken_by_its_date(flat_panel, tmp_path):
    (tmp_path / "day.csv").write_text("AAA,BBB,CCC\n1,1,1\n")
    job = CheckJob(str(tmp_path / "day.csv"), flat_panel.address, NOTEBOOK, date=dt.date(2022, 1, 12))
    assert run_check(job).result.day == dt.date(2022, 1, 12)


@pytest.fixture
def ten_tickers(tmp_path):
    names = ",".join(f"T{number}" for number in range(10))
    days = [dt.date(2022, 1, day) for day in (3, 4, 5, 6, 7, 10, 11, 12, 13)]
    text = f"date,{names}\n" + "".join(f"{day},{','.join(['100.5'] * 10)}\n" for day in days)
    (tmp_path / "history.csv").write_text(text, encoding="utf-8")
    panel = open_store(tmp_path / "panel")
    ingest([str(tmp_path / "history.csv")], panel, open_store(tmp_path / "ingest"), IngestOptions())
    return panel


@pytest.mark.parametrize(
    ("name", "tickers", "says"),
    [("day.csv", 3, r"Incomplete Day \(3 tickers"), ("2022-01-15.csv", 10, r"Wrong Date \(2022-01-14 in a file named")],
)
def test_a_day_that_is_incomplete_or_of_a_wrong_date_is_appended_only_when_told(
    ten_tickers, tmp_path, name, tickers, says
):
    names = [f"T{number}" for number in range(tickers)]
    file = tmp_path / name
    file.write_text(f"date,{','.join(names)}\n2022-01-14,{','.join(['100.5'] * tickers)}\n", encoding="utf-8")
    job = CheckJob(str(file), ten_tickers.address, ROBUST, str(tmp_path / "run"), append=True)
    done = run_check(job)
    assert not done.appended
    assert re.search(says, done.doubt)
    assert open_store(tmp_path / "run").exists("summary.json")
    assert rows(ten_tickers) == 90
    assert run_check(replace(job, append_anyway=True)).appended
    assert rows(ten_tickers) == 90 + tickers


def test_rows_of_other_dates_are_counted(ten_tickers, tmp_path):
    names = [f"T{number}" for number in range(10)]
    lines = [f"2022-01-{day},{','.join(['100.5'] * 10)}\n" for day in (12, 13, 13, 14)]
    (tmp_path / "days.csv").write_text(f"date,{','.join(names)}\n{''.join(lines)}", encoding="utf-8")
    job = CheckJob(str(tmp_path / "days.csv"), ten_tickers.address, ROBUST, date=dt.date(2022, 1, 14))
    assert run_check(job).summary["rows_of_other_dates"] == {"2022-01-12": 1, "2022-01-13": 2}
