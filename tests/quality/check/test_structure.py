"""A day at a wrong date, or that did not arrive whole, is found, and outside the notebook's own report."""

import datetime as dt

import polars as pl
import pytest

from quality.check.day_file import read_day
from quality.check.run import check
from quality.check.structure import WrongDate, is_incomplete, wrong_date
from quality.ingest.files.file_dates import date_in_name
from quality.rules.loading import load_ruleset
from quality.rules.model import Thresholds

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
    wrong = wrong_date(dt.date(2022, 1, 10), dt.date(2022, 1, 11), WEEK, 10)
    assert wrong == WrongDate("2022-01-10 in a file named 2022-01-11")
    assert wrong_date(dt.date(2022, 1, 10), dt.date(2022, 1, 10), WEEK, 10) is None


def test_a_weekend_is_wrong_where_history_has_none():
    saturday = FRIDAY + dt.timedelta(days=1)
    assert wrong_date(saturday, None, WEEK, 10) == WrongDate("2022-01-08 is a Saturday, history has no weekends")
    assert wrong_date(FRIDAY + dt.timedelta(days=8), None, [*WEEK, saturday], 10) is None


def test_a_date_long_after_the_last_session_is_doubtful():
    assert wrong_date(dt.date(2022, 1, 17), None, WEEK, 10) is None
    wrong = wrong_date(dt.date(2022, 1, 18), None, WEEK, 10)
    assert wrong == WrongDate("11 days after the last session 2022-01-07", is_certain=False)


@pytest.mark.parametrize(("arrived", "yesterday", "is_whole"), [(79, 100, False), (80, 100, True), (0, 4, True)])
def test_a_day_lacks_too_many_tickers_or_not(arrived, yesterday, is_whole):
    assert is_incomplete(arrived, yesterday, {"share": 0.8, "few": 5}) != is_whole


def tell(rules, **thresholds):
    """Give the rules of a set with thresholds from settings."""
    return load_ruleset(rules, [], {name: Thresholds(**values) for name, values in thresholds.items()})


@pytest.fixture
def ten_tickers(make_panel):
    days = [dt.date(2022, 1, number) for number in range(1, 11)]
    return make_panel([(day, f"T{number}", 100.0) for day in days for number in range(10)])


@pytest.fixture
def few_of_them():
    """Two of ten tickers, in a file that is named after another day."""
    text = "date;ticker;price\n11.01.2022;T0;100,5\n11.01.2022;T1;100\n"
    return read_day(text.encode("utf-16"), "2022-01-12.csv", dt.date(2022, 1, 11))


def of_the_file(found):
    of_file = found.findings.filter(pl.col("rule").is_in(["wrong_date", "incomplete_day"]))
    return of_file.select("rule", "severity", "message").rows()


def test_check_reports_both_outside_the_notebooks_report(ten_tickers, few_of_them):
    found = check(few_of_them, ten_tickers, load_ruleset("notebook"))
    assert {issue for _, issue in found.issues} == {f"Missing Ticker at Position {at}" for at in range(2, 10)}
    assert found.outside == (
        ("__WRONG_DATE__", "Wrong Date (2022-01-11 in a file named 2022-01-12)"),
        ("__INCOMPLETE_DAY__", "Incomplete Day (2 tickers, 10 the session before)"),
    )
    assert found.findings.get_column("rule").to_list()[-2:] == ["wrong_date", "incomplete_day"]


def test_settings_turn_them_off_and_change_severity_and_parameters(ten_tickers, few_of_them):
    rules = tell("robust", wrong_date={"enabled": False}, incomplete_day={"severity": "info"})
    assert of_the_file(check(few_of_them, ten_tickers, rules)) == [
        ("incomplete_day", "info", "Incomplete Day (2 tickers, 10 the session before)")
    ]
    rules = tell("robust", wrong_date={"severity": "warning"}, incomplete_day={"values": {"share": 0.2}})
    assert of_the_file(check(few_of_them, ten_tickers, rules)) == [
        ("wrong_date", "warning", "Wrong Date (2022-01-11 in a file named 2022-01-12)")
    ]


@pytest.mark.parametrize(("severity", "expected"), [(None, "warning"), ("info", "info"), ("error", "warning")])
def test_what_is_only_doubtful_is_a_warning_at_most(flat_panel, severity, expected):
    day = read_day(b"date,AAA,BBB,CCC\n2022-02-01,100,100,100\n", "day.csv")
    found = check(day, flat_panel, tell("robust", wrong_date={"severity": severity}))
    assert of_the_file(found) == [("wrong_date", expected, "Wrong Date (22 days after the last session 2022-01-10)")]
