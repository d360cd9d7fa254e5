"""Where a panel's sessions and a calendar disagree: sessions that are missing, and days that were closed."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from quality.calendar.exchanges import PANEL, Calendar


@dataclass(frozen=True)
class Gap:
    """One day on which a panel and a calendar disagree.

    Attributes:
        date: The day.
        is_closed: The panel holds it and the calendar has it closed; else the calendar has a session and the
            panel holds nothing.

    """

    date: dt.date
    is_closed: bool


def session_gaps(calendar: Calendar, sessions: Sequence[dt.date], after: dt.date | None = None) -> list[Gap]:
    """Compare a panel's sessions with a calendar.

    Args:
        calendar: The calendar; the panel's own disagrees with nothing.
        sessions: Dates that the panel holds, at least one, ascending.
        after: A date before the first of them, from which on sessions may be missing too.

    Returns:
        Ascending: each session of the calendar between the first and the last date that the panel does not
        hold, and each date that the panel holds while the calendar has it closed.

    """
    if calendar.name == PANEL:
        return []
    first = after + dt.timedelta(days=1) if after else sessions[0]
    present = set(sessions)
    missing = [day for day in calendar.sessions if first <= day <= sessions[-1] and day not in present]
    closed = [day for day in sessions if calendar.knows(day) and day not in calendar.sessions]
    gaps = [*(Gap(day, is_closed=False) for day in missing), *(Gap(day, is_closed=True) for day in closed)]
    return sorted(gaps, key=lambda gap: gap.date)
