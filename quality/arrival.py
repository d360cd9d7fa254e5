"""Whether a day arrived as a day should: at its date, and whole. The notebook knew nothing of this."""

import datetime as dt
import re
from collections.abc import Sequence
from pathlib import PurePath

# Of yesterday's tickers, a day that arrived whole has at least this share, or lacks fewer than these.
_WHOLE_SHARE = 0.8
_FEW = 5
_LONGEST_BREAK_DAYS = 10
_SATURDAY = 5
_DATE_IN_NAME = re.compile(r"(?<!\d)((?:19|20|21)\d\d)([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)")


def date_in_name(name: str) -> dt.date | None:
    """Give the date that a file's name tells, such as `prices_2022-09-26.csv`; None where there is not one."""
    found = set()
    for year, _, month, day in _DATE_IN_NAME.findall(PurePath(name).name):
        try:
            found.add(dt.date(int(year), int(month), int(day)))
        except ValueError:
            continue
    return found.pop() if len(found) == 1 else None


def wrong_date(day: dt.date, named: dt.date | None, sessions: Sequence[dt.date]) -> tuple[str, str] | None:
    """Tell whether a day's date can be right.

    Args:
        day: The date.
        named: The date in the file's name.
        sessions: The sessions before it, ascending.

    Returns:
        The severity and the issue; None where nothing speaks against the date.

    """
    if named and named != day:
        return "error", f"Wrong Date ({day} in a file named {named})"
    if not sessions:
        return None
    if day.weekday() >= _SATURDAY and all(session.weekday() < _SATURDAY for session in sessions):
        return "error", f"Wrong Date ({day} is a {day:%A}, history has no weekends)"
    if (day - sessions[-1]).days > _LONGEST_BREAK_DAYS:
        return "warning", f"Wrong Date ({(day - sessions[-1]).days} days after the last session {sessions[-1]})"
    return None


def incomplete(arrived: int, yesterday: int) -> str | None:
    """Give the issue of a day with far fewer tickers than the session before; None where it has enough."""
    if yesterday - arrived < _FEW or arrived >= _WHOLE_SHARE * yesterday:
        return None
    return f"Incomplete Day ({arrived} tickers, {yesterday} the session before)"
