"""Remembers beside a panel which tickers each of its earlier years holds, so that a daily check need not read them."""

import json
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

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
    remembered = _recall(panel)
    known: dict[int, frozenset[str]] = {}
    damaged: dict[int, str] = {}
    for year in years:
        files, held = remembered.get(year.year, ("", frozenset()))
        if files == _files(year):
            known[year.year] = held
            continue
        try:
            known[year.year] = frozenset(read(year))
        except InputError as error:
            damaged[year.year] = str(error)
    if any(remembered.get(year.year, ("",))[0] != _files(year) for year in years if year.year in known):
        remember(panel, [year for year in years if year.year in known], known)
    return Universe(frozenset().union(*known.values()), damaged)


def remember(panel: Store, years: Sequence[Year], tickers: Mapping[int, Collection[str]]) -> None:
    """Note the tickers of years, by the year's number, in place of whatever was noted before."""
    names = sorted({ticker for year in years for ticker in tickers[year.year]})
    bit = {name: 1 << number for number, name in enumerate(names)}
    noted = {
        str(year.year): {"files": _files(year), "tickers": f"{sum(bit[name] for name in set(tickers[year.year])):x}"}
        for year in years
    }
    data = json.dumps({"tickers": names, "years": noted}, indent=0)
    try:
        panel.write(KEY, (data + "\n").encode())
    except QualityError as error:
        _log.info("not remembered: %s", error)


def _files(year: Year) -> str:
    return digest_of([(entry.key, entry.size, entry.version) for entry in year.entries])


def _recall(panel: Store) -> dict[int, tuple[str, frozenset[str]]]:
    """Give by year what was noted: which files it had, and its tickers."""
    try:
        noted = json.loads(panel.read(KEY, _MOST_BYTES))
        names = [str(name) for name in noted["tickers"]]
        return {
            int(year): (str(of_year["files"]), _named(int(of_year["tickers"], 16), names))
            for year, of_year in noted["years"].items()
        }
    except (QualityError, ValueError, KeyError, TypeError, AttributeError, IndexError):
        return {}


def _named(bits: int, names: Sequence[str]) -> frozenset[str]:
    if bits >> len(names):
        raise ValueError("more bits than names")
    return frozenset(name for name, bit in zip(names, reversed(f"{bits:b}"), strict=False) if bit == "1")
