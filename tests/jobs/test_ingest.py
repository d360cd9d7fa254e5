"""`pricewatch ingest`: what a user sees, the exit codes, and sources from the settings."""

import json

import pytest

from jobs.cli import main

GOOD = "date,ticker,price\n2020-01-02,A,1.5\n2020-01-03,A,2.5\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    return tmp_path


def put(here, name, text):
    (here / "in" / name).write_text(text, encoding="utf-8")


def test_counts_that_add_up_are_shown_and_the_exit_code_is_0(here, capsys):
    put(here, "1.csv", GOOD)
    assert main(["ingest", "in", "panel"]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("panel: 2 rows read from 1 files = 2 written + 0 duplicates that agree + 0 refused")
    assert shown.err == ""
    summary = json.loads((here / "runs/ingest/summary.json").read_text(encoding="utf-8"))
    assert (summary["rows_read"], summary["rows_written"], summary["outcome"]) == (2, 2, "complete")


def test_refused_rows_are_told_and_the_exit_code_is_3(here, capsys):
    put(here, "1.csv", GOOD + "2020-01-04,A,abc\n")
    assert main(["ingest", "in/*.csv", "panel", "--out", "run"]) == 3
    assert "1 rows cannot be read: run/refused.parquet says why" in capsys.readouterr().out
    assert main(["ingest", "in/*.csv", "panel", "--out", "run", "--json"]) == 3
    summary = json.loads(capsys.readouterr().out)
    assert [summary[name] for name in ("rows_read", "duplicates_agreeing", "rows_refused")] == [3, 2, 1]


def test_a_file_that_cannot_be_read_is_told_and_the_others_are_taken(here, capsys):
    put(here, "1.csv", GOOD)
    put(here, "2.csv", "")
    assert main(["ingest", "in", "panel"]) == 3
    shown = capsys.readouterr()
    assert "2 rows read from 1 files" in shown.out
    assert "nothing taken: in/2.csv: is empty" in shown.err


def test_a_price_that_does_not_count_is_a_row_refused_and_the_exit_code_is_3(here, capsys):
    put(here, "1.csv", GOOD + "2020-01-03,A,3\n")
    assert main(["ingest", "in", "panel"]) == 3
    assert "1 prices conflict, the last to arrive counts: runs/ingest/conflicts.parquet" in capsys.readouterr().out
    assert main(["ingest", "in", "other", "--on-conflict", "error"]) == 3
    assert "nothing is written" in capsys.readouterr().err
    assert not (here / "other/year=2020").exists()


def test_a_dry_run_shows_the_mapping_and_the_first_rows_and_writes_nothing(here, capsys):
    put(here, "1.csv", "Datum;AAA;BBB\n31.01.2020;1,5;\n")
    assert main(["ingest", "in", "panel", "--date-column", "Datum", "--dry-run"]) == 0
    out = capsys.readouterr().out
    for said in (
        "layout               wide",
        "date format          %d.%m.%Y",
        "delimiter            ;",
        "2020-01-31  AAA",
    ):
        assert said in out
    assert not (here / "panel").exists()
    assert not (here / "runs").exists()
    put(here, "1.csv", "")
    assert main(["ingest", "in", "panel", "--dry-run", "--json"]) == 3
    assert "is empty" in json.loads(capsys.readouterr().out)["failed_files"][0]["reason"]


def test_a_dry_run_counts_what_a_run_would(here, capsys):
    put(here, "1.csv", GOOD + "2020-01-06,A,abc\n")
    put(here, "2.csv", "date,ticker,price\n2020-01-03,A,9\n2020-01-02,A,1.5\n")
    assert main(["ingest", "in", "panel", "--dry-run", "--json"]) == 3
    dry = json.loads(capsys.readouterr().out)
    assert not (here / "panel").exists()
    assert main(["ingest", "in", "panel", "--json"]) == 3
    wet = json.loads(capsys.readouterr().out)
    counts = ("rows_read", "rows_written", "duplicates_agreeing", "rows_refused", "conflicts", "years_written")
    assert [dry[name] for name in counts] == [wet[name] for name in counts] == [5, 2, 1, 2, 1, [2020]]
    assert main(["ingest", "in", "panel", "--dry-run"]) == 3
    out = capsys.readouterr().out
    assert "1 prices conflict, the last to arrive counts" in out
    assert "5 rows read from 2 files = 0 to write + 3 duplicates that agree + 2 refused" in out


def test_a_source_of_the_settings_says_what_flags_can_say_and_flags_stand_above_it(here, capsys):
    put(here, "1.csv", "03/04/2020;A;1,234\n")
    (here / "pricewatch.toml").write_text(
        '[sources.acme]\ndate_format = "%m/%d/%Y"\ndecimal = "comma"\nheader = false\nscale = 10\n', encoding="utf-8"
    )
    assert main(["ingest", "in", "panel"]) == 3
    assert "say --date-format" in capsys.readouterr().err
    assert main(["ingest", "in", "panel", "--source", "acme", "--date-format", "%d/%m/%Y", "--dry-run"]) == 0
    assert "2020-04-03  A            0.1234" in capsys.readouterr().out
    assert main(["ingest", "in", "panel", "--source", "other"]) == 2
    assert "the settings have no [sources.other], but acme" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("layout = 3", "sources.acme.layout: 3 is not long or wide"),
        ('date_format = "%Q"', "sources.acme.date_format: '%Q' is no date format"),
        ('timezone = "Mars"', "sources.acme.timezone: 'Mars' is not a time zone"),
        ('encoding = "x"', "sources.acme.encoding: 'x' is not an encoding"),
        ('ticker_from = "x.csv"', "sources.acme.ticker_from: 'x.csv' does not hold {ticker} once"),
        ("scale = 0", "sources.acme.scale: 0 is not a number above 0"),
        ("colour = 1", "sources.acme.colour: no such setting of a source"),
        ('delimiter = "ab"', "sources.acme.delimiter: 'ab' is not one character"),
        ("skip_lines = -1", "sources.acme.skip_lines: -1 is not a whole number"),
    ],
)
def test_a_wrong_setting_of_a_source_is_named_with_its_file(here, capsys, line, says):
    put(here, "1.csv", GOOD)
    (here / "pricewatch.toml").write_text(f"[sources.acme]\n{line}\n", encoding="utf-8")
    assert main(["ingest", "in", "panel"]) == 2
    assert f"pricewatch.toml: {says}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["--scale", "x"], ["--timezone", "Mars"], ["--skip-lines", "-1"], ["--decimal", "dot"]]
)
def test_a_wrong_flag_is_named(here, capsys, arguments):
    put(here, "1.csv", GOOD)
    assert main(["ingest", "in", "panel", *arguments]) == 2
    assert arguments[0] in capsys.readouterr().err


def test_hostile_names_reach_no_terminal(here, capsys):
    put(here, "\x1b[31m.csv", "date,ticker,price\n2020-01-02,\x1b[32mA,1\n\x1b[33m,A,1\n")
    main(["ingest", "in", "panel", "--dry-run"])
    main(["ingest", "in", "panel"])
    put(here, "\x1b[31m.csv", "")
    main(["ingest", "in", "panel"])
    shown = capsys.readouterr()
    assert "\x1b" not in shown.out + shown.err
