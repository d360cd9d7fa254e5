"""A day at a wrong date, or that did not arrive whole, is found, and outside the notebook's own report."""

import datetime as dt

import pytest

from quality.check.day_file import date_in_name, read_day
from quality.check.run import check
from quality.check.structure import incomplete, wrong_date
from quality.rules.loading import load_ruleset

FRIDAY = dt.date(2022, 1, 7)
WEEK = [FRIDAY - dt.timedelta(days=back) for back in (4, 3, 2, 1, 0)]


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("in/prices_2022-01-10.csv.gz", dt.date(2022, 1, 10)),
        ("20220110.csv", dt.date(2022, 1, 10)),
        ("2022.01.10-2022-01-10.csv", dt.date(2022, 1, 10)),
        ("2022-01-10_2022-01-11.csv", None),
        ("2022-02-30.csv", None),
        ("120220110.csv", None),
        ("2022-01-10/day.csv", None),
    ],
)
def test_a_name_tells_one_date_or_none(name, day):
    assert date_in_name(name) == day


def test_a_date_is_wrong_where_the_files_name_says_another():
    assert wrong_date(dt.date(2022, 1, 10), dt.date(2022, 1, 11), WEEK) == (
        "error",
        "Wrong Date (2022-01-10 in a file named 2022-01-11)",
    )
    assert wrong_date(dt.date(2022, 1, 10), dt.date(2022, 1, 10), WEEK) is None


def test_a_weekend_is_wrong_where_history_has_none():
    saturday = FRIDAY + dt.timedelta(days=1)
    assert wrong_date(saturday, None, WEEK) == (
        "error",
        "Wrong Date (2022-01-08 is a Saturday, history has no weekends)",
    )
    assert wrong_date(FRIDAY + dt.timedelta(days=8), None, [*WEEK, saturday]) is None


def test_a_date_long_after_the_last_session_is_a_warning():
    assert wrong_date(dt.date(2022, 1, 17), None, WEEK) is None
    severity, issue = wrong_date(dt.date(2022, 1, 18), None, WEEK) or ("", "")
    assert (severity, issue) == ("warning", "Wrong Date (11 days after the last session 2022-01-07)")


@pytest.mark.parametrize(("arrived", "yesterday", "is_whole"), [(79, 100, False), (80, 100, True), (0, 4, True)])
def test_a_day_lacks_too_many_tickers_or_not(arrived, yesterday, is_whole):
    assert (incomplete(arrived, yesterday) is None) == is_whole


def test_check_reports_both_outside_the_notebooks_report(make_panel):
    days = [dt.date(2022, 1, number) for number in range(1, 11)]
    tickers = [f"T{number}" for number in range(10)]
    panel = make_panel([(day, ticker, 100.0) for day in days for ticker in tickers])
    text = "date;ticker;price\n11.01.2022;T0;100,5\n11.01.2022;T1;100\n"
    day = read_day(text.encode("utf-16"), "2022-01-12.csv", dt.date(2022, 1, 11))
    found = check(day, panel, load_ruleset("notebook", [], None))
    assert {issue for _, issue in found.issues} == {f"Missing Ticker at Position {at}" for at in range(2, 10)}
    assert found.outside == (
        ("__WRONG_DATE__", "Wrong Date (2022-01-11 in a file named 2022-01-12)"),
        ("__INCOMPLETE_DAY__", "Incomplete Day (2 tickers, 10 the session before)"),
    )
    assert found.findings.get_column("rule").to_list()[-2:] == ["wrong_date", "incomplete_day"]
