"""What the e-mails say, to the letter, whatever the names in them."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.delivery.alert_texts import daily_alert, scan_alert

DAY = dt.date(2022, 9, 26)
SUMMARY = {
    "cells": 71_400,
    "sessions": 714,
    "tickers": 100,
    "findings": 8_572,
    "by_rule": {"zero_price": 384, "price_decrease": 4_831},
    "by_severity": {"error": 8_572},
    "by_ticker": {f"ST{number:04}": number for number in range(1, 8)},
    "seconds": 0.83,
    "ruleset": "notebook",
    "first_session": "2020-01-01",
    "last_session": "2022-09-26",
    "panel": "s3://bucket/panel",
    "outcome": "complete",
}


def test_daily_alert_has_the_agreed_text():
    issues = [("column_5", "Missing Ticker at Position 5"), ("ST0018", "Zero Price (value=0.00)")]
    subject, body = daily_alert(DAY, issues)
    assert subject == "Stock Anomaly Alert - 2022-09-26"
    assert body == (
        "📅 Detected 2 anomalies on 2022-09-26:\n"
        "\n"
        "column_5: Missing Ticker at Position 5\n"
        "ST0018: Zero Price (value=0.00)\n"
    )


@pytest.mark.parametrize("count", [0, 1, 14])
def test_daily_alert_has_one_line_an_issue(count):
    lines = daily_alert(DAY, [("ST0001", "Zero Price (value=0.00)")] * count)[1].splitlines()
    assert lines[:2] == [f"📅 Detected {count} anomalies on 2022-09-26:", ""]
    assert lines[2:] == ["ST0001: Zero Price (value=0.00)"] * count


def test_control_characters_are_shown_as_escapes():
    body = daily_alert(DAY, [("A\x1b[31m\r\nBcc: x@y", "B\u202e\u2028\x85\ud800é株")])[1]
    assert body.splitlines()[2] == r"A\x1b[31m\r\nBcc: x@y: B\u202e\u2028\x85\ud800é株"


@settings(deadline=None)
@given(st.lists(st.tuples(st.text(), st.text()), max_size=5))
def test_no_ticker_adds_a_line_or_a_control_character(issues):
    lines = daily_alert(DAY, issues)[1].splitlines()
    assert len(lines) == 2 + len(issues)
    assert all(line.isprintable() for line in lines)


def test_scan_alert_tells_a_run_on_one_screen():
    subject, body = scan_alert(SUMMARY, "s3://bucket/run")
    assert subject == "Stock Anomaly Scan - 8,572 findings, 2020-01-01 to 2022-09-26"
    assert body == (
        "8,572 findings (8,572 error) in 71,400 cells (714 sessions, 100 tickers, 2020-01-01 to 2022-09-26), "
        "scanned in 0.8 s.\n"
        "Outcome: complete\n"
        "\n"
        "Findings by rule\n"
        "  4,831  price_decrease\n"
        "    384  zero_price\n"
        "\n"
        "Worst tickers\n"
        "  7  ST0007\n"
        "  6  ST0006\n"
        "  5  ST0005\n"
        "  4  ST0004\n"
        "  3  ST0003\n"
        "\n"
        "Rule set: notebook\n"
        "Panel: s3://bucket/panel\n"
        "Results: s3://bucket/run\n"
    )


@pytest.mark.parametrize("key", SUMMARY)
def test_scan_alert_leaves_out_what_a_summary_does_not_hold(key):
    subject, body = scan_alert({name: value for name, value in SUMMARY.items() if name != key})
    assert subject.startswith("Stock Anomaly Scan - ")
    assert "None" not in subject + body


def test_scan_alert_of_an_empty_summary_says_that_nothing_was_counted():
    assert scan_alert({}) == ("Stock Anomaly Scan", "An unknown number of findings.\n")


@settings(deadline=None)
@given(st.text(min_size=1))
def test_no_name_in_a_summary_adds_a_line(name):
    def lines(text):
        return scan_alert(SUMMARY | {"by_ticker": {text: 1}, "by_rule": {text: 1}, "panel": text})[1].splitlines()

    assert len(lines(name)) == len(lines("plain"))
    assert all(line.isprintable() for line in lines(name))
