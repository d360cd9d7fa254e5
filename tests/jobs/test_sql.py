"""`pricewatch sql`."""

import csv
import io
import json

import pytest

from quality.investigate.queries import VIEWS, saved_questions


def refuse(constant):
    raise AssertionError(f"{constant} is not JSON")


def test_answers_as_a_table(pricewatch, flat_panel):
    done = pricewatch("sql", "select ticker, count(*) as rows from panel group by 1 order by 1", "--panel", "panel")
    assert (done.code, done.err, flat_panel.address.endswith("panel")) == (0, "", True)
    assert done.out == "ticker  rows\n------  ----\nAAA       10\nBBB       10\nCCC       10\n"


def test_answers_as_csv_whose_text_no_spreadsheet_runs(pricewatch):
    done = pricewatch("sql", "select '=1+1' as a, 'x,\"y' as b, -2 as c, null::varchar as d", "--csv")
    assert list(csv.reader(io.StringIO(done.out))) == [["a", "b", "c", "d"], ["'=1+1", 'x,"y', "-2", ""]]


def test_answers_as_strict_json_that_no_terminal_obeys(pricewatch):
    query = "select 'inf'::double as a, 1.5 as b, date '2022-01-03' as c, chr(155) || chr(27) || 'ö' as d, [1, 2] as e"
    done = pricewatch("sql", query, "--json")
    assert json.loads(done.out, parse_constant=refuse) == {
        "columns": ["a", "b", "c", "d", "e"],
        "rows": [["inf", 1.5, "2022-01-03", "\x9b\x1bö", [1, 2]]],
    }
    assert "ö" in done.out
    assert "\x9b" not in done.out
    assert "\x1b" not in done.out


def test_reads_the_query_from_stdin(process):
    assert process("sql", "-", stdin="select 42 as answer;\n").out.splitlines()[-1].strip() == "42"


def test_shows_the_first_rows_and_says_how_many_more(pricewatch):
    done = pricewatch("sql", "select range from range(100)", "--rows", 3)
    assert len(done.out.splitlines()) == 5
    assert done.err == "97 more rows; say --rows 0 for all, or --csv\n"
    assert len(pricewatch("sql", "select range from range(100)", "--rows", 0).out.splitlines()) == 102


def test_without_a_query_lists_views_and_questions(pricewatch):
    done = pricewatch("sql")
    assert done.code == 0
    for name in [*VIEWS, *saved_questions()]:
        assert f"  {name} " in done.out
    assert set(json.loads(pricewatch("sql", "--json").out)) == {"views", "questions"}


def test_a_saved_question_over_a_run(pricewatch, default_panels):
    pricewatch("scan", default_panels.faulty, "run", "--ruleset", "notebook", "--format", "parquet")
    done = pricewatch("sql", "rules", "--run", "run", "--json")
    assert ["price_decrease", "warning", 4_831] in [row[:3] for row in json.loads(done.out)["rows"]]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["select * from panel"], 2, "(the view panel needs --panel)"),
        (["drop table panel"], 2, "is a statement of kind DROP, not a SELECT"),
        (["copy (select 1) to 'x.csv'"], 2, "COPY"),
        (["select * from read_csv('/etc/passwd')"], 2, "ermission"),
        (["select 1", "--csv", "--json"], 2, "--csv and --json exclude each other"),
        (["select 1", "--rows", "-1"], 2, "--rows must be at least 0: -1"),
        (["select 1", "--panel", "none"], 3, "no panel at none"),
        (["select 1", "--run", "none"], 3, "no finished run at none"),
        (["selec 1"], 2, "not valid SQL"),
        (["select 1/"], 2, "not valid SQL"),
    ],
)
def test_what_is_wrong_is_one_line(pricewatch, arguments, code, says):
    assert says in pricewatch("sql", *arguments).failed(code)
