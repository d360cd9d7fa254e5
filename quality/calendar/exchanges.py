"""Trading calendars: which days are sessions, by the week or by an exchange; the one door to `exchange_calendars`."""

import datetime as dt
import warnings
from dataclasses import dataclass
from typing import Any

from quality.errors import UsageError
from quality.text import similar

PANEL, WEEKDAYS = "panel", "weekdays"
# The calendars that need no library.
PLAIN = (PANEL, WEEKDAYS)
_SATURDAY = 5


@dataclass(frozen=True)
class Calendar:
    """The sessions of a range of dates.

    Attributes:
        name: "panel" (whatever the panel holds is a session), "weekdays", or an exchange's code.
        sessions: The dates that are sessions.
        first: The first date that it knows of; of dates before, it says nothing.
        last: The last date that it knows of.

    """

    name: str
    sessions: frozenset[dt.date] = frozenset()
    first: dt.date = dt.date.max
    last: dt.date = dt.date.min

    def knows(self, day: dt.date) -> bool:
        """Tell whether it says anything of a day."""
        return self.first <= day <= self.last


def open_calendar(name: str, first: dt.date, last: dt.date) -> Calendar:
    """Open a calendar for a range of dates.

    Args:
        name: "panel", "weekdays", or the code of an exchange, such as XNYS.
        first: The first date that matters.
        last: The last one.

    Raises:
        UsageError: No exchange has the code, or `exchange_calendars` is not installed.

    """
    if name == PANEL:
        return Calendar(name)
    days = [first + dt.timedelta(days=count) for count in range((last - first).days + 1)]
    if name == WEEKDAYS:
        return Calendar(name, frozenset(day for day in days if day.weekday() < _SATURDAY), first, last)
    return _exchange(name, first, last)


def check_calendar(name: str) -> None:
    """Make sure that a calendar can be opened, before anything is started; errors as `open_calendar`."""
    if name not in PLAIN:
        _known_code(_library(), name)


def _exchange(code: str, first: dt.date, last: dt.date) -> Calendar:
    library = _library()
    _known_code(library, code)
    # It is asked for a margin: a range without any session is an error to it.
    margin = dt.timedelta(days=31)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it uses what pandas is about to change; the answers are right
        try:
            schedule = library.get_calendar(code, start=first - margin, end=last + margin)
        except ValueError:  # a range that goes beyond what it knows
            schedule = _bounded(library, code, first - margin, last + margin)
        session_days = [stamp.date() for stamp in schedule.sessions]
    known_from, known_to = max(first, session_days[0]), min(last, session_days[-1])
    return Calendar(code, frozenset(day for day in session_days if first <= day <= last), known_from, known_to)


def _bounded(library: Any, code: str, first: dt.date, last: dt.date) -> Any:  # noqa: ANN401 - an untyped library
    kind = type(library.get_calendar(code))
    earliest, latest = kind.bound_min(), kind.bound_max()
    return library.get_calendar(
        code,
        start=max(first, earliest.date()) if earliest is not None else first,
        end=min(last, latest.date()) if latest is not None else last,
    )


def _library() -> Any:  # noqa: ANN401 - an untyped library, imported only where a calendar is asked for
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import exchange_calendars  # noqa: PLC0415, TID251 - this is its one door
    except ImportError as error:
        raise UsageError(
            "exchange calendars need the package exchange_calendars: pip install 'pricewatch-panel[calendars]'; "
            "the calendars panel and weekdays need nothing"
        ) from error
    return exchange_calendars


def _known_code(library: Any, code: str) -> None:  # noqa: ANN401 - an untyped library
    codes = library.get_calendar_names()
    if code not in codes:
        hint = similar(code, codes)
        raise UsageError(f"no calendar {code!r}; there is panel, weekdays, or an exchange such as XNYS{hint}")
