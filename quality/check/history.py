"""What a check knows of the sessions before its day: the tail of the panel, and the tickers of the rest."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from quality.calendar.groups import Closures
from quality.check.day import Entry
from quality.digests import digest_bytes
from quality.errors import InputError, NotEnoughHistoryError
from quality.panel.actions import CorporateActions
from quality.panel.digests import check_bytes, digest_of_year
from quality.panel.grid import BoolMatrix, FloatMatrix, Grid
from quality.panel.ticker_order import natural_order
from quality.panel.universe import read_universe
from quality.panel.version import PanelVersion
from quality.panel.year_files import read_cells, read_prices
from quality.panel.year_index import YearIndex, index_year, lay_out
from quality.panel.years import Year, list_years
from quality.storage import Store

# Fewer sessions before the day than this tell nothing.
_LEAST_HISTORY = 7
_PRICE = "price"


@dataclass(frozen=True)
class History:
    """What a check needs to know of the sessions before its day.

    Attributes:
        sessions: The last of them, as many as the rules look back on, ascending.
        tickers: The tickers that are expected of the day, in natural order: all that history holds where the rules
            remember them, else those of the sessions.
        holds_day: Whether the panel holds the day itself already.
        prices: float64, tickers (in the order of their bytes) by sessions, NaN where there is no price.
        present: bool, likewise, true where there is a row.
        damaged: By year, why its tickers could not be read.
        extras: By name, an optional column that the sessions have, laid out as the prices.
        actions: The corporate actions that are known.
        closures: The sessions, and the day, on which some tickers' exchanges are closed.

    """

    sessions: tuple[dt.date, ...]
    tickers: tuple[str, ...]
    holds_day: bool
    prices: FloatMatrix
    present: BoolMatrix
    damaged: tuple[tuple[int, str], ...] = ()
    extras: Mapping[str, FloatMatrix] = field(default_factory=dict)
    actions: CorporateActions = field(default_factory=CorporateActions)
    closures: Closures = field(default_factory=Closures)

    @property
    def yesterday(self) -> int:
        """How many tickers the last of the sessions holds."""
        return int(self.present[:, -1].sum()) if self.sessions else 0

    def grid(self, day: dt.date, entries: Sequence[Entry], extras: Sequence[str] = ()) -> Grid:
        """Give the sessions and the day after them, the one that is judged, as a grid.

        Args:
            day: The day.
            entries: Its prices; of doubled tickers the last counts.
            extras: The optional columns that are wanted, as far as there are any.

        """
        prices = {entry.ticker: entry.price for entry in entries}
        known = sorted(self.tickers)
        tickers = sorted({*known, *prices})
        row = {ticker: number for number, ticker in enumerate(tickers)}
        old = [row[ticker] for ticker in known]
        count = len(self.sessions)
        laid = np.full((len(tickers), count + 1), np.nan)
        present = np.zeros(laid.shape, dtype=np.bool_)
        laid[old, :count], present[old, :count] = self.prices, self.present
        arrived = [row[ticker] for ticker in prices]
        laid[arrived, count] = [np.nan if price is None else price for price in prices.values()]
        present[arrived, count] = True
        with_value = {name for entry in entries for name in entry.extras} | set(self.extras)
        beside = {
            name: self._with_day(name, laid.shape, old, {row[entry.ticker]: entry for entry in entries})
            for name in extras
            if name in with_value
        }
        actions = self.actions.about(tickers, np.datetime64(min([*self.sessions, day])), np.datetime64(day))
        first_seen = np.full(len(tickers), count + 1, dtype=np.int64)
        first_seen[old] = 1
        sessions = np.array([*self.sessions, day], dtype="datetime64[D]")
        return Grid(
            sessions,
            tuple(tickers),
            laid,
            present,
            slice(count, count + 1),
            1,
            first_seen,
            beside,
            actions,
            self.closures.of(tickers, sessions),
        )

    def _with_day(
        self, name: str, shape: tuple[int, ...], old: Sequence[int], arrived: Mapping[int, Entry]
    ) -> FloatMatrix:
        """Lay an optional column out: what history has of it, and what the day brings."""
        laid = np.full(shape, np.nan)
        if name in self.extras:
            laid[old, : len(self.sessions)] = self.extras[name]
        for row, entry in arrived.items():
            value = entry.extras.get(name)
            laid[row, -1] = np.nan if value is None else value
        return laid


def too_little_history() -> NotEnoughHistoryError:
    """Give the notebook's error for a day with too few sessions before it."""
    return NotEnoughHistoryError("Not enough historical data to compute moving average.")


@dataclass(frozen=True)
class _Source:
    """Where the sessions come from: the panel, its version, and by year that was read, what its files are."""

    panel: Store
    version: PanelVersion
    contents: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Part:
    """One year of the tail: its contents, and its prices and optional columns, tickers by sessions."""

    index: YearIndex
    columns: Mapping[str, FloatMatrix]


def read_history(panel: Store, day: dt.date, look_back: int, *, remembers: bool, extras: Sequence[str] = ()) -> History:
    """Read the tail of a panel, going back year by year until it is long enough, and nothing else of it.

    Args:
        panel: The panel.
        day: The day that is checked; sessions from it on are left aside.
        look_back: How many sessions before it are wanted.
        remembers: Whether the tickers of earlier years are wanted too.
        extras: The optional columns that are wanted, where the panel has them.

    Raises:
        NotEnoughHistoryError: There are too few sessions before the day.
        InputError: The tail cannot be read.
        MixedVersionsError: What was read of the panel is of two versions of it.

    """
    years = list_years(panel)
    source = _Source(panel, PanelVersion(panel, years))
    until_day = [year for year in years if year.year <= day.year]
    with source.version.reading(source.contents):
        return _read_history(source, until_day, day, look_back, remembers=remembers, extras=extras)


def _read_history(
    source: _Source, years: Sequence[Year], day: dt.date, look_back: int, *, remembers: bool, extras: Sequence[str]
) -> History:
    parts: list[_Part] = []
    for year in reversed(years):
        parts.insert(0, _read_part(source, year, extras))
        if sum(np.count_nonzero(part.index.sessions < np.datetime64(day)) for part in parts) >= look_back:
            break
    tail = _tail(parts, day, look_back)
    sessions = tail.sessions
    if len(sessions) < min(look_back, _LEAST_HISTORY):
        raise too_little_history()
    earlier = years[: len(years) - len(parts)] if remembers else []
    universe = read_universe(source.panel, earlier, lambda year: _index(source, year)[0].tickers) if earlier else None
    known = {ticker for part in parts for ticker in _known(part.index, day)} if remembers else set(tail.rows)
    tickers = sorted(known | (universe.tickers if universe else set()))
    shape = (len(tickers), len(sessions))
    laid = {name: np.full(shape, np.nan) for name in tail.columns}
    present = np.zeros(shape, dtype=np.bool_)
    for number, ticker in enumerate(tickers):
        if ticker in tail.rows:
            row = tail.rows[ticker]
            present[number] = tail.present[row]
            for name, values in tail.columns.items():
                laid[name][number] = values[row]
    holds_day = any(bool((part.index.sessions == np.datetime64(day)).any()) for part in parts)
    damaged = tuple(sorted(universe.damaged.items())) if universe else ()
    prices = laid.pop(_PRICE)
    return History(sessions, tuple(natural_order(tickers)), holds_day, prices, present, damaged, laid)


def _index(source: _Source, year: Year) -> tuple[YearIndex, list[bytes]]:
    """Read the files of a year, hold them against their digests, and index them."""
    if year.problem:
        raise InputError(f"year={year.year}: {year.problem}")
    panel, files, digests = source.panel, [], []
    for key in year.keys:
        files.append(panel.read(key))
        digests.append(digest_bytes(files[-1]))
        check_bytes(source.version.digests, key, digests[-1], panel.url(key))
    source.contents[year.year] = digest_of_year(digests)
    try:
        return index_year(year.year, files), files
    except InputError as error:
        raise InputError(f"{panel.address}: year={year.year}: {error}") from error


def _read_part(source: _Source, year: Year, extras: Sequence[str]) -> _Part:
    index, files = _index(source, year)
    columns: dict[str, FloatMatrix] = {}
    try:
        cells = () if index.is_sorted else read_cells([pa.BufferReader(data) for data in files], year.year).cells
        for name in (_PRICE, *(name for name in extras if name in index.extras)):
            columns[name] = np.full((len(index.tickers), len(index.sessions)), np.nan)
            lay_out(index, read_prices([pa.BufferReader(data) for data in files], name), columns[name], cells)
    except InputError as error:
        raise InputError(f"{source.panel.address}: year={year.year}: {error}") from error
    return _Part(index, columns)


def _known(index: YearIndex, day: dt.date) -> Sequence[str]:
    """Give the tickers of a year that had a row before the day."""
    is_before = index.sessions < np.datetime64(day)
    if is_before.all():
        return index.tickers
    known = np.flatnonzero(index.present[:, is_before].any(axis=1))
    return [index.tickers[number] for number in known.tolist()]


@dataclass(frozen=True)
class _Tail:
    """The last sessions before the day.

    Attributes:
        sessions: Ascending.
        rows: By ticker that has rows in them, its row in what follows.
        columns: Prices and optional columns by name, a row a ticker.
        present: Where there is a row.

    """

    sessions: tuple[dt.date, ...]
    rows: Mapping[str, int]
    columns: Mapping[str, FloatMatrix]
    present: BoolMatrix


def _tail(parts: Sequence[_Part], day: dt.date, look_back: int) -> _Tail:
    """Give the last sessions before the day."""
    dates = [part.index.sessions[part.index.sessions < np.datetime64(day)] for part in parts]
    sessions = np.concatenate(dates)[-look_back:] if parts and look_back else np.empty(0, "datetime64[D]")
    names = sorted({ticker for part in parts for ticker in part.index.tickers}) if len(sessions) else []
    row = {ticker: number for number, ticker in enumerate(names)}
    shape = (len(names), len(sessions))
    columns = {name: np.full(shape, np.nan) for name in (_PRICE, *(name for part in parts for name in part.columns))}
    present = np.zeros(shape, dtype=np.bool_)
    for part in parts if len(sessions) else ():
        wanted = (part.index.sessions >= sessions[0]) & (part.index.sessions <= sessions[-1])
        rows = np.array([row[ticker] for ticker in part.index.tickers], dtype=np.int64)
        cells = np.ix_(rows, np.searchsorted(sessions, part.index.sessions[wanted]))
        for name, values in part.columns.items():
            columns[name][cells] = values[:, wanted]
        present[cells] = part.index.present[:, wanted]
    found = {ticker: number for ticker, number in row.items() if present[number].any()}
    return _Tail(tuple(sessions.tolist()), found, columns, present)
