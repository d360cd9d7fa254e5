"""The rule set `robust`: a grid to its metrics, the rules over them, and what later days make of what they find."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
import pyarrow as pa

from quality.engine.connection import Connection, register_table
from quality.engine.statements import statement
from quality.evaluation.protocol import Evaluated
from quality.evaluation.robust.corroboration import corroborate
from quality.evaluation.robust.found import Scope, find_one_by_one, find_together, is_of_set
from quality.evaluation.robust.margins import LOOK_AHEAD, LOOK_BACK
from quality.evaluation.robust.metrics import Needs, Shared, measure, prepare
from quality.evaluation.robust.outcome import reconsider
from quality.panel.extras import EXTRAS
from quality.panel.grid import Grid
from quality.rules.model import Rule, RuleSet

_METRICS = ("metrics/robust", "metrics/robust_alone", "metrics/robust_beside")


class Robust:
    """How the rules of the set `robust` are evaluated."""

    look_back: int = LOOK_BACK
    look_ahead: int = LOOK_AHEAD
    version: int = 4
    statements: tuple[str, ...] = ("macros", *_METRICS, "robust/found")
    remembers: bool = False
    extras: tuple[str, ...] = EXTRAS

    def evaluate(self, connection: Connection, grid: Grid, ruleset: RuleSet, start: dt.date, end: dt.date) -> Evaluated:
        """Evaluate every rule on the judged sessions of a grid, between two dates.

        The user's own rules see every cell, those of the set the cells that they may speak of: what the set finds is
        the same with and without them.

        Raises:
            UsageError: A rule's SELECT or message is wrong; the message names its file.

        """
        rules, scope = ruleset.rules, _scope(grid, start, end)
        shared = prepare(grid)
        settled, absent, beside = (
            _settled(grid),
            _absent_by_year(shared, start, end),
            bool(grid.extras) or len(grid.actions) > 0,
        )
        ours = [is_of_set(rule) for rule in rules]
        measured = [(ours, find_together, _relations(shared, needs_of(rules)))]
        if not all(ours):
            theirs = [not own for own in ours]
            measured.append((theirs, find_one_by_one, _relations(shared, Needs(every_cell=True))))
        del grid, shared  # they make room for what is found
        found = []
        while measured:
            kept, find, relations = measured.pop(0)
            with _seen(connection, relations, beside=beside):
                found.append(_numbered(find(connection, _chosen(rules, kept), scope), kept))
            del relations
        families = [0 if own else number + 1 for number, own in enumerate(ours)]
        return Evaluated(reconsider(pa.concat_tables(found), rules, families, settled), absent)


def _scope(grid: Grid, start: dt.date, end: dt.date) -> Scope:
    """Give what findings are wanted of; dates that cut nothing off are not asked for."""
    first, last = (session.item() for session in grid.sessions[grid.judged][[0, -1]])
    return Scope(grid.tickers, start if start > first else None, end if end < last else None)


def _chosen(rules: Sequence[Rule], kept: Sequence[bool]) -> list[Rule]:
    return [rule for rule, keep in zip(rules, kept, strict=True) if keep]


def _numbered(found: pa.Table, kept: Sequence[bool]) -> pa.Table:
    """Count rules among all of them, not among those that were asked."""
    numbers = np.flatnonzero(np.asarray(kept, dtype=np.bool_)).astype(np.int32)
    at = found.column_names.index("rule_number")
    return found.set_column(at, "rule_number", pa.array(numbers[found["rule_number"].to_numpy()]))


def needs_of(rules: Sequence[Rule]) -> Needs:
    """Give the smallest thresholds in force: below them, nothing costly is measured."""
    ours = [rule for rule in rules if is_of_set(rule)]
    in_force = [values for rule in ours for values in (rule.parameters, *rule.by_ticker.values())]
    defaults = Needs(every_cell=False)

    def least(name: str, default: float) -> float:
        """Give the smallest value of a parameter, or of as much of it as is enough for the quietest tickers."""
        return min([default, *(values[name] * values.get("quiet", 1) for values in in_force if name in values)])

    return Needs(
        every_cell=False,
        least_move=min([defaults.least_move, *(values["own_move"] for values in in_force if "own_move" in values)]),
        least_deviation=least("limit", defaults.least_deviation),
    )


def _relations(shared: Shared, needs: Needs) -> dict[str, pa.Table]:
    """Measure what rules see: the cells that they may speak of, and the sessions."""
    grid, metrics = shared.grid, measure(shared, needs)
    places = metrics.places
    cells = {
        "date": pa.array(grid.sessions[places.sessions]),
        "ticker": pa.DictionaryArray.from_arrays(pa.array(places.tickers.astype(np.int32)), pa.array(grid.tickers)),
        **_columns(metrics.cells),
        **corroborate(grid, shared.moves, shared.actions, places, metrics.cells),
    }
    judged = grid.sessions[grid.judged]
    before = grid.sessions[grid.judged.start - 1 : grid.judged.stop - 1]
    days = {"date": pa.array(judged), **_columns(metrics.days), "date_before": pa.array(before)}
    return {"measured_cells": pa.table(cells), "measured_days": pa.table(days)}


@contextmanager
def _seen(connection: Connection, relations: Mapping[str, pa.Table], *, beside: bool) -> Iterator[None]:
    """Let rules see some relations, and what the statements of the set make of them, for a while."""
    for name, rows in relations.items():
        register_table(connection, name, rows)
    connection.execute(statement("metrics/robust_beside" if beside else "metrics/robust_alone"))
    connection.execute(statement("metrics/robust"))
    yield
    for name in relations:
        connection.unregister(name)


def _columns(metrics: Mapping[str, np.ndarray]) -> dict[str, pa.Array]:
    """Give metrics as Arrow columns, null where there is no number."""
    return {name: pa.array(values, from_pandas=True) for name, values in metrics.items()}


def _settled(grid: Grid) -> dt.date | None:
    """Give the last session after which as many sessions have come as hindsight looks at."""
    last = len(grid.sessions) - 1 - LOOK_AHEAD
    return grid.sessions[last].item() if last >= 0 else None


def _absent_by_year(shared: Shared, start: dt.date, end: dt.date) -> dict[int, int]:
    """Count, by year, the expected cells without a row between two dates."""
    dates = shared.grid.sessions[shared.absence.absent.sessions]
    dates = dates[(dates >= np.datetime64(start)) & (dates <= np.datetime64(end))]
    years, counts = np.unique(dates.astype("datetime64[Y]").astype(np.int64) + 1970, return_counts=True)
    return dict(zip(years.tolist(), counts.tolist(), strict=True))
