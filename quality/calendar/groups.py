"""A calendar per group of tickers: several exchanges in one panel, and the days on which each of them is closed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from quality.calendar.exchanges import PANEL, PLAIN, check_calendar, open_calendar
from quality.digests import digest_of
from quality.errors import UsageError
from quality.panel.grid import BoolMatrix, Days
from quality.patterns import best_fits

# The pattern of the tickers that no other pattern fits.
EVERY = "*"


@dataclass(frozen=True)
class Calendars:
    """Which days are sessions, by ticker.

    Attributes:
        default: The calendar of tickers that no pattern fits: "panel", "weekdays" or an exchange's code.
        by_pattern: By pattern of tickers, the calendar of those that it fits best.

    """

    default: str = PANEL
    by_pattern: Mapping[str, str] = field(default_factory=dict)

    def check(self) -> None:
        """Make sure that all can be opened, before anything is started; errors as `open_calendar`."""
        check_calendar(self.default)
        for pattern, name in self.by_pattern.items():
            try:
                check_calendar(name)
            except UsageError as error:
                raise UsageError(f"calendars: {pattern!r}: {error}") from error

    @property
    def are_plain(self) -> bool:
        """Whether none of them needs a library."""
        return all(name in PLAIN for name in self.names.values())

    @property
    def names(self) -> Mapping[str, str]:
        """The calendars by their patterns, `EVERY` for the default."""
        return {EVERY: self.default, **self.by_pattern}

    def groups(self, tickers: Iterable[str]) -> dict[str, list[str]]:
        """Give, by pattern, the tickers that it fits best."""
        found: dict[str, list[str]] = {pattern: [] for pattern in self.names}
        for ticker, pattern in best_fits(self.names, tickers).items():
            found[pattern].append(ticker)
        return found

    def label(self, pattern: str) -> str:
        """Name a group's calendar for messages."""
        if not self.by_pattern:
            return self.default
        return f"{self.names[pattern]}, the calendar of {'all others' if pattern == EVERY else pattern}"


@dataclass(frozen=True)
class Closures:
    """The sessions of a panel on which some of its tickers' exchanges are closed; small, and it pickles.

    Attributes:
        by_pattern: By pattern of tickers, `datetime64[D]`, ascending.

    """

    by_pattern: Mapping[str, Days] = field(default_factory=dict)

    def between(self, first: np.datetime64, last: np.datetime64) -> "Closures":
        """Keep those between two dates; patterns stay, since each tells others which tickers are not theirs."""
        if not self.by_pattern:
            return self
        kept = {name: days[(days >= first) & (days <= last)] for name, days in self.by_pattern.items()}
        return Closures(kept)

    def of(self, tickers: Sequence[str], sessions: Days) -> BoolMatrix | None:
        """Give the closed cells, tickers by sessions; None where there are none."""
        columns = {name: np.isin(sessions, days) for name, days in self.by_pattern.items()}
        if not any(is_closed.any() for is_closed in columns.values()):
            return None
        closed = np.zeros((len(tickers), len(sessions)), dtype=np.bool_)
        own = best_fits(self.by_pattern, tickers)
        for name, is_closed in columns.items():
            closed[[own.get(ticker) == name for ticker in tickers]] = is_closed
        return closed

    @cached_property
    def digest(self) -> str:
        """A digest of them; "" for none."""
        closed_days = {name: days.tolist() for name, days in self.by_pattern.items()}
        return digest_of(sorted(closed_days.items())) if any(closed_days.values()) else ""


def closures_of(calendars: Calendars, sessions: Days) -> Closures:
    """Find the sessions of a panel, ascending, that calendars have closed.

    Raises:
        UsageError: As `open_calendar`.

    """
    if not len(sessions) or all(name == PANEL for name in calendars.names.values()):
        return Closures()
    days = sessions.tolist()
    opened = {name: open_calendar(name, days[0], days[-1]) for name in set(calendars.names.values())}

    def closed(name: str) -> Days:
        calendar = opened[name]
        closed_days = [day for day in days if calendar.knows(day) and day not in calendar.sessions]
        return np.array(closed_days, dtype="datetime64[D]")

    return Closures({pattern: closed(name) for pattern, name in calendars.names.items()})
