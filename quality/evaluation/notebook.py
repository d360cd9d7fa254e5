"""Evaluates the rule set `notebook`: the moving average as SQL windows over the grid, then the rules."""

import datetime as dt
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa

from quality.engine.connection import Connection, register_table
from quality.engine.statements import sql_root, statement
from quality.evaluation.protocol import Evaluated, FirstPass, Group
from quality.evaluation.rule_findings import Cells, findings_of_rules
from quality.findings.table import Codes
from quality.panel.grid import BoolMatrix, Days, Grid, Integers
from quality.panel.ticker_order import natural_order
from quality.rules.model import RuleSet

WINDOW = 7
# Rules are asked of so many cells at once, or of what a scan hands over together.
_CELLS_AT_ONCE = 50_000
# The rules that speak of a price above 0 whose change is beyond their limits; no other speaks of such prices.
_UP, _DOWN = "price_increase", "price_decrease"


class Notebook:
    """The rule set `notebook`; see `protocol.Evaluation`."""

    look_back: int = WINDOW
    look_ahead: int = 0
    version: int = 1
    statements: tuple[str, ...] = ("macros", "metrics/notebook", "notebook/suspects", "evaluation/found")
    # A ticker is expected for ever once it had a row.
    remembers: bool = True
    reports_positions: bool = True
    extras: tuple[str, ...] = ()
    first_pass: FirstPass | None = None

    def evaluate(
        self,
        connection: Connection,
        grid: Grid,
        ruleset: RuleSet,
        start: dt.date,
        end: dt.date,
        *,
        group: Group | None = None,
    ) -> Evaluated:
        """Evaluate the rules of the set on the judged sessions of a grid."""
        return _evaluated(connection, ruleset, [_measure(connection, grid, ruleset, group)], (start, end))

    def evaluate_all(
        self, connection: Connection, grids: Iterable[Grid], ruleset: RuleSet, start: dt.date, end: dt.date
    ) -> Iterator[tuple[int, Evaluated]]:
        """Evaluate the rules on consecutive grids, on as many at once as hold `_CELLS_AT_ONCE` suspects.

        To plan the statement that asks all rules takes longer than to run it on few cells.
        """
        most = 0 if _has_others(ruleset) else _CELLS_AT_ONCE
        measured: list[_Measured] = []
        for grid in grids:
            measured.append(_measure(connection, grid, ruleset))
            del grid  # it makes room for the next, and so do its findings once they are written
            if sum(len(part.ticker) for part in measured) >= most:
                together, evaluated = len(measured), _evaluated(connection, ruleset, measured, (start, end))
                measured = []
                yield together, evaluated
                del evaluated
        if measured:
            yield len(measured), _evaluated(connection, ruleset, measured, (start, end))


@dataclass(frozen=True)
class _Measured:
    """What is kept of a grid once it is measured: its suspects, and how much is absent.

    Attributes:
        tickers: The tickers of the grid.
        sessions: Its judged sessions.
        ticker, session: Of each suspect, positions among these.
        known: By name, what else `metrics` is made from.
        absent: By session, how many expected cells have no row.

    """

    tickers: tuple[str, ...]
    sessions: Days
    ticker: Codes
    session: Codes
    known: Mapping[str, pa.Array]
    absent: Integers


def _measure(connection: Connection, grid: Grid, ruleset: RuleSet, group: Group | None = None) -> _Measured:
    """Find the suspects of a grid: its moving averages are windows over all cells."""
    grid = _with_look_back(grid)
    is_absent = _absent(grid)
    register_table(connection, "cells", _cells(grid))
    _make_views(connection)
    found = connection.sql(statement("notebook/suspects"), params=_limits(ruleset)).to_arrow_table()
    connection.unregister("cells")  # they are as large as the grid
    of_tickers = is_absent if grid.counted is None else is_absent[grid.counted]
    absent = np.count_nonzero(of_tickers[:, grid.judged], axis=0)
    ticker, session, known = _suspects(grid, is_absent, found, group)
    return _Measured(grid.tickers, grid.sessions[grid.judged], ticker, session, known, absent)


def _evaluated(
    connection: Connection, ruleset: RuleSet, measured: Sequence[_Measured], dates: tuple[dt.date, dt.date]
) -> Evaluated:
    """Ask the rules of the suspects of consecutive grids."""
    cells = Cells(_union(measured), np.concatenate([part.sessions for part in measured]))
    register_table(connection, "suspects", _joined(measured, cells))
    findings = findings_of_rules(connection, ruleset.rules, cells, *dates)
    counts = np.concatenate([part.absent for part in measured])
    return Evaluated(findings, _absent_by_year(cells.sessions, counts, *dates))


def _union(measured: Sequence[_Measured]) -> tuple[str, ...]:
    """Give all tickers of some grids; later grids mostly have the same."""
    tickers = {part.tickers for part in measured}
    return tickers.pop() if len(tickers) == 1 else tuple(sorted({name for names in tickers for name in names}))


def _joined(measured: Sequence[_Measured], cells: Cells) -> pa.Table:
    """Put the suspects of some grids together, as cells of one matrix."""
    row = {name: number for number, name in enumerate(cells.tickers)}
    names = pa.array(cells.tickers, pa.string())
    tables, passed = [], 0
    for part in measured:
        ticker = part.ticker
        if part.tickers != cells.tickers:
            ticker = np.array([row[name] for name in part.tickers], dtype=np.int32)[ticker]
        keys = {
            "cell": pa.array(ticker * np.int32(len(cells.sessions)) + part.session + np.int32(passed)),
            "date": pa.array(part.sessions[part.session]).cast(pa.date32()),
            "ticker": pa.DictionaryArray.from_arrays(pa.array(ticker), names, safe=False),
        }
        tables.append(pa.table({**keys, **part.known}, schema=_SUSPECTS))
        passed += len(part.sessions)
    return pa.concat_tables(tables)


@lru_cache(maxsize=64)
def _make_views(connection: Connection) -> None:
    """Give a new engine, once, the views over `cells` and `suspects`; each grid puts its own in their place."""
    register_table(connection, "suspects", _SUSPECTS.empty_table())
    connection.execute(statement("metrics/notebook"))


def _with_look_back(grid: Grid) -> Grid:
    """Give a grid that has sessions enough before the judged ones, empty ones where the panel begins."""
    missing = WINDOW - grid.judged.start
    if missing <= 0:
        return grid
    before = ((0, 0), (missing, 0))
    return Grid(
        np.concatenate([grid.sessions[0] - np.arange(missing, 0, -1), grid.sessions]),
        grid.tickers,
        np.pad(grid.prices, before, constant_values=np.nan),
        np.pad(grid.present, before),
        slice(grid.judged.start + missing, grid.judged.stop + missing),
        grid.first_number - missing,
        grid.first_seen,
        counted=grid.counted,
    )


def _absent(grid: Grid) -> BoolMatrix:
    """Mark the cells whose ticker was expected and has no row."""
    is_known = grid.history + 1 > grid.first_seen[:, np.newaxis] if _has_late_tickers(grid) else True
    return np.asarray(~grid.present & is_known)


def _has_late_tickers(grid: Grid) -> bool:
    return bool((grid.first_seen >= grid.first_number).any())


def _cells(grid: Grid) -> pa.Table:
    """Give the grid as a table, without a copy of its prices: what the windows add up, and what they compare."""
    prices = grid.prices.reshape(-1)
    has_price = ~np.isnan(prices)
    columns = {
        "cell": np.arange(prices.size, dtype=np.int32),
        # Adding 0 takes the sign from a zero: sums begin with 0.
        "price_or_zero": np.where(has_price, prices, 0.0) + 0.0,
        "prices_so_far": np.cumsum(has_price, dtype=np.int32),
        "ordinary_price": np.where(prices > 0, prices, np.nan),
    }
    return pa.table({name: pa.array(values) for name, values in columns.items()})


def _has_others(ruleset: RuleSet) -> bool:
    """Tell whether there are rules of the user's own: they see every cell, and what they compare is their business."""
    return any(not rule.source.startswith(str(sql_root())) for rule in ruleset.rules)


def _limits(ruleset: RuleSet) -> dict[str, float]:
    """Give the changes between which no rule of the set finds a price that is above 0."""
    if _has_others(ruleset):
        return {"least": math.inf, "most": -math.inf}
    limits = {
        rule.name: [values["limit"] for values in (rule.parameters, *rule.by_ticker.values())]
        for rule in ruleset.rules
        if rule.name in (_UP, _DOWN)
    }
    return {"least": max(limits.get(_DOWN, [-math.inf])), "most": min(limits.get(_UP, [math.inf]))}


_SUSPECTS = pa.schema(
    [
        ("cell", pa.int32()),
        ("date", pa.date32()),
        ("ticker", pa.dictionary(pa.int32(), pa.string())),
        ("price", pa.float64()),
        ("session", pa.int32()),
        ("is_absent", pa.bool_()),
        ("is_new", pa.bool_()),
        ("position", pa.int32()),
        ("sum_of_prices", pa.float64()),
        ("count_of_prices", pa.int32()),
    ]
)


def _suspects(
    grid: Grid, is_absent: BoolMatrix, found: pa.Table, group: Group | None
) -> tuple[Codes, Codes, dict[str, pa.Array]]:
    """Give the judged cells among those found, by ticker and judged session, and what is known of each."""
    cell = found.column("cell").to_numpy()
    ticker, session = np.divmod(cell, np.int32(len(grid.sessions)))
    is_cell = (grid.present.reshape(-1)[cell] | is_absent.reshape(-1)[cell]) & (session >= grid.judged.start)
    kept = np.flatnonzero(is_cell & (session < grid.judged.stop))
    cell, ticker, session = cell[kept], ticker[kept], session[kept]
    absent, prices = is_absent.reshape(-1)[cell], grid.prices.reshape(-1)[cell]
    number = session + np.int32(grid.first_number)
    is_new = (number == grid.first_seen[ticker]) & (number > WINDOW)
    known = {
        "price": pa.array(prices, mask=np.isnan(prices)),
        "session": pa.array(number),
        "is_absent": pa.array(absent),
        "is_new": pa.array(is_new),
        "position": pa.array(_positions(grid, ticker, session, absent, group), mask=~absent),
        "sum_of_prices": pa.array(found.column("sum_of_prices").to_numpy()[kept]),
        "count_of_prices": pa.array(found.column("count_of_prices").to_numpy()[kept]),
    }
    return ticker, session - np.int32(grid.judged.start), known


def _positions(grid: Grid, ticker: Codes, session: Codes, absent: BoolMatrix, group: Group | None) -> Codes:
    """Give the position, from 0, of each absent cell's ticker among those that history held on that session."""
    positions = np.zeros(len(ticker), dtype=np.int32)
    cells = np.flatnonzero(absent)
    ranks = group.ranks if group else _ranks(grid.tickers)
    positions[cells] = ranks[ticker[cells]]
    late, seen = (group.late_ranks, group.late_seen) if group else _late(grid, ranks)
    if len(late) and len(cells):
        cells = cells[np.argsort(session[cells], kind="stable")]
        columns, starts = np.unique(session[cells], return_index=True)
        for column, some in zip(columns.tolist(), np.split(cells, starts[1:]), strict=True):
            # Those before it whose first row was yet to come do not count.
            to_come = late[seen >= grid.first_number + column]
            positions[some] -= np.searchsorted(to_come, positions[some]).astype(np.int32)
    return positions


def _late(grid: Grid, ranks: Integers) -> tuple[Integers, Integers]:
    """Give the ranks, ascending, and the first sessions of the tickers that come within the grid or after it."""
    is_late = grid.first_seen >= grid.first_number
    order = np.argsort(ranks[is_late])
    return ranks[is_late][order], grid.first_seen[is_late][order]


@lru_cache(maxsize=64)
def _ranks(tickers: tuple[str, ...]) -> Integers:
    """Give the place of each ticker among them all as people count them."""
    place = {name: number for number, name in enumerate(natural_order(tickers))}
    return np.array([place[name] for name in tickers], dtype=np.int64)


def _absent_by_year(sessions: Days, absent: Integers, start: dt.date, end: dt.date) -> dict[int, int]:
    """Count, by year, the absent cells of some sessions between two dates."""
    wanted = (sessions >= np.datetime64(start, "D")) & (sessions <= np.datetime64(end, "D"))
    years = sessions[wanted].astype("datetime64[Y]").astype(np.int64) + 1970
    totals = np.bincount(years, weights=absent[wanted], minlength=1)
    return {year: int(totals[year]) for year in np.unique(years).tolist() if totals[year]}
