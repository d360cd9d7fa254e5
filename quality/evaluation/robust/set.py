"""The rule set `robust`: a grid to its metrics, the rules over them, and what later days make of what they find."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from quality.engine.connection import Connection, register_table
from quality.engine.statements import statement
from quality.evaluation.protocol import Evaluated, FirstPass, Group
from quality.evaluation.robust.common import Common
from quality.evaluation.robust.corroboration import corroborate
from quality.evaluation.robust.found import candidates_of, describe, find_one_by_one, find_together
from quality.evaluation.robust.margins import LOOK_AHEAD, LOOK_BACK
from quality.evaluation.robust.metrics import Needs, measure
from quality.evaluation.robust.outcome import reconsider
from quality.evaluation.robust.questions import Scope, is_of_set, questions_of
from quality.evaluation.robust.shared import Shared, prepare
from quality.evaluation.robust.stretches import TICKERS
from quality.findings.table import of_tickers
from quality.panel.extras import EXTRAS
from quality.panel.grid import Grid, Integers
from quality.rules.model import Rule, RuleSet

# What so many cells are candidates of is picked from all that was measured of them at once, and rules are asked of so
# many bytes of candidates, or of what a scan hands over together.
_CELLS_AT_ONCE, _BYTES_AT_ONCE = 50_000, 8 << 20
_CELLS, _DAYS = "measured_cells", "measured_days"
_METRICS = ("metrics/robust", "metrics/robust_alone", "metrics/robust_beside")


class Robust:
    """How the rules of the set `robust` are evaluated."""

    look_back: int = LOOK_BACK
    look_ahead: int = LOOK_AHEAD
    version: int = 9
    statements: tuple[str, ...] = ("macros", *_METRICS, "robust/words", "robust/found", "robust/described")
    remembers: bool = False
    reports_positions: bool = False
    extras: tuple[str, ...] = EXTRAS

    @property
    def first_pass(self) -> FirstPass:
        """What the set learns of all tickers of a session, where no grid holds them."""
        # A check never needs it, and it takes its time to import.
        from quality.evaluation.robust.first_pass import RobustFirstPass  # noqa: PLC0415

        return RobustFirstPass()

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
        """Evaluate every rule on the judged sessions of a grid, between two dates; what rules saw stays to be asked.

        The user's own rules see every cell, those of the set the cells that they may speak of: what the set finds is
        the same with and without them.

        Raises:
            UsageError: A rule's SELECT or message is wrong; the message names its file.

        """
        measured = _measure(grid, ruleset.rules, (start, end), group.common if group else None)
        del grid  # it makes room for what is found
        evaluated = _evaluated(connection, ruleset.rules, [_pick(ruleset.rules, [measured])])
        if group is None:
            _see(connection, [measured.theirs or measured.ours], beside=measured.beside)
        elif not group.is_first:
            return replace(evaluated, findings=of_tickers(evaluated.findings, measured.scope.tickers))
        return evaluated

    def evaluate_all(
        self, connection: Connection, grids: Iterable[Grid], ruleset: RuleSet, start: dt.date, end: dt.date
    ) -> Iterator[tuple[int, Evaluated]]:
        """Evaluate every rule on consecutive grids, on as many at once as have `_BYTES_AT_ONCE` of candidates.

        The statement that asks all rules takes longer to plan than to run on few cells.
        """
        measured: list[_Measured] = []
        picked: list[_Candidates] = []
        for grid in grids:
            measured.append(_measure(grid, ruleset.rules, (start, end)))
            del grid  # it makes room for what is found
            if sum(part.cells for part in measured) >= _CELLS_AT_ONCE:
                picked.append(_pick(ruleset.rules, measured))
                measured = []
            if sum(part.size for part in picked) >= _BYTES_AT_ONCE:
                together, evaluated = sum(part.grids for part in picked), _evaluated(connection, ruleset.rules, picked)
                yield together, evaluated
                del evaluated  # while the next grids are measured, it is gone
        if measured:
            picked.append(_pick(ruleset.rules, measured))
        if picked:
            yield sum(part.grids for part in picked), _evaluated(connection, ruleset.rules, picked)


@dataclass(frozen=True)
class _Measured:
    """What is kept of a grid once it is measured.

    Attributes:
        scope: What findings are wanted of.
        settled: The last session whose following days have come; None for none.
        absent: By year, the expected cells without a row.
        ours: What the rules of the set see, by the names of the relations.
        theirs: What the user's own rules see; empty where there are none.
        beside: Whether the panel has optional columns, or corporate actions are listed.

    """

    scope: Scope
    settled: dt.date | None
    absent: Mapping[int, int]
    ours: Mapping[str, pa.Table]
    theirs: Mapping[str, pa.Table]
    beside: bool

    @property
    def cells(self) -> int:
        """How many cells rules see."""
        return sum(len(relations[_CELLS]) for relations in (self.ours, self.theirs) if relations)


@dataclass(frozen=True)
class _Candidates:
    """What is kept of some consecutive grids once it is known which of their cells rules may find.

    Attributes:
        measured: The grids, without what the rules of the set see.
        cells: What each question to the rules of the set may find, by its position.
        days: The sessions.

    """

    measured: Sequence[_Measured]
    cells: Mapping[int, pa.Table]
    days: pa.Table

    @property
    def grids(self) -> int:
        """How many grids there are."""
        return len(self.measured)

    @property
    def size(self) -> int:
        """The bytes of all that rules see."""
        theirs = [table for part in self.measured for table in part.theirs.values()]
        return sum(table.nbytes for table in (*self.cells.values(), *theirs))


def _measure(
    grid: Grid, rules: Sequence[Rule], dates: tuple[dt.date, dt.date], common: Common | None = None
) -> _Measured:
    # Prices of any size come in; what overflows is infinite or no number, and so are the metrics of it.
    with np.errstate(all="ignore"):
        shared = prepare(grid, common)
        every_cell = not all(map(is_of_set, rules))
        return _Measured(
            scope=_scope(grid, *dates),
            settled=_settled(grid),
            absent=_absent_by_year(shared, *dates),
            ours=_relations(shared, needs_of(rules)),
            theirs=_relations(shared, Needs(every_cell=True)) if every_cell else {},
            beside=bool(grid.extras) or len(grid.actions) > 0,
        )


def _pick(rules: Sequence[Rule], measured: Sequence[_Measured]) -> _Candidates:
    """Keep of what was measured of some grids what rules of the set may find."""
    cells, days = (pa.concat_tables([part.ours[name] for part in measured]) for name in (_CELLS, _DAYS))
    questions = questions_of(list(filter(is_of_set, rules)))
    candidates = candidates_of(questions, cells, days, beside=measured[0].beside)
    return _Candidates([replace(part, ours={}) for part in measured], candidates, days)


def _evaluated(connection: Connection, rules: Sequence[Rule], picked: list[_Candidates]) -> Evaluated:
    """Ask the rules of what some grids came to, and what later days make of what they find; candidates are let go."""
    measured = [part for some in picked for part in some.measured]
    scope = _joined([part.scope for part in measured])
    ours = [is_of_set(rule) for rule in rules]
    questions = questions_of(_chosen(rules, ours))
    with _seen(connection, pa.concat_tables([part.days for part in picked])):
        found = [_numbered(find_together(connection, questions, _joined_candidates(picked), scope), ours)]
    beside = measured[0].beside
    picked.clear()
    if not all(ours):
        theirs = [not own for own in ours]
        _see(connection, [part.theirs for part in measured], beside=beside)
        found.append(_numbered(find_one_by_one(connection, _chosen(rules, theirs), scope), theirs))
        _unsee(connection)
    families = [0 if own else number + 1 for number, own in enumerate(ours)]
    settled = max((part.settled for part in measured if part.settled), default=None)
    absent: Counter[int] = Counter()
    for part in measured:
        absent.update(part.absent)

    together = pa.concat_tables(found).combine_chunks()
    del found

    def described(rows: Integers) -> pa.Array:
        return describe(connection, questions, together, rows)

    return Evaluated(reconsider(together, rules, families, settled, described), absent)


def _joined_candidates(picked: Sequence[_Candidates]) -> dict[int, pa.Table]:
    places = sorted({place for part in picked for place in part.cells})
    return {place: pa.concat_tables([part.cells[place] for part in picked if place in part.cells]) for place in places}


def _scope(grid: Grid, start: dt.date, end: dt.date) -> Scope:
    """Give what findings are wanted of; dates that cut nothing off are not asked for."""
    first, last = (session.item() for session in grid.sessions[grid.judged][[0, -1]])
    return Scope(grid.tickers, start if start > first else None, end if end < last else None)


def _joined(scopes: Sequence[Scope]) -> Scope:
    """Give the scope of consecutive grids: what cuts something off of none of them is not asked for."""
    if len(scopes) == 1:
        return scopes[0]
    starts = [scope.start for scope in scopes if scope.start]
    ends = [scope.end for scope in scopes if scope.end]
    tickers = sorted({ticker for scope in scopes for ticker in scope.tickers})
    return Scope(tickers, max(starts, default=None), min(ends, default=None))


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
        "ticker": _names(places.tickers, grid.tickers),
        **_columns({name: values for name, values in metrics.cells.items() if name not in TICKERS}),
        **{name: _names(metrics.cells[name], shared.names) for name in TICKERS},
        **corroborate(grid, shared.moves, shared.actions, places, metrics.cells),
    }
    judged = grid.sessions[grid.judged]
    before = grid.sessions[grid.judged.start - 1 : grid.judged.stop - 1]
    days = {"date": pa.array(judged), **_columns(metrics.days), "date_before": pa.array(before)}
    return {_CELLS: pa.table(cells), _DAYS: pa.table(days)}


@contextmanager
def _seen(connection: Connection, days: pa.Table) -> Iterator[None]:
    """Let rules see sessions for a while."""
    register_table(connection, _DAYS, days)
    connection.execute(statement("robust/words"))
    yield
    connection.unregister(_DAYS)


def _see(connection: Connection, parts: Sequence[Mapping[str, pa.Table]], *, beside: bool) -> None:
    """Let rules see the relations of some grids, and what the statements of the set make of them, from now on."""
    for name in (_CELLS, _DAYS):
        register_table(connection, name, pa.concat_tables([part[name] for part in parts]))
    for name in ("robust/words", "metrics/robust_beside" if beside else "metrics/robust_alone", "metrics/robust"):
        connection.execute(statement(name))


def _unsee(connection: Connection) -> None:
    for name in (_CELLS, _DAYS):
        connection.unregister(name)


def _names(rows: Integers, tickers: Sequence[str]) -> pa.DictionaryArray:
    """Give rows of the grid as the names of their tickers, null for a negative one."""
    codes = pa.array(rows.astype(np.int32), mask=rows < 0)
    return pa.DictionaryArray.from_arrays(codes, pa.array(tickers, pa.string()))


def _columns(metrics: Mapping[str, np.ndarray]) -> dict[str, pa.Array]:
    """Give metrics as Arrow columns, null where there is no number."""
    return {name: pa.array(values, from_pandas=True) for name, values in metrics.items()}


def _settled(grid: Grid) -> dt.date | None:
    """Give the last session after which as many sessions have come as hindsight looks at."""
    last = len(grid.sessions) - 1 - LOOK_AHEAD
    return grid.sessions[last].item() if last >= 0 else None


def _absent_by_year(shared: Shared, start: dt.date, end: dt.date) -> dict[int, int]:
    """Count, by year, the expected cells without a row between two dates."""
    absent, counted = shared.absence.absent, shared.grid.counted
    dates = shared.grid.sessions[absent.sessions if counted is None else absent.sessions[counted[absent.tickers]]]
    dates = dates[(dates >= np.datetime64(start)) & (dates <= np.datetime64(end))]
    years, counts = np.unique(dates.astype("datetime64[Y]").astype(np.int64) + 1970, return_counts=True)
    return dict(zip(years.tolist(), counts.tolist(), strict=True))
