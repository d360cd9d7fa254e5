"""What is read off rules of the set, so that they need not be asked of cells that they do not find."""

from collections.abc import Iterator

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.engine.connection import Connection, EngineOptions, open_engine
from quality.evaluation.robust import found, questions
from quality.evaluation.robust.evidence import Choice, Condition, Expression, evidence_of
from quality.evaluation.robust.margins import LOOK_AHEAD, LOOK_BACK
from quality.evaluation.robust.set import Robust
from quality.panel.grid import Grid
from quality.rules.loading import load_ruleset
from tests.random_panels import draw_panel, part_of

BESIDE = (
    "select date from days where is_stale union all by name select date from metrics join days using (date) "
    "where is_of_stale_session and repeats > 5"
)


@pytest.fixture(scope="module")
def engine() -> Iterator[Connection]:
    with open_engine(EngineOptions()) as opened:
        yield opened


@pytest.mark.parametrize(
    ("sql", "filters"),
    [
        ("select date from metrics where is_new and history >= 7", [("metrics", ["is_new true", "history >= 7"])]),
        (
            "select date from metrics where abs(own_move) > -$own_move and not is_back and price = previous",
            [("metrics", ["abs(own_move) > -($own_move)", "is_back false", "price = previous"])],
        ),
        (
            "select date from metrics where price is null and 3 < history and volume is not null -- or what else",
            [("metrics", ["price null", "3 < history", "volume known"])],
        ),
        (BESIDE, [("days", ["is_stale true"]), ("metrics", ["is_of_stale_session true", "repeats > 5"])]),
        ("select date from metrics where is_new or history >= 7", [("metrics", ["(is_new true / history >= 7)"])]),
        ("select date from metrics where is_new or ln(history) >= 7", [("metrics", [])]),
        ("select date from metrics where price between 1 and $most", [("metrics", ["price >= 1", "price <= $most"])]),
        (
            "select date from metrics where price > 2 * least($most, coalesce(expected, 1)) and isinf(price)",
            [("metrics", ["price > *(2, least($most, coalesce(expected, 1)))", "price infinite"])],
        ),
        (
            "with a as (select *, 2 as level from metrics where is_new) select date from a where level > 0 and is_far",
            [("metrics", ["is_new true", "is_far true"])],
        ),
        (
            "select metrics.date from metrics join days using (date) where days.power = 1 and metrics.price > 0",
            [("metrics", ["days.power = 1", "price > 0"])],
        ),
    ],
)
def test_plain_conditions_are_read(sql: str, filters: list[tuple[str, list[str]]]) -> None:
    evidence = evidence_of(sql)
    assert evidence is not None
    assert [(one.relation, [shown(condition) for condition in one.conditions]) for one in evidence.filters] == filters


@pytest.mark.parametrize(
    "sql",
    [
        "select date from metrics where price > (select median(price) from metrics)",
        "select date, lag(price) over () as before from metrics where before > 1",
        "select max(date) as date from metrics where price > 1",
        "select date from metrics where price > 1 limit 1",
        "select date from metrics where price > 1 except all select date from metrics",
        "select date from metrics left join days using (date) where price > 1",
        "select metrics.date from metrics join metrics as others using (date) where metrics.price > 1",
        "select * from metrics where price > 1",
    ],
)
def test_of_what_looks_at_more_than_a_row_nothing_is_read(sql: str) -> None:
    assert evidence_of(sql) is None


def test_of_every_rule_of_the_set_something_is_read() -> None:
    assert all(evidence_of(rule.sql) for rule in load_ruleset("robust").rules)


def shown(condition: Condition | Choice) -> str:
    if isinstance(condition, Choice):
        return f"({' / '.join(' and '.join(map(shown, one)) for one in condition.sets)})"
    if len(condition.of) == 1:
        return f"{reckoned(condition.of[0])} {condition.test}"
    return f"{reckoned(condition.of[0])} {condition.test} {reckoned(condition.of[1])}"


def reckoned(one: Expression) -> str:
    known = {"column": one.name, "parameter": f"${one.name}", "number": f"{one.number:g}"}
    return known.get(one.kind) or f"{one.kind}({', '.join(map(reckoned, one.arguments))})"


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1_000_000), first=st.integers(0, 259), length=st.sampled_from([1, 260]))
def test_what_is_left_out_would_not_have_been_found(engine: Connection, seed: int, first: int, length: int) -> None:
    grid = draw_panel(seed, tickers=8)
    first = min(first, len(grid.sessions) - 1)
    part = part_of(grid, first, min(first + length, len(grid.sessions)), LOOK_BACK, LOOK_AHEAD)
    few = findings(engine, part)
    with pytest.MonkeyPatch.context() as patch:
        for module in (found, questions):
            patch.setattr(module, "evidence_of", lambda _sql: None)
        patch.setattr(found, "evidence_of_each", lambda rules: [None] * len(rules))
        assert few.equals(findings(engine, part))


def findings(engine: Connection, grid: Grid) -> pl.DataFrame:
    first, last = (session.item() for session in grid.sessions[grid.judged][[0, -1]])
    evaluated = Robust().evaluate(engine, grid, load_ruleset("robust"), first, last)
    return pl.DataFrame(pl.from_arrow(evaluated.findings))
