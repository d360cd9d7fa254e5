"""Evaluates the rule set `robust` over one chunk: rows to matrices, what is measured back to SQL, rules, hindsight."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from quality.engine.connection import Connection, frame, register
from quality.engine.statements import sql_root, statement
from quality.errors import InputError
from quality.evaluation.robust.metrics import LOOK_AHEAD, Measured, Prices, measure
from quality.evaluation.robust.outcome import FOUND, reconsider
from quality.evaluation.rule import evaluate
from quality.rules.model import Rule, RuleSet

_LEAST_MOVE = 0.1


@dataclass(frozen=True)
class Cells:
    """A chunk's prices as matrices, and what their rows and columns are.

    Attributes:
        prices: Sessions by tickers.
        sessions: The number of each row, ascending, one after the other.
        dates: The date of each row.
        names: The ticker of each column.
        judged: Which rows are judged; the others are margins.

    """

    prices: Prices
    sessions: range
    dates: pl.Series
    names: pl.Series
    judged: slice


def read_cells(connection: Connection, sessions: pl.DataFrame, tickers: pl.DataFrame) -> Cells:
    """Read the rows of a chunk and its margins.

    Args:
        connection: The engine with the view `near_rows` and the tables `sessions` and `tickers`.
        sessions: The sessions of the chunk; `is_sorted` marks the judged ones.
        tickers: All tickers up to the chunk's end, with their numbers.

    Raises:
        InputError: Two rows share a date and ticker.

    """
    near = sessions.filter("is_near").sort("session")
    dates, first = near.get_column("date"), near.item(0, "session")
    rows = frame(connection, statement("robust/rows"))
    ticker = rows.get_column("ticker").to_numpy()
    row = rows.get_column("session").to_numpy().astype(np.int64) - first
    held = np.zeros(tickers.height + 1, dtype=np.bool_)
    held[ticker] = True
    named = tickers.sort("number")
    names = named.filter(held[named.get_column("number").to_numpy()]).get_column("ticker")
    at = row * len(names) + (np.cumsum(held) - 1)[ticker]
    raw = np.full((len(dates), len(names)), np.nan)
    has_row = np.zeros(raw.shape, dtype=np.bool_)
    raw.put(at, rows.get_column("price").to_numpy())
    has_row.put(at, True)  # noqa: FBT003 - NumPy takes values by position
    if doubled := rows.height - int(has_row.sum()):
        raise InputError(doubled_rows(doubled))
    judged = near.filter("is_sorted").get_column("session")
    judged_rows = slice(judged[0] - first, judged[-1] - first + 1)
    return Cells(Prices(raw, has_row), range(first, first + len(dates)), dates, names, judged_rows)


def doubled_rows(count: int) -> str:
    """Say that a panel holds keys twice."""
    return (
        f"{count} rows repeat the date and ticker of another row; a panel holds one row a date and ticker: "
        "ingest the files again to settle which one counts"
    )


def make_metrics(connection: Connection, cells: Cells, ruleset: RuleSet) -> Measured:
    """Measure the cells and make the relations that the rules see."""
    own_rules = str(sql_root())
    every_cell = any(not rule.source.startswith(own_rules) for rule in ruleset.rules)
    measured = measure(cells.prices, cells.judged, _least_move(ruleset), every_cell=every_cell)
    register(connection, "measured_days", _days(cells, measured))
    register(connection, "measured_cells", _cells(cells, measured))
    connection.execute(statement("metrics/robust"))
    return measured


def absent_by_year(cells: Cells, measured: Measured, start: dt.date, end: dt.date) -> dict[int, int]:
    """Count, by year, the expected cells without a row between two dates."""
    rows = measured.places.rows[measured.absent_sessions > 0]
    dates = cells.dates.gather(rows)
    counted = dates.filter(dates.is_between(start, end)).dt.year().value_counts()
    return dict(counted.iter_rows())


def _least_move(ruleset: RuleSet) -> float:
    """Give the smallest move that a threshold in force cares for: below it nothing costly is measured."""
    in_force = [values for rule in ruleset.rules for values in (rule.parameters, *rule.by_ticker.values())]
    return min([_LEAST_MOVE, *(values["own_move"] for values in in_force if "own_move" in values)])


def _days(cells: Cells, measured: Measured) -> pl.DataFrame:
    days = pl.DataFrame(
        {
            "session": np.asarray(cells.sessions, dtype=np.int32),
            "market": measured.market - 1,
            "movers": measured.movers,
        }
    )
    return days[cells.judged].with_columns(history=pl.col("session") - 1)


def _cells(cells: Cells, measured: Measured) -> pl.DataFrame:
    places = measured.places
    values = pl.DataFrame(
        {
            "date": cells.dates.gather(places.rows),
            "ticker": cells.names.gather(places.columns),
            "history": np.asarray(cells.sessions, dtype=np.int32)[places.rows] - 1,
            "price": places.of(cells.prices.raw),
            "is_absent": measured.absent_sessions > 0,
            "absent_sessions": measured.absent_sessions,
            "is_new": measured.is_new,
            "previous": measured.previous,
            "own_move": measured.own_move,
            "expected": measured.expected,
            "deviation": places.of(cells.prices.raw) / measured.expected - 1,
            "usable": measured.usable,
            "volatility": measured.volatility,
            "chance_of_repeat": measured.repeats.chance,
            "frozen_share": measured.frozen_share[places.rows],
            "earlier": measured.earlier,
            "expected_after": measured.expected_after,
            "usable_after": measured.usable_after,
            "repeat_evidence": measured.repeats.evidence,
        }
    )
    return values.with_columns(pl.selectors.float().fill_nan(None))


def make_findings(
    connection: Connection, cells: Cells, ruleset: RuleSet, tickers: pl.Series, *, start: dt.date, end: dt.date
) -> pl.DataFrame:
    """Evaluate the causal rules, then those with hindsight, and give what remains, in order."""
    found = [part for rule in ruleset.causal.rules for part in _explaining(connection, rule, tickers, start, end)]
    retrospective = [rule for rule in ruleset.rules if rule.is_retrospective]
    if retrospective:
        connection.execute(statement("robust/look_ahead"))
    late = [part for rule in retrospective for part in _explaining(connection, rule, tickers, start, end)]
    reclassified = sorted({name for rule in retrospective for name in rule.reclassifies})
    settled = cells.dates[-1 - LOOK_AHEAD] if len(cells.dates) > LOOK_AHEAD else None
    return reconsider(pl.concat([FOUND, *found]), pl.concat([FOUND, *late]), settled, reclassified)


def _explaining(
    connection: Connection, rule: Rule, tickers: Iterable[str], start: dt.date, end: dt.date
) -> Iterator[pl.DataFrame]:
    """Give a rule's findings with the rules that they explain."""
    explains = pl.lit(list(rule.reclassifies), dtype=pl.List(pl.String)).alias("reclassifies")
    for found in evaluate(connection, rule, tickers, start, end):
        yield found.with_columns(explains)
