"""`pricewatch sql`."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from quality.investigate.catalogue import views
from quality.investigate.questions import saved_questions

ENDLESS = "with recursive t(n) as (select 1 union all select n + 1 from t) select max(n) from t"


def refuse(constant):
    raise AssertionError(f"{constant} is not JSON")


def test_answers_as_a_table(pricewatch, flat_panel):
    done = pricewatch("sql", "select ticker, count(*) as days from panel group by 1 order by 1", "--panel", "panel")
    assert (done.code, done.err, flat_panel.address.endswith("panel")) == (0, "", True)
    assert done.out == "ticker  days\n------  ----\nAAA       10\nBBB       10\nCCC       10\n"


@pytest.mark.parametrize("flag", [["--csv"], ["--format", "csv"]])
def test_answers_as_csv_whose_text_no_spreadsheet_runs(pricewatch, flag):
    done = pricewatch("sql", "select '=1+1' as a, 'x,\"y' as b, -2 as c, null::varchar as d", *flag)
    assert list(csv.reader(io.StringIO(done.out))) == [["a", "b", "c", "d"], ["'=1+1", 'x,"y', "-2", ""]]


def test_answers_as_strict_json_of_objects_that_no_terminal_obeys(pricewatch):
    query = "select 'inf'::double as a, 1.5 as b, date '2022-01-03' as c, chr(155) || chr(27) || 'ö' as d, [1, 2] as e"
    done = pricewatch("sql", query, "--json")
    assert json.loads(done.out, parse_constant=refuse) == {
        "columns": ["a", "b", "c", "d", "e"],
        "rows": [{"a": "inf", "b": 1.5, "c": "2022-01-03", "d": "\x9b\x1bö", "e": [1, 2]}],
    }
    assert "ö" in done.out
    assert "\x9b" not in done.out
    assert "\x1b" not in done.out
    assert pricewatch("sql", query, "--format", "json").out == done.out


def test_answers_as_markdown_without_markup_in_its_cells(pricewatch):
    done = pricewatch("sql", "select 'a|b <i>' as x, 2 as y", "--format", "markdown")
    assert done.out == "| x | y |\n|---|---:|\n| a\\|b &lt;i&gt; | 2 |\n"


@pytest.mark.parametrize("ending", ["parquet", "csv", "json", "md", "txt"])
def test_writes_the_whole_answer_to_a_file(pricewatch, tmp_path, ending):
    done = pricewatch("sql", "select range as n, 'x' as t from range(50000)", "--out", f"answer.{ending}")
    assert (done.code, done.out) == (0, f"50,000 rows are in answer.{ending}\n")
    path = tmp_path / f"answer.{ending}"
    if ending == "parquet":
        assert pl.read_parquet(path).get_column("n").sum() == sum(range(50_000))
    elif ending == "csv":
        assert pl.read_csv(path).get_column("n").sum() == sum(range(50_000))
    elif ending == "json":
        assert len(json.loads(path.read_text())["rows"]) == 50_000
    else:
        assert len(path.read_text().splitlines()) == 50_002


def test_writes_to_s3(pricewatch, bucket):
    assert pricewatch("sql", "select 42 as n", "--out", f"{bucket}/answers/a.parquet").code == 0
    done = pricewatch("sql", "select count(*) as n from truth", "--truth", f"{bucket}/answers/a.parquet", "--json")
    assert json.loads(done.out)["rows"] == [{"n": 1}]


def test_reads_the_query_from_stdin(process):
    assert process("sql", "-", stdin="select 42 as answer;\n").out.splitlines()[-1].strip() == "42"


def test_shows_the_first_rows_and_says_how_many_more(pricewatch):
    done = pricewatch("sql", "select range from range(100)", "--rows", 3)
    assert len(done.out.splitlines()) == 5
    assert done.err == "97 more rows; say --rows 0 for all, or --out FILE\n"
    assert len(pricewatch("sql", "select range from range(100)", "--rows", 0).out.splitlines()) == 102


def test_without_a_query_and_a_terminal_lists_views_and_questions(pricewatch):
    done = pricewatch("sql")
    assert done.code == 0
    for name in [*views(), *saved_questions()]:
        assert f"  {name} " in done.out
    assert set(json.loads(pricewatch("sql", "--json").out)) == {"views", "questions"}


def test_saved_questions_over_runs_and_folders_of_runs(pricewatch, default_panels):
    for day in ("2022-09-22", "2022-09-23"):
        pricewatch(
            "scan", default_panels.faulty, f"runs/{day}", "--ruleset", "notebook", "--format", "parquet", "--end", day
        )
    done = pricewatch("sql", "rules", "--run", "runs/2022-09-23", "--json")
    assert ("price_decrease", "warning") in [(row["rule"], row["severity"]) for row in json.loads(done.out)["rows"]]
    named = [
        json.loads(pricewatch("sql", "from runs", *given, "--json").out)["rows"]
        for given in (
            ["--run", "runs"],
            ["--run", "runs/2022-09-22", "--run", "runs/2022-09-23"],
        )
    ]
    assert [[row["last_session"] for row in rows] for rows in named] == [["2022-09-22", "2022-09-23"]] * 2
    done = pricewatch(
        "sql", "changed", "--set", "before=2022-09-22", "--set", "after=2022-09-23", "--run", "runs", "--json"
    )
    assert {row["date"] for row in json.loads(done.out)["rows"]} == {"2022-09-23"}


def test_ctrl_c_and_the_time_limit_end_a_query_without_end(process, tmp_path):
    done = process("sql", ENDLESS, "--timeout", "1")
    assert done.failed(2).endswith("the query was ended after 1 s; ask for less, or raise --timeout")
    running = subprocess.Popen(
        [sys.executable, "-m", "jobs.cli", "sql", ENDLESS],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    )
    time.sleep(2)
    running.send_signal(signal.SIGINT)
    assert running.communicate(timeout=20)[1] == "pricewatch sql: interrupted\n"
    assert running.returncode == 130


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["select * from panel"], 2, "the view panel needs --panel"),
        (["drop table panel"], 2, "is a statement of kind DROP, not a SELECT"),
        (["copy (select 1) to 'x.csv'"], 2, "COPY"),
        (["select * from read_csv('/etc/passwd')"], 2, "read_csv() is not for queries"),
        (["select 1", "--csv", "--json"], 2, "they exclude each other"),
        (["select 1", "--format", "parquet"], 2, "--format parquet needs --out"),
        (["select 1", "--out", "x.xls"], 2, "say --format"),
        (["select 1", "--rows", "-1"], 2, "is not between 0 and"),
        (["select 1", "--set", "x"], 2, "--set x: must be NAME=VALUE"),
        (["from panel", "--panel", "none"], 3, "no panel at none"),
        (["from runs", "--run", "none"], 3, "no finished run at none"),
        (["selec 1"], 2, "not valid SQL"),
        (["select 1/"], 2, "not valid SQL"),
        (["worst_ticker"], 2, "not valid SQL"),
        (["ticker_history", "--run", "none"], 2, "needs --set ticker=…"),
    ],
)
def test_what_is_wrong_is_one_line(pricewatch, arguments, code, says):
    assert says in pricewatch("sql", *arguments).failed(code)
