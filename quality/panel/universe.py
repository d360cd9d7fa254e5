"""Remembers beside a panel which tickers each of its earlier years holds, so that a daily check need not read them."""

import json
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_

from quality.digests import digest_of
from quality.errors import InputError, QualityError
from quality.panel.years import Year
from quality.storage import Store

# Hidden, so no reader of the panel takes it for data; it can be deleted at any time.
KEY = ".universe.json"
_MOST_BYTES = 1 << 28
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Universe:
    """The tickers of some years of a panel.

    Attributes:
        tickers: All of them.
        damaged: By year, why its tickers could not be read; they are not among them.

    """

    tickers: frozenset[str]
    damaged: Mapping[int, str] = field(default_factory=dict)


def read_universe(panel: Store, years: Sequence[Year], read: Callable[[Year], Iterable[str]]) -> Universe:
    """Give the tickers of whole years: those remembered where the files are the same, else those read.

    What is read is remembered. A panel that cannot be written to is read each time.

    Args:
        panel: The panel.
        years: The years.
        read: Gives the tickers of one year; an InputError makes the year a damaged one.

    """
    names, noted = _recall(panel)
    bits = {year.year: noted[year.year][1] for year in years if noted.get(year.year, ("",))[0] == _files(year)}
    arrived: dict[int, frozenset[str]] = {}
    damaged: dict[int, str] = {}
    for year in years:
        if year.year not in bits:
            try:
                arrived[year.year] = frozenset(read(year))
            except InputError as error:
                damaged[year.year] = str(error)
    if arrived:
        known = {**arrived, **{year: _named(present, names) for year, present in bits.items()}}
        remember(panel, [year for year in years if year.year in known], known)
    every = reduce(or_, bits.values(), 0)
    return Universe(_named(every, names).union(*arrived.values()), damaged)


def remember(panel: Store, years: Sequence[Year], tickers: Mapping[int, Collection[str]]) -> None:
    """Note the tickers of years, by the year's number, in place of whatever was noted before."""
    names = sorted({ticker for year in years for ticker in tickers[year.year]})
    place = {name: number for number, name in enumerate(reversed(names))}
    noted = {str(year.year): {"files": _files(year), "tickers": _bits(tickers[year.year], place)} for year in years}
    data = json.dumps({"tickers": names, "years": noted}, indent=0)
    try:
        panel.write(KEY, (data + "\n").encode())
    except QualityError as error:
        _log.info("not remembered: %s", error)


def _bits(tickers: Iterable[str], place: Mapping[str, int]) -> str:
    """Give a bit a name, the first place's bit the highest, as a hexadecimal number."""
    digits, one = bytearray(b"0") * (len(place) or 1), ord("1")
    for name in tickers:
        digits[place[name]] = one
    return f"{int(digits, 2):x}"


def _files(year: Year) -> str:
    return digest_of([(entry.key, entry.size, entry.version) for entry in year.entries])


def _recall(panel: Store) -> tuple[list[str], dict[int, tuple[str, int]]]:
    """Give the names of all tickers that were noted, and by year which files it had, and a bit a ticker."""
    try:
        noted = json.loads(panel.read(KEY, _MOST_BYTES))
        names = [str(name) for name in noted["tickers"]]
        years = {
            int(year): (str(of_year["files"]), int(of_year["tickers"], 16)) for year, of_year in noted["years"].items()
        }
    except (QualityError, ValueError, KeyError, TypeError, AttributeError):
        return [], {}
    is_whole = all(0 <= bits < 1 << len(names) for _, bits in years.values())
    return (names, years) if is_whole else ([], {})


def _named(bits: int, names: Sequence[str]) -> frozenset[str]:
    return frozenset(name for name, bit in zip(names, reversed(f"{bits:b}"), strict=False) if bit == "1")
