"""Loads the grid of consecutive years from their files, with as many sessions before and after as are needed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from quality.panel.catalogue import Catalogue
from quality.panel.grid import BoolMatrix, FloatMatrix, Grid, Integers
from quality.panel.year_index import YearIndex


class YearPrices(Protocol):
    """Where the prices of a year come from."""

    def lay(self, index: YearIndex, into: FloatMatrix, name: str = "price") -> None:
        """Lay the prices of a year, or an optional column, into a matrix of its tickers and sessions that holds NaN."""
        ...

    def whole(self, index: YearIndex, name: str = "price") -> FloatMatrix:
        """Give the prices of a year, or an optional column, tickers by sessions, to be read only."""
        ...


@dataclass(frozen=True)
class Section:
    """What of a catalogue a grid is loaded by: small, so that it can be sent to another process.

    Attributes:
        indexes: Of consecutive years: those that are judged, and those that hold the margins.
        judged: The years that are judged.
        look_back: Sessions wanted before them.
        look_ahead: Sessions wanted after them.
        first_number: The number of the first session of the first year.
        tickers: The tickers of the grid, sorted by their bytes.
        first_seen: The number of each one's first session.
        extras: The optional columns that are wanted, as far as the years have them.

    """

    indexes: tuple[YearIndex, ...]
    judged: tuple[int, ...]
    look_back: int
    look_ahead: int
    first_number: int
    tickers: tuple[str, ...]
    first_seen: Integers
    extras: tuple[str, ...] = ()

    @property
    def cells(self) -> int:
        """How many cells its grid has, margins counted."""
        sessions = {index.year: len(index.sessions) for index in self.indexes}
        before = sum(count for year, count in sessions.items() if year < self.judged[0])
        after = sum(count for year, count in sessions.items() if year > self.judged[-1])
        own = sum(sessions.values()) - before - after
        return len(self.tickers) * (min(before, self.look_back) + own + min(after, self.look_ahead))

    def of_years(self, years: Sequence[int]) -> "Section":
        """Give the section of some of the judged years alone, which follow each other."""
        return _cut(self.indexes, self.first_number, (self.tickers, self.first_seen), tuple(years), self)

    def of_tickers(self, begin: int, end: int) -> "Section":
        """Give the section of some tickers, by their positions."""
        tickers = self.tickers[begin:end]
        indexes = tuple(index.of_tickers(tickers[0], tickers[-1]) for index in self.indexes)
        return replace(self, indexes=indexes, tickers=tickers, first_seen=self.first_seen[begin:end])


def section_of(
    catalogue: Catalogue,
    judged: Sequence[int],
    look_back: int,
    look_ahead: int,
    *,
    remembers: bool,
    extras: Sequence[str] = (),
) -> Section:
    """Cut out of a catalogue what the grid of some years needs.

    Args:
        catalogue: The panel's table of contents.
        judged: Consecutive years, ascending.
        look_back: Sessions wanted before them.
        look_ahead: Sessions wanted after them.
        remembers: Whether tickers are in the grid that had their last row in an earlier year.
        extras: The optional columns that are wanted.

    """
    first_seen = catalogue.first_seen
    known = tuple(first_seen), np.fromiter(first_seen.values(), dtype=np.int64, count=len(first_seen))
    # The grids of all chunks have the same columns, whichever of their years has them.
    available = {name for index in catalogue.indexes for name in index.extras}
    whole = Section(
        catalogue.indexes,
        (),
        look_back,
        look_ahead,
        1,
        *known,
        extras=tuple(name for name in extras if name in available),
    )
    section = _cut(catalogue.indexes, 1, known, tuple(judged), whole)
    if remembers:
        return section
    present = {ticker for index in section.indexes for ticker in index.tickers}
    kept = np.fromiter((ticker in present for ticker in section.tickers), np.bool_, len(section.tickers))
    tickers = tuple(ticker for ticker in section.tickers if ticker in present)
    return replace(section, tickers=tickers, first_seen=section.first_seen[kept])


def _cut(
    indexes: tuple[YearIndex, ...],
    first_number: int,
    known: tuple[tuple[str, ...], Integers],
    judged: tuple[int, ...],
    margins: Section,
) -> Section:
    """Keep the judged years, as many around them as hold the margins, and the tickers seen up to their end."""
    years = [index.year for index in indexes]
    counts = [len(index.sessions) for index in indexes]
    begin, end = years.index(judged[0]), years.index(judged[-1]) + 1
    first, last = begin, end
    while first > 0 and sum(counts[first:begin]) < margins.look_back:
        first -= 1
    while last < len(years) and sum(counts[end:last]) < margins.look_ahead:
        last += 1
    tickers, first_seen = known
    is_seen = first_seen < first_number + sum(counts[:last])
    if not is_seen.all():
        tickers = tuple(ticker for ticker, seen in zip(tickers, is_seen.tolist(), strict=True) if seen)
    return Section(
        indexes[first:last],
        judged,
        margins.look_back,
        margins.look_ahead,
        first_number + sum(counts[:first]),
        tickers,
        first_seen[is_seen],
        margins.extras,
    )


def load_grid(section: Section, prices_of: YearPrices) -> Grid:
    """Load a grid.

    Args:
        section: What it is made of.
        prices_of: Where the prices come from.

    Raises:
        InputError: A file is damaged, or not what the index was made from.

    """
    sessions = np.concatenate([index.sessions for index in section.indexes])
    ends = np.cumsum([0, *(len(index.sessions) for index in section.indexes)])
    is_judged = [index.year in section.judged for index in section.indexes]
    first, last = ends[:-1][is_judged][0], ends[1:][is_judged][-1]
    begin, end = max(0, int(first) - section.look_back), min(len(sessions), int(last) + section.look_ahead)
    shape = (len(section.tickers), end - begin)
    prices, present = np.full(shape, np.nan), np.zeros(shape, dtype=np.bool_)
    extras = {name: np.full(shape, np.nan) for name in section.extras}
    for index, start in zip(section.indexes, ends.tolist(), strict=False):
        stop = start + len(index.sessions)
        if stop <= begin or start >= end:
            continue
        # The grid's columns that the year has, and the year's columns that the grid has.
        into = slice(max(start, begin) - begin, min(stop, end) - begin)
        of_year = slice(max(start, begin) - start, min(stop, end) - start)
        what = section.tickers, index, of_year
        _lay_year(what, prices_of, prices[:, into], present[:, into])
        for name in index.extras:
            if name in extras:
                _lay_extra(what, prices_of, name, extras[name][:, into])
    return Grid(
        sessions[begin:end],
        section.tickers,
        prices,
        present,
        slice(int(first) - begin, int(last) - begin),
        section.first_number + begin,
        section.first_seen,
        extras,
    )


def _lay_year(
    what: tuple[tuple[str, ...], YearIndex, slice], prices_of: YearPrices, prices: FloatMatrix, present: BoolMatrix
) -> None:
    """Lay some sessions of a year into the grid's columns for them."""
    tickers, index, of_year = what
    if tickers == index.tickers and of_year == slice(0, len(index.sessions)):
        prices_of.lay(index, prices)
        present[...] = index.present
    elif tickers == index.tickers:
        prices[...], present[...] = prices_of.whole(index)[:, of_year], index.present[:, of_year]
    else:
        rows = _rows_of(tickers, index)
        prices[rows], present[rows] = prices_of.whole(index)[:, of_year], index.present[:, of_year]


def _lay_extra(
    what: tuple[tuple[str, ...], YearIndex, slice], prices_of: YearPrices, name: str, into: FloatMatrix
) -> None:
    """Lay an optional column of some sessions of a year into the grid's columns for them."""
    tickers, index, of_year = what
    values = prices_of.whole(index, name)[:, of_year]
    if tickers == index.tickers:
        into[...] = values
    else:
        into[_rows_of(tickers, index)] = values


def _rows_of(tickers: tuple[str, ...], index: YearIndex) -> Integers:
    """Give the row of the grid that each ticker of a year has."""
    position = {ticker: number for number, ticker in enumerate(tickers)}
    return np.fromiter((position[ticker] for ticker in index.tickers), np.int64, len(index.tickers))
