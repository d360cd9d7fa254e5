"""Which days a batch is for: the date in its time zone, the session before it, the sessions of a range."""

import datetime as dt
from collections.abc import Callable
from zoneinfo import ZoneInfo

from quality.batch.config import PREVIOUS
from quality.calendar.exchanges import PANEL, open_calendar
from quality.errors import UsageError

_LONGEST_BREAK = dt.timedelta(days=31)
_MOST_DAYS = 40_000

Clock = Callable[[ZoneInfo | None], dt.datetime]


def wall_clock(zone: ZoneInfo | None) -> dt.datetime:
    """Give this moment in a time zone; None for this machine's."""
    return dt.datetime.now(zone) if zone else dt.datetime.now().astimezone()


def day_of(kind: str, calendar: str, zone: ZoneInfo | None, clock: Clock = wall_clock) -> dt.date:
    """Give the day that a batch is for when nobody names one.

    Args:
        kind: "today", or "previous" for the last session of the calendar before today.
        calendar: Which days are sessions; the panel's own has every day.
        zone: Whose date counts.
        clock: Gives the moment.

    """
    today = clock(zone).date()
    if kind != PREVIOUS:
        return today
    yesterday = today - dt.timedelta(days=1)
    if calendar == PANEL:
        return yesterday
    sessions = open_calendar(calendar, today - _LONGEST_BREAK, yesterday).sessions
    return max(sessions, default=yesterday)


def is_closed(calendar: str, day: dt.date) -> bool:
    """Tell whether a calendar knows that a day is no session."""
    if calendar == PANEL:
        return False
    opened = open_calendar(calendar, day, day)
    return opened.knows(day) and day not in opened.sessions


def days_between(first: dt.date, last: dt.date) -> list[dt.date]:
    """Give every day of a range, ascending; UsageError where it is none, or longer than a history."""
    count = (last - first).days + 1
    if not 0 < count <= _MOST_DAYS:
        raise UsageError(f"from {first} to {last} is no range of days: give the earlier one first")
    return [first + dt.timedelta(days=number) for number in range(count)]


def waits_until(until: dt.time | None, zone: ZoneInfo | None, clock: Clock = wall_clock) -> dt.datetime | None:
    """Give the moment until which a file is waited for, today; None where nothing is waited for."""
    if until is None:
        return None
    now = clock(zone)
    return now.replace(hour=until.hour, minute=until.minute, second=until.second, microsecond=0)
