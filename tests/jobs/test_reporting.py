"""How a scan is shown, and which exit code a run has."""

import pytest

from jobs.reporting import exit_code, show_scan
from jobs.running import Console

SUMMARY = {
    "findings": 1_234,
    "cells": 71_400,
    "sessions": 714,
    "tickers": 100,
    "first_session": "2020-01-01",
    "last_session": "2022-09-26",
    "seconds": 0.84,
    "by_rule": {"price_decrease": 1_200, "zero_price": 34},
    "by_severity": {"warning": 1_200, "error": 34},
    "by_ticker": {f"ST{number}\x1b": 10 - number for number in range(1, 8)},
    "damaged": [],
    "restated": [],
    "suppressions": [],
    "suppressed": 0,
}


def test_a_scan_is_told_in_a_few_lines(capsys):
    show_scan(Console(as_json=False, quiet=False), SUMMARY, "run")
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0] == (
        "run: 1,234 findings in 71,400 cells (714 sessions × 100 tickers, 2020-01-01 to 2022-09-26), 0.8 s"
    )
    assert [line.split() for line in lines[1:3]] == [["price_decrease", "1,200"], ["zero_price", "34"]]
    assert lines[3] == r"most findings: ST1\x1b 9, ST2\x1b 8, ST3\x1b 7, ST4\x1b 6, ST5\x1b 5"
    assert err == ""


def test_damage_is_a_message(capsys):
    damaged = SUMMARY | {"damaged": [{"year": 2021, "reason": "no parquet"}]}
    show_scan(Console(as_json=False, quiet=False), damaged, "run")
    assert capsys.readouterr().err == "not scanned: year=2021: no parquet\n"


def test_history_that_changed_since_an_earlier_run_is_a_message(capsys):
    restated = SUMMARY | {"restated": [{"year": 2021, "rows_before": 1_000, "rows": 1_001, "cells": 2}]}
    show_scan(Console(as_json=False, quiet=False), restated, "run")
    told = "history restated: 2021, 1,000 rows before, 1,001 rows now, findings of 2 cells differ\n"
    assert capsys.readouterr().err == told


@pytest.mark.parametrize(
    ("changes", "fail_on", "code"),
    [
        ({}, None, 0),
        ({}, "error", 1),
        ({"by_severity": {"warning": 1}}, "error", 0),
        ({"by_severity": {"warning": 1}}, "warning", 1),
        ({"by_severity": {"info": 1}}, "warning", 0),
        ({"damaged": [{"year": 2021, "reason": "x"}]}, "error", 3),
    ],
)
def test_the_code_says_damage_before_findings(changes, fail_on, code):
    assert exit_code(SUMMARY | changes, fail_on) == code


def test_a_check_knows_no_damage():
    assert exit_code({"by_severity": {}}, "warning") == 0
