"""Dates: which format a column has, and which session a text of it means."""

import datetime as dt
import re
import zoneinfo
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property

from quality.errors import InputError

# The end of the text that stands for a date of Parquet or Arrow which no calendar has.
BEYOND = " from 1970"
EPOCH = "epoch"
_MONTHS = {
    name[:length]: number
    for number, name in enumerate(
        (
            *("january", "february", "march", "april", "may", "june", "july"),
            *("august", "september", "october", "november", "december"),
        ),
        1,
    )
    for length in (3, 4, len(name))  # sep, sept, september
}
_PARTS = {
    "Y": r"(?P<Y>[0-9]{4})",
    "y": r"(?P<y>[0-9]{2})",
    "m": r"(?P<m>[0-9]{1,2})",
    "d": r"(?P<d>[0-9]{1,2})",
    "b": r"(?P<b>[A-Za-z]{3,9})\.?",
    "B": r"(?P<b>[A-Za-z]{3,9})\.?",
    "H": r"(?P<H>[0-9]{1,2})",
    "M": r"(?P<M>[0-9]{2})",
    "S": r"(?P<S>[0-9]{2})",
    "f": r"(?P<f>[0-9]{1,9})",
    "z": r"(?P<z>Z|[+-][0-9]{2}:?[0-9]{2})",
    "%": "%",
}
_TIME = (
    r"(?:(?:T| +)(?P<H>[0-9]{1,2}):(?P<M>[0-9]{2})(?::(?P<S>[0-9]{2})(?:[.,](?P<f>[0-9]{1,9}))?)?"
    r" ?(?P<p>[AaPp][Mm])? ?(?P<z>Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)
# Seconds, milliseconds, microseconds, nanoseconds: told by their number of digits.
_EPOCH = re.compile(r"-?([0-9]{9,10}|[0-9]{12,13}|[0-9]{15,16}|[0-9]{18,19})")
_EPOCH_UNITS = {9: 1, 10: 1, 12: 10**3, 13: 10**3, 15: 10**6, 16: 10**6, 18: 10**9, 19: 10**9}
_PIVOT = 69  # POSIX: two-digit years 69 to 99 are 1969 to 1999
# Years of two digits are not read as of a future that no price has seen.
_AHEAD = dt.timedelta(days=366)
_FIRSTS = {"d": "day", "m": "month", "b": "month", "y": "year", "Y": "year"}
_ZEROS = {ord(digit): "0" for digit in "123456789"}
_TELLING_TEXTS = 40
_FIRST_YEAR = 1000  # a panel's partitions have years of four digits

CANDIDATES = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d"),
    *("%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y", "%m.%d.%Y", "%d %m %Y", "%m %d %Y"),
    *("%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%m-%d-%y", "%d.%m.%y", "%m.%d.%y"),
    *("%y-%m-%d", "%y/%m/%d", "%y.%m.%d"),
    *(
        "%d-%b-%Y",
        "%d %b %Y",
        "%d/%b/%Y",
        "%d%b%Y",
        "%b %d, %Y",
        "%b %d %Y",
        "%Y-%b-%d",
        "%d-%b-%y",
        "%d %b %y",
    ),
    EPOCH,
)


class NotADateError(ValueError):
    """A text that means no session; the message says why."""


@dataclass(frozen=True)
class DateFormat:
    """A format such as `%d/%m/%Y`; a time of day after the date is understood where it names none.

    Raises:
        ValueError: It has a directive that does not exist, or no year, month and day.

    """

    text: str

    def __post_init__(self) -> None:
        if self.text != EPOCH:
            _ = self.pattern

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The format as a regular expression."""
        pieces = re.split(r"%(.)", self.text)
        names = pieces[1::2]
        unknown = [name for name in names if name not in _PARTS]
        if unknown or (self.text.endswith("%") and not self.text.endswith("%%")):
            raise ValueError(f"{self.text!r} is no date format: use %Y %y %m %b %d %H %M %S %f %z, or {EPOCH}")
        kinds = {"y" if name == "Y" else "b" if name in "mB" else name for name in names}
        if not {"y", "b", "d"} <= kinds or len(set(names)) != len(names):
            raise ValueError(f"{self.text!r} is no date format: it needs a year, a month and a day, each once")
        text = re.escape(pieces[0])
        for position, name in enumerate(names):
            after = pieces[2 * position + 2]
            part = _PARTS[name]
            # Digits that touch others have their full number.
            touches = (not after and position + 1 < len(names)) or (not pieces[2 * position] and position > 0)
            text += (part.replace("{1,2}", "{2}") if touches else part) + re.escape(after)
        return re.compile(text if {"H", "z"} & set(names) else text + _TIME)


@dataclass
class DateReader:
    """Reads the dates of one column, each distinct text once.

    Attributes:
        format: The column's format.
        timezone: The exchange's time zone; None where dates count as written.
        clock: The time zone of timestamps that state none; None for the exchange's own.

    """

    format: DateFormat
    timezone: str | None = None
    clock: str | None = None
    _known: dict[str, dt.date | None] = field(default_factory=dict, repr=False)

    def read(self, texts: Iterable[str]) -> list[dt.date | None]:
        """Give the session of each text; None where it means none (see `explain`)."""
        known = self._known
        if len(known) > 1_000_000:  # noqa: PLR2004 - timestamps that are all different: keep memory bounded
            known.clear()
        found = []
        for text in texts:
            if text not in known:
                try:
                    known[text] = self.session(text)
                except NotADateError:
                    known[text] = None
            found.append(known[text])
        return found

    def explain(self, text: str) -> str:
        """Say why a text means no session."""
        try:
            self.session(text)
        except NotADateError as error:
            return str(error)
        return ""

    def session(self, text: str) -> dt.date:
        """Give the session that a text means.

        Raises:
            NotADateError: It means none.

        """
        moment = self._epoch(text.strip()) if self.format.text == EPOCH else self._moment(text.strip())
        if moment.tzinfo is None and self.clock:
            moment = moment.replace(tzinfo=zoneinfo.ZoneInfo(self.clock))
        return self.local_date(moment)

    def local_date(self, moment: dt.datetime) -> dt.date:
        """Give the date of a moment at the exchange.

        Raises:
            NotADateError: The moment is one of a time zone, and the exchange's is not said.

        """
        if moment.tzinfo is None:
            return moment.date()
        if self.timezone:
            try:
                return moment.astimezone(zoneinfo.ZoneInfo(self.timezone)).date()
            except (OverflowError, ValueError):
                raise NotADateError("is beyond the calendar") from None
        if moment.time() != dt.time():
            raise NotADateError("is a moment, not a date: say the exchange's --timezone")
        return moment.date()

    def _moment(self, text: str) -> dt.datetime:
        match = self.format.pattern.fullmatch(text)
        if not match:
            if text.endswith(BEYOND):
                raise NotADateError("is beyond the calendar")
            raise NotADateError(f"is not a date written as {self.format.text}" if text else "is no date but empty")
        part = match.groupdict()
        try:
            moment = dt.datetime(_year(part), _month(part), int(part["d"] or 0), *_clock(part))  # noqa: DTZ001
        except ValueError as error:
            raise NotADateError(f"is not in the calendar ({error})") from None
        if moment.year < _FIRST_YEAR:
            raise NotADateError(f"is before the year {_FIRST_YEAR}")
        return moment.replace(tzinfo=_offset(part.get("z")))

    def _epoch(self, text: str) -> dt.datetime:
        match = _EPOCH.fullmatch(text)
        if not match:
            raise NotADateError("is not a number of seconds, or a thousandth of it, since 1970")
        microseconds = int(text) * 10**6 // _EPOCH_UNITS[len(match[1])]
        return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=microseconds)


def _year(part: dict[str, str | None]) -> int:
    if part.get("Y"):
        return int(part["Y"] or 0)
    short = int(part["y"] or 0)
    return short + (1900 if short >= _PIVOT else 2000)


def _month(part: dict[str, str | None]) -> int:
    name = part.get("b")
    if not name:
        return int(part["m"] or 0)
    if name.lower() not in _MONTHS:
        raise ValueError(f"no month {name}")
    return _MONTHS[name.lower()]


def _clock(part: dict[str, str | None]) -> tuple[int, int, int]:
    hour, half = int(part.get("H") or 0), (part.get("p") or "").lower()
    if half:
        if not 1 <= hour <= 12:  # noqa: PLR2004 - hours on a clock
            raise ValueError("hour must be in 1..12")
        hour = hour % 12 + (12 if half == "pm" else 0)
    return hour, int(part.get("M") or 0), int(part.get("S") or 0)


def _offset(text: str | None) -> dt.tzinfo | None:
    if not text:
        return None
    if text in ("Z", "UTC", "GMT"):
        return dt.UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    if minutes >= 24 * 60:
        raise NotADateError(f"has an impossible time zone ({text})")
    return dt.timezone(dt.timedelta(minutes=-minutes if text[0] == "-" else minutes))


def looks_like_dates(texts: Sequence[str]) -> bool:
    """Tell whether most of some texts are dates in one format or another; a few of them tell enough."""
    distinct = _with_digits(list(dict.fromkeys(texts))[:_TELLING_TEXTS])
    fits = _fits(distinct)
    return bool(fits) and 2 * max(map(len, fits.values())) >= len(distinct)


def detect_format(texts: Sequence[str], where: str) -> DateFormat:
    """Find the one format that a column's texts have.

    Raises:
        InputError: They have none, or the order of year, month and day cannot be told.

    """
    distinct = _with_digits(texts)
    fits = _fits(distinct)
    best = max(fits, key=lambda name: len(fits[name]), default=None)
    if best is None or 2 * len(fits[best]) < len(distinct):
        shown = next((text for text in texts if text), "")
        raise InputError(f"{where}: {shown!r} is no date that is known here; say --date-format, as in %d/%m/%Y")
    rivals = {name: fitting for name, fitting in fits.items() if name != best}
    equal = [best, *(name for name, fitting in rivals.items() if fitting == fits[best])]
    if len(equal) > 1:
        raise InputError(
            f"{where}: dates like {min(fits[best])!r} can have {_firsts(equal)} first, and nothing tells which; "
            f"say --date-format {' or --date-format '.join(equal)}"
        )
    for name, fitting in rivals.items():
        # The same parts in another order: who mixes them means two things by one text.
        if sorted(name) == sorted(best) and fitting - fits[best]:
            raise InputError(
                f"{where}: some dates have the {_FIRSTS[best[1]]} first and some the {_FIRSTS[name[1]]} "
                f"({min(fits[best] - fitting)!r}, {min(fitting - fits[best])!r}); "
                f"say --date-format {best} or --date-format {name}"
            )
    return _candidate(best)


def _firsts(forms: Sequence[str]) -> str:
    *before, last = [_FIRSTS[form[1]] for form in forms]
    return f"{', '.join(before)} or {last}"


def _with_digits(texts: Iterable[str]) -> set[str]:
    return {text for text in texts if any(char.isdigit() for char in text)}


@cache
def _candidate(name: str) -> DateFormat:
    """Keep the candidates' patterns: every file tries them all."""
    return DateFormat(name)


@cache
def _trial_reader(name: str) -> DateReader:
    """Keep what was read: files of one delivery have many dates in common."""
    return DateReader(_candidate(name), timezone="UTC")


def _may_fit(name: str, shape: str) -> bool:
    """Tell whether a text of some shape has the marks of a format, and letters where its month is a name."""
    marks = set(re.sub("%.", "", name)) if name != EPOCH else set()
    return marks.issubset(shape) and ("%b" not in name or any(char.isalpha() for char in shape))


def _fits(texts: Iterable[str]) -> dict[str, set[str]]:
    """Give for each format the texts that it reads, where there are any; texts of one shape are tried together."""
    shapes: dict[str, list[str]] = {}
    for text in texts:
        shapes.setdefault(text.translate(_ZEROS), []).append(text)
    fits: dict[str, set[str]] = {}
    for name in CANDIDATES:
        near = [shape for shape in shapes if _may_fit(name, shape)]
        if not near:  # patterns take time to compile: only those that may fit are
            continue
        pattern = _EPOCH if name == EPOCH else _candidate(name).pattern
        likely = [text for shape in near if pattern.fullmatch(shape.strip()) for text in shapes[shape]]
        if likely:
            found = _trial_reader(name).read(likely)
            latest = dt.date.today() + _AHEAD if "%y" in name else dt.date.max  # noqa: DTZ011 - a year more or less
            fitting = {text for text, date in zip(likely, found, strict=True) if date and date <= latest}
            if fitting:
                fits[name] = fitting
    return fits
