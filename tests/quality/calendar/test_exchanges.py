"""Calendars: which days are sessions, and how exchanges are reached."""

import builtins
import datetime as dt
from typing import Any

import pytest

from quality.calendar.exchanges import check_calendar, open_calendar
from quality.errors import UsageError


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def test_weekdays_are_monday_to_friday():
    calendar = open_calendar("weekdays", _day("2024-01-04"), _day("2024-01-09"))
    expected = ["2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09"]
    assert sorted(day.isoformat() for day in calendar.sessions) == expected
    assert calendar.knows(_day("2024-01-06"))
    assert not calendar.knows(_day("2024-01-10"))


def test_the_panels_own_calendar_says_nothing_of_any_day():
    assert not open_calendar("panel", _day("2024-01-01"), _day("2024-12-31")).knows(_day("2024-06-01"))


def test_new_york_is_closed_on_its_holidays_and_on_the_four_days_of_september_2001():
    pytest.importorskip("exchange_calendars")
    calendar = open_calendar("XNYS", _day("2001-09-10"), _day("2001-09-17"))
    assert sorted(day.isoformat() for day in calendar.sessions) == ["2001-09-10", "2001-09-17"]
    assert _day("2024-07-04") not in open_calendar("XNYS", _day("2024-07-03"), _day("2024-07-05")).sessions


def test_a_range_that_holds_no_session_is_a_range_like_any_other():
    pytest.importorskip("exchange_calendars")
    assert open_calendar("XNYS", _day("2024-01-06"), _day("2024-01-07")).sessions == frozenset()


def test_of_days_before_an_exchanges_records_nothing_is_said():
    pytest.importorskip("exchange_calendars")
    calendar = open_calendar("XKRX", _day("1950-01-02"), _day("1987-01-05"))
    assert not calendar.knows(_day("1950-01-02"))
    assert calendar.knows(_day("1987-01-05"))


@pytest.mark.parametrize("code", ["xnys", "XNYZ", "'; drop table x; --", "../../etc"])
def test_an_unknown_code_is_wrong_usage(code: str):
    pytest.importorskip("exchange_calendars")
    with pytest.raises(UsageError, match="there is panel, weekdays, or an exchange such as XNYS"):
        check_calendar(code)


def test_without_the_package_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    original = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name == "exchange_calendars":
            raise ImportError(name)
        return original(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match=r"pip install 'pricewatch-panel\[calendars\]'"):
        check_calendar("XNYS")
    check_calendar("weekdays")
