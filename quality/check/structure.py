"""What is wrong with a day as a table: its names, its date, and whether it arrived whole."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quality.check.day import Day
from quality.check.history import History
from quality.rules.model import Rule
from quality.rules.structural import BLANK_TICKER, DUPLICATE_DATE, DUPLICATE_TICKER, INCOMPLETE_DAY, WRONG_DATE

_SATURDAY = 5
# Keys of findings that are of no ticker, as the notebook's own.
_DUPLICATE_DATE_KEY, _WRONG_DATE_KEY, _INCOMPLETE_KEY = "__DUPLICATE_DATE__", "__WRONG_DATE__", "__INCOMPLETE_DAY__"
# The order of the report: blank columns, missing tickers, doubled tickers, the date, then the rest as it came.
BLANK, MISSING, DOUBLED, DATE, AS_IT_CAME, OUTSIDE, WHOLE_DAY = range(7)


@dataclass(frozen=True)
class Reported:
    """A finding with its place in the report and its key in the notebook's."""

    place: tuple[int, int]
    key: str
    finding: dict[str, Any]


@dataclass(frozen=True)
class WrongDate:
    """What speaks against the date of a day, and whether it is certain."""

    reason: str
    is_certain: bool = True


def structure(day: Day, history: History, rules: Mapping[str, Rule]) -> list[Reported]:
    """Report what is wrong with the day as a table.

    Args:
        day: The day.
        history: The sessions before it.
        rules: By name, the structural rules in force.

    """
    found = [*_names(day), *_dates(day, history, rules), *_wholeness(day, history, rules)]
    return [_reported(day, item, rules[item.rule.name]) for item in found if item.rule.name in rules]


@dataclass(frozen=True)
class _Found:
    """What a rule of the day found: its place in the report, its key, and what its message says."""

    rule: Rule
    place: tuple[int, int]
    key: str
    values: Mapping[str, object]
    is_certain: bool = True


def _reported(day: Day, found: _Found, rule: Rule) -> Reported:
    severity = rule.severity if found.is_certain or rule.severity != "error" else "warning"
    finding = {
        "date": day.date,
        "ticker": found.key,
        "rule": rule.name,
        "severity": severity,
        "message": rule.message.as_text(found.values),
    }
    return Reported(found.place, found.key, finding)


def _names(day: Day) -> list[_Found]:
    """Find blank and doubled names of tickers."""
    found = [_Found(BLANK_TICKER, (BLANK, position), f"column_{position}", {}) for position in day.blanks]
    times = Counter(entry.ticker for entry in day.entries if entry.ticker)
    first = {entry.ticker: entry.position for entry in reversed(day.entries)}
    doubled = [ticker for ticker, count in times.items() if count > day.times]
    return found + [_Found(DUPLICATE_TICKER, (DOUBLED, first[ticker]), ticker, {}) for ticker in doubled]


def _dates(day: Day, history: History, rules: Mapping[str, Rule]) -> list[_Found]:
    """Find a date that came before, and one that cannot be right."""
    found = []
    if history.holds_day or day.times > 1:
        found.append(_Found(DUPLICATE_DATE, (DATE, 0), _DUPLICATE_DATE_KEY, {"date": day.date}))
    longest = rules.get(WRONG_DATE.name, WRONG_DATE).parameters["longest_break"]
    if wrong := wrong_date(day.date, day.named, history.sessions, longest):
        values = {"reason": wrong.reason}
        found.append(_Found(WRONG_DATE, (OUTSIDE, 0), _WRONG_DATE_KEY, values, wrong.is_certain))
    return found


def wrong_date(
    day: dt.date, named: dt.date | None, sessions: Sequence[dt.date], longest_break: float
) -> WrongDate | None:
    """Tell whether a day's date can be right.

    Args:
        day: The date.
        named: The date in the file's name.
        sessions: The sessions before it, ascending.
        longest_break: The days after the last session from which on the date is doubtful.

    Returns:
        What speaks against the date; None where nothing does.

    """
    if named and named != day:
        return WrongDate(f"{day} in a file named {named}")
    if not sessions:
        return None
    if day.weekday() >= _SATURDAY and all(session.weekday() < _SATURDAY for session in sessions):
        return WrongDate(f"{day} is a {day:%A}, history has no weekends")
    gap = (day - sessions[-1]).days
    return (
        WrongDate(f"{gap} days after the last session {sessions[-1]}", is_certain=False)
        if gap > longest_break
        else None
    )


def _wholeness(day: Day, history: History, rules: Mapping[str, Rule]) -> list[_Found]:
    """Find a day with far fewer tickers than the session before."""
    arrived = len({entry.ticker for entry in day.entries if entry.ticker})
    if not is_incomplete(arrived, history.yesterday, rules.get(INCOMPLETE_DAY.name, INCOMPLETE_DAY).parameters):
        return []
    return [_Found(INCOMPLETE_DAY, (OUTSIDE, 1), _INCOMPLETE_KEY, {"arrived": arrived, "expected": history.yesterday})]


def is_incomplete(arrived: int, expected: int, parameters: Mapping[str, float]) -> bool:
    """Tell whether too few tickers arrived: less than a share of those expected, and not just a few less."""
    return expected - arrived >= parameters["few"] and arrived < parameters["share"] * expected
