"""`pricewatch check`."""

import datetime as dt
import json
import shutil
from pathlib import Path

import pytest

from quality.panel.partitions import list_years, read_year
from quality.storage import open_store

NOTEBOOK = ("--ruleset", "notebook")


def rows(panel):
    return sum(read_year(panel, year).height for year in list_years(panel))


@pytest.fixture
def day_file(tmp_path):
    def write(text):
        (tmp_path / "day.csv").write_text(text, encoding="utf-8")
        return "day.csv"

    return write


def test_prints_exactly_the_notebooks_report(pricewatch, acceptance):
    done = pricewatch("check", acceptance.file, "--history", acceptance.history, "--out", "run", *NOTEBOOK)
    assert done.code == 0
    assert done.out.splitlines() == acceptance.lines
    assert done.err.startswith("2022-09-26: 14 issues in 100 prices, ")
    assert Path("run/anomalies/anomaly_report_1.csv").read_text(encoding="utf-8") == acceptance.csv


def test_as_json(pricewatch, acceptance):
    told = json.loads(pricewatch("check", acceptance.file, "--history", acceptance.history, "--json", *NOTEBOOK).out)
    assert [f"{line['key']}: {line['issue']}" for line in told["report"]] == acceptance.lines
    assert told["by_severity"] == {"warning": 10, "error": 4}


def test_day_and_run_may_lie_on_s3(pricewatch, acceptance, bucket):
    open_store(bucket).write("incoming/day.csv", Path(acceptance.file).read_bytes())
    done = pricewatch(
        "check", f"{bucket}/incoming/day.csv", "--history", acceptance.history, "--out", f"{bucket}/run", *NOTEBOOK
    )
    assert done.out.splitlines() == acceptance.lines
    assert open_store(f"{bucket}/run").read("anomalies/anomaly_report_1.csv").decode() == acceptance.csv


@pytest.mark.parametrize(
    ("price", "fail_on", "code"), [("100", "warning", 0), ("150", "error", 0), ("150", "warning", 1), ("0", "error", 1)]
)
def test_findings_decide_the_code_and_whether_the_day_is_appended(
    pricewatch, flat_panel, day_file, price, fail_on, code
):
    file = day_file(f"date,AAA,BBB,CCC\n2022-01-11,100,100,{price}\n")
    done = pricewatch("check", file, "--history", "panel", "--append", "--fail-on", fail_on, *NOTEBOOK)
    assert done.code == code
    assert rows(flat_panel) == (30 if code else 33)
    told = "2022-01-11 is not appended: its findings reach" if code else "2022-01-11 is appended to panel"
    assert told in done.err


def test_a_day_is_appended_once(pricewatch, flat_panel, day_file):
    file = day_file("date,AAA,BBB,CCC\n2022-01-11,100,100,100\n")
    assert pricewatch("check", file, "--history", "panel", "--append").code == 0
    again = pricewatch("check", file, "--history", "panel", "--append")
    assert again.code == 3
    assert again.out == "__DUPLICATE_DATE__: Duplicate Date Entry (2022-01-11)\n"
    assert "2022-01-11 is not appended" in again.err.splitlines()[-1]
    assert rows(flat_panel) == 33


def test_too_little_history_is_the_notebooks_error(pricewatch, make_panel, day_file, tmp_path):
    make_panel([(dt.date(2022, 1, number), "AAA", 1.0) for number in range(1, 7)])
    line = pricewatch("check", day_file("date,AAA\n2022-01-11,1\n"), "--history", "panel", "--out", "run").failed(3)
    assert line == "pricewatch check: Not enough historical data to compute moving average."
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("text", "flags", "code", "says"),
    [
        ("date,AAA\n2022-01-11,abc\n", [], 3, "day.csv: 1 prices are not numbers: line 2, column AAA: 'abc'"),
        ("", [], 3, "day.csv: is empty"),
        ("AAA\n1\n", [], 3, "say --date YYYY-MM-DD"),
        ("AAA\n1\n", ["--date", "soon"], 2, "argument --date: 'soon' is not a date YYYY-MM-DD"),
        ("date,AAA\n2022-01-11,1\n", ["--history", "none"], 3, "no panel at none"),
        ("date,AAA\n2022-01-11,1\n", ["--ruleset", "none"], 2, "no rule set 'none'"),
    ],
)
def test_what_is_wrong_is_one_line(pricewatch, flat_panel, day_file, text, flags, code, says):
    del flat_panel
    assert says in pricewatch("check", day_file(text), "--history", "panel", *flags).failed(code)


def test_a_file_that_is_not_there_is_one_line(pricewatch, flat_panel):
    del flat_panel
    assert "cannot read none.csv: no such file" in pricewatch("check", "none.csv", "--history", "panel").failed(3)


def test_a_damaged_history_is_named(pricewatch, acceptance, tmp_path):
    shutil.copytree(acceptance.history, tmp_path / "history")
    (tmp_path / "history/year=2022/prices.parquet").write_bytes(b"no parquet")
    assert "year=2022" in pricewatch("check", acceptance.file, "--history", "history").failed(3)


def test_an_untrusted_name_cannot_write_to_the_terminal(pricewatch, flat_panel, day_file):
    del flat_panel
    done = pricewatch("check", day_file("date,AAA,\x1b[31m,\x1b[31m\n2022-01-11,1,2,3\n"), "--history", "panel")
    assert r"\x1b[31m: Duplicate Ticker Name" in done.out
    assert "\x1b" not in done.out + done.err
