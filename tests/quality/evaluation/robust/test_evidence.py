"""What is read off rules of the set, so that those that find nothing need not be asked."""

from collections.abc import Iterator

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.engine.connection import Connection, EngineOptions, open_engine
from quality.evaluation.robust import found
from quality.evaluation.robust.evidence import first_conditions
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
    ("sql", "conditions"),
    [
        ("select date from metrics where is_new and history >= 7", [("metrics", "is_new")]),
        (
            "select date from metrics\nwhere own_move < -$own_move\n    and price > 0",
            [("metrics", "own_move < -$own_move")],
        ),
        ("select date from metrics where price is null -- or what else", [("metrics", "price is null")]),
        (BESIDE, [("days", "is_stale"), ("metrics", "is_of_stale_session")]),
        ("select date from metrics where is_new or history >= 7", []),
        ("select date from metrics where price between 1 and 2", []),
        ("select date from metrics where price > 2 * expected and is_new", []),
        ("with a as (select * from metrics where is_new) select date from a where price > 0", []),
        ("select date from days where is_stale union all select date from metrics where is_new or is_absent", []),
    ],
)
def test_the_first_condition_is_read_where_it_is_plain(sql: str, conditions: list[tuple[str, str]]) -> None:
    assert list(first_conditions(sql)) == conditions


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1_000_000), first=st.integers(0, 259), length=st.sampled_from([1, 260]))
def test_rules_that_are_not_asked_would_have_found_nothing(
    engine: Connection, seed: int, first: int, length: int
) -> None:
    grid = draw_panel(seed, tickers=8)
    first = min(first, len(grid.sessions) - 1)
    part = part_of(grid, first, min(first + length, len(grid.sessions)), LOOK_BACK, LOOK_AHEAD)
    few = findings(engine, part)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(found, "first_conditions", lambda _sql: ())
        assert few.equals(findings(engine, part))


def findings(engine: Connection, grid: Grid) -> pl.DataFrame:
    first, last = (session.item() for session in grid.sessions[grid.judged][[0, -1]])
    evaluated = Robust().evaluate(engine, grid, load_ruleset("robust"), first, last)
    return pl.DataFrame(pl.from_arrow(evaluated.findings))
