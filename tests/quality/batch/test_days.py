"""The day of a batch: the date in its time zone, or the session before it."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from quality.batch.days import day_of, days_between, is_closed, waits_until
from quality.errors import UsageError

NEW_YORK, TOKYO = ZoneInfo("America/New_York"), ZoneInfo("Asia/Tokyo")


def at(moment):
    """A clock that stands still, in UTC."""
    instant = dt.datetime.fromisoformat(moment).replace(tzinfo=dt.UTC)
    return instant.astimezone


@pytest.mark.parametrize(
    ("zone", "day"), [(NEW_YORK, dt.date(2022, 9, 26)), (TOKYO, dt.date(2022, 9, 27))], ids=["New York", "Tokyo"]
)
def test_today_is_the_date_of_the_time_zone(zone, day):
    assert day_of("today", "panel", zone, at("2022-09-26T22:30")) == day


@pytest.mark.parametrize(
    ("calendar", "day"),
    [
        ("panel", dt.date(2022, 9, 4)),
        ("weekdays", dt.date(2022, 9, 2)),
        ("XNYS", dt.date(2022, 9, 2)),
    ],
)
def test_the_session_before_a_monday(calendar, day):
    assert day_of("previous", calendar, NEW_YORK, at("2022-09-05T22:30")) == day


def test_the_session_before_the_day_after_a_holiday():
    assert day_of("previous", "XNYS", NEW_YORK, at("2022-09-06T22:30")) == dt.date(2022, 9, 2)  # Labor Day


def test_closed_days_are_those_that_a_calendar_knows():
    assert is_closed("XNYS", dt.date(2022, 9, 5))
    assert not is_closed("XNYS", dt.date(2022, 9, 6))
    assert not is_closed("panel", dt.date(2022, 9, 4))


def test_a_range_has_both_its_ends_and_runs_forward():
    assert len(days_between(dt.date(2022, 9, 1), dt.date(2022, 9, 30))) == 30
    with pytest.raises(UsageError, match="is no range of days"):
        days_between(dt.date(2022, 9, 2), dt.date(2022, 9, 1))


def test_waiting_ends_at_a_time_of_day_of_the_time_zone():
    until = waits_until(dt.time(20, 30), NEW_YORK, at("2022-09-26T22:30"))
    assert until == dt.datetime(2022, 9, 27, 0, 30, tzinfo=dt.UTC)
    assert waits_until(None, NEW_YORK) is None
