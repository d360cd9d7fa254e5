"""What is measured on a grid is what `sql/reference/robust.sql` says, on random panels, whole or in parts."""

import math
import re
from collections.abc import Iterator

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.engine.connection import Connection, EngineOptions, frame, open_engine
from quality.engine.statements import statement
from quality.evaluation.robust.margins import HINDSIGHT, LOOK_AHEAD, LOOK_BACK, REACHES
from quality.evaluation.robust.metrics import Needs, measure
from quality.evaluation.robust.shared import prepare
from quality.panel.grid import Grid
from tests.random_panels import draw_panel, part_of, rows_of

# Sums are in no stated order, powers in no stated digits; all else is exact.
ROUNDED = {
    "expected",
    "deviation",
    "volatility",
    "chance_of_repeat",
    "frozen_share",
    "expected_after",
    "repeat_evidence",
}
# Stretches of a ticker, swaps and incidents are told by pairs and sets of cells, which no window holds: they have tests
# of their own (test_stretches.py), and test_set.py holds parts and days to the whole.
NO_WINDOWS = re.compile(
    r"(block|returned|lasting|standing|rounding|rounded)_\w+|is_back|partner|is_shifted|is_of_shifted_session|is_in_unit|incident_power"
)
# With fewer tickers than make a market, levels are grown with nothing.
EXACT_WITHOUT_MARKET = {"expected", "deviation", "expected_after"}


@pytest.fixture(scope="module")
def engine() -> Iterator[Connection]:
    with open_engine(EngineOptions()) as opened:
        yield opened


def reference(engine: Connection, grid: Grid) -> pl.DataFrame:
    engine.register("panel", rows_of(grid))
    return frame(engine, statement("reference/robust")).sort("ticker", "date")


def measured(grid: Grid, needs: Needs) -> pl.DataFrame:
    shared = prepare(grid)
    metrics = measure(shared, needs)
    named = {
        "date": shared.grid.sessions[metrics.places.sessions],
        "ticker": pl.Series([grid.tickers[ticker] for ticker in metrics.places.tickers], dtype=pl.String),
    }
    return pl.DataFrame({**named, **metrics.cells}).with_columns(pl.selectors.float().fill_nan(None))


def differences(name: str, expected: pl.Series, found: pl.Series, *, exact: bool) -> list[tuple[object, object]]:
    """Give the pairs of values that differ by more than they may."""
    pairs = list(zip(expected.to_list(), found.to_list(), strict=True))
    if exact or name not in ROUNDED:
        return [pair for pair in pairs if pair[0] != pair[1]]
    near = 1e-12 if name == "deviation" else 0.0  # it is a difference of numbers near 1
    return [pair for pair in pairs if not _is_close(*pair, near)]


def _is_close(one: float | None, other: float | None, near: float) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-12, abs_tol=near)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 1_000_000),
    tickers=st.sampled_from([1, 5, 14]),
    count=st.integers(1, 200),
    part=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_every_metric_is_what_the_reference_says_of_suspects_alone_too(
    engine: Connection, seed: int, tickers: int, count: int, part: tuple[float, float]
) -> None:
    grid = draw_panel(seed, tickers, count)
    count = len(grid.sessions)
    first, last = sorted(min(int(share * count), count - 1) for share in part)
    some = part_of(grid, first, last + 1, LOOK_BACK, LOOK_AHEAD)
    found = measured(some, Needs(every_cell=True))
    expected = reference(engine, grid).filter(pl.col("date").is_in(grid.sessions[first : last + 1].tolist()))
    assert set(expected.columns) == {name for name in found.columns if not NO_WINDOWS.fullmatch(name)}
    assert expected.select("date", "ticker").rows() == found.select("date", "ticker").rows()
    for name in expected.columns:
        exact = tickers < 10 and name in EXACT_WITHOUT_MARKET
        assert differences(name, expected[name], found[name], exact=exact) == [], name
    check_suspects(some, found)


def check_suspects(grid: Grid, every: pl.DataFrame) -> None:
    """Make sure that what is measured of suspects alone is what is measured of every cell."""
    few = measured(grid, Needs(every_cell=False))
    beside = few.join(every, on=["date", "ticker"], how="left", suffix="_of_all", maintain_order="left")
    for name in set(REACHES) & set(few.columns):
        kept = beside.filter(pl.col(name).is_not_null()) if few[name].dtype.is_float() else beside
        if name != "usable_after":
            assert kept[name].to_list() == kept[f"{name}_of_all"].to_list(), name


def test_every_metric_has_a_reach_and_a_sentence() -> None:
    metrics = set(measured(draw_panel(1, 2, 5), Needs(every_cell=True)).columns) - {"date", "ticker"}
    assert metrics <= set(REACHES)
    selected = statement("reference/robust").split("metrics as (")[1]
    explained = re.findall(r"^ +-- .+[.]\n +(?:\S.* as )?(\w+),$", selected, re.MULTILINE)
    stated = {name for name in metrics if not NO_WINDOWS.fullmatch(name)}
    assert stated - set(explained) - {"repeat_evidence", "absent_counted", "near_zero"} == set()


def test_a_check_sees_nothing_of_later_days() -> None:
    text = statement("metrics/robust")
    hidden = text.split("exclude (")[1].split(")")[0]
    assert {name.strip() for name in hidden.split(",")} == HINDSIGHT
