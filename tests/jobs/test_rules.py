"""`pricewatch rules`, and the commands' way to suppressions and calendars."""

import json
from pathlib import Path

import pytest

from jobs.cli import main


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PRICEWATCH_CONFIG", raising=False)


def test_it_lists_every_rule_and_where_its_values_come_from(capsys: pytest.CaptureFixture[str]):
    Path("pricewatch.toml").write_text("[rules.notebook.price_increase]\nlimit = 0.3\nseverity = 'info'\n")
    assert main(["rules", "--ruleset", "notebook"]) == 0
    said = capsys.readouterr().out
    assert "pricewatch.toml:2: rules.notebook.price_increase.limit" in said
    assert "pricewatch.toml:3: rules.notebook.price_increase.severity" in said
    assert "sql/rules/notebook/zero_price.sql" in said
    assert "missing_session" in said
    assert "incomplete_day" in said


def test_its_json_holds_default_value_and_origin(capsys: pytest.CaptureFixture[str]):
    Path("pricewatch.toml").write_text("[rules.notebook.price_increase.tickers]\n'A*' = { limit = 0.3 }\n")
    assert main(["rules", "--ruleset", "notebook", "--json"]) == 0
    rules = {rule["name"]: rule for rule in json.loads(capsys.readouterr().out)["rules"]}
    assert rules["price_increase"]["look_back"] == 7
    assert rules["price_increase"]["values"][-1] == {
        "name": "limit",
        "tickers": "A*",
        "default": 0.2,
        "value": 0.3,
        "origin": "pricewatch.toml:2: rules.notebook.price_increase.tickers.A*.limit",
        "explanation": "",
    }


def test_a_mistake_in_the_settings_is_wrong_usage_in_one_line(capsys: pytest.CaptureFixture[str]):
    Path("pricewatch.toml").write_text("[rules.notebook.price_increase]\nlimt = 0.3\n")
    assert main(["rules", "--ruleset", "notebook"]) == 2
    assert capsys.readouterr().err == (
        "pricewatch rules: pricewatch.toml: rules.notebook.price_increase.limt: no such parameter; the rule has limit; "
        "did you mean limit?\n"
    )


def test_scan_check_and_batch_take_suppressions_and_calendar(capsys: pytest.CaptureFixture[str]):
    main(["generate", "panel", "--days", "20", "--stocks", "2", "--quiet"])
    Path("day.csv").write_text("date,ST0001,ST0002\n2020-01-25,0,10\n")
    Path("known.csv").write_text(
        "rule,ticker,reason,author,expires\nzero_price,ST0001,known,anna,2999-01-01\nzero_price,X,old,b,2001-01-01\n"
    )
    capsys.readouterr()
    checked = ["check", "day.csv", "--history", "panel", "--ruleset", "notebook", "--calendar", "weekdays"]
    assert main([*checked, "--suppressions", "known.csv", "--fail-on", "error"]) == 1
    said = capsys.readouterr()
    assert "ST0001" not in said.out
    assert "suppressed: ST0001: Zero Price (value=0.00)" in said.err
    assert "suppression expired: line 3, zero_price of X (b: old)" in said.err
    assert "__SESSION__: Prices on a Closed Day (Saturday 2020-01-25 is no session of weekdays)" in said.err
    assert "Missing Session (Tuesday 2020-01-21 is a session of weekdays)" in said.err

    Path("pricewatch.toml").write_text(
        "[run]\nsuppressions = 'known.csv'\ncalendar = 'weekdays'\n"
        "[batch]\njob = 'scan'\npanel = 'panel'\nrun = 'run'\nruleset = 'notebook'\n"
    )
    assert main(["batch", "pricewatch.toml", "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["calendar"] == "weekdays"
    assert [entry["state"] for entry in summary["suppressions"]] == ["unused", "expired"]
    assert main(["scan", "panel", "run", "--ruleset", "notebook", "--calendar", "panel", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["calendar"] == "panel"


def test_a_file_of_suppressions_that_is_wrong_stops_before_anything_is_written(capsys: pytest.CaptureFixture[str]):
    main(["generate", "panel", "--days", "20", "--stocks", "2", "--quiet"])
    Path("known.csv").write_text("rule,ticker\n")
    assert main(["scan", "panel", "run", "--suppressions", "known.csv"]) == 2
    assert "known.csv:1: the header lacks reason, author, expires" in capsys.readouterr().err
    assert not Path("run").exists()
