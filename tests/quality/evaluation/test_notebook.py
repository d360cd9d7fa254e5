"""The fast path of the set `notebook` against `sql/reference/notebook.sql`, bit for bit, on random grids."""

import datetime as dt
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.engine.connection import EngineOptions, frame, open_engine, register
from quality.engine.statements import statement
from quality.evaluation.notebook import Notebook
from quality.panel.grid import grid_of_rows
from quality.panel.partitions import SCHEMA
from quality.rules.loading import load_ruleset
from quality.rules.model import Thresholds

FIRST = dt.date(2024, 1, 1)
PRICES = st.one_of(
    st.sampled_from([10.0, 10.0, 10.0, 12.0, 8.0, 12.01, 7.99, 0.1, 0.0, -0.0, -0.0, -10.0, math.nan]),
    st.sampled_from([math.inf, -math.inf, 1e308, 5e-324, -5e-324]),
    st.floats(allow_nan=True, allow_infinity=True),
    st.floats(min_value=9, max_value=13).map(lambda price: round(price, 2)),
)
COLUMNS = ["date", "ticker", "rule", "price", "expected", "deviation"]


@st.composite
def panels(draw):
    """Rows of a few tickers that come late, stop, have holes, or are of one sort of price."""
    count = draw(st.integers(8, 30))
    rows = []
    for ticker in ("A10", "A2", "B"):
        start, stop = draw(st.sampled_from([0, 0, 3, 9])), draw(st.sampled_from([count, count, count - 5]))
        prices = draw(st.sampled_from([PRICES, PRICES, st.sampled_from([-0.0, 0.0]), st.just(-10.0)]))
        rows += [
            (FIRST + dt.timedelta(days=day), ticker, draw(prices))
            for day in range(start, stop)
            if draw(st.integers(0, 9))
        ]
    return rows or [(FIRST, "B", 10.0)]


@pytest.fixture(scope="module")
def engine():
    with open_engine(EngineOptions()) as connection:
        yield connection


def grid_of(rows, begin, end):
    """The grid of the sessions from one to another, with the seven before them."""
    sessions = np.unique(np.array([date for date, _, _ in rows], dtype="datetime64[D]"))
    first_seen = {}
    for date, ticker, _ in sorted(rows, key=lambda row: row[0]):
        first_seen.setdefault(ticker, int(np.searchsorted(sessions, np.datetime64(date))) + 1)
    known = {ticker: number for ticker, number in first_seen.items() if number <= end}
    first = max(begin - 7, 0)
    return grid_of_rows(
        np.array([date for date, _, _ in rows], dtype="datetime64[D]"),
        [ticker for _, ticker, _ in rows],
        np.array([price for _, _, price in rows], dtype=np.float64),
        sessions=sessions[first:end],
        judged=slice(begin - first, end - first),
        first_seen=known,
        first_number=first + 1,
    )


def found(engine, grid, ruleset=None):
    evaluated = Notebook().evaluate(engine, grid, ruleset or load_ruleset("notebook"), dt.date.min, dt.date.max)
    return evaluated.findings


def bits(rows):
    return [tuple(value.hex() if isinstance(value, float) else str(value) for value in row) for row in rows]


def reference(engine, rows):
    register(engine, "rows", pl.DataFrame(rows, schema=SCHEMA, orient="row"))
    findings = frame(engine, statement("reference/notebook")).select(COLUMNS).sort("date", "ticker")
    return bits(findings.iter_rows())


@settings(deadline=None, max_examples=75)
@given(panels(), st.data())
def test_finds_what_the_reference_finds_however_it_is_cut(engine, rows, data):
    count = len({date for date, _, _ in rows})
    cut = data.draw(st.integers(0, count))
    parts = [grid_of(rows, begin, end) for begin, end in ((0, cut), (cut, count)) if begin < end]
    tables = [found(engine, grid).select(COLUMNS).to_pylist() for grid in parts]
    assert bits(row.values() for table in tables for row in table) == reference(engine, rows)


@settings(deadline=None, max_examples=25)
@given(panels(), st.sampled_from([0.0, 0.01, 0.2, 3.0, -0.5]), st.sampled_from([0.0, -0.01, -0.2, -3.0, 0.5]))
def test_no_cell_that_is_kept_from_the_rules_is_one_that_they_find(engine, rows, up, down):
    """A rule of the user's own lets every cell be seen; it must not change what the others find."""
    thresholds = {
        "price_increase": Thresholds({"limit": up}, {"A2": {"limit": up / 2}}),
        "price_decrease": Thresholds({"limit": down}, {"B": {"limit": down * 2}}),
    }
    ruleset = load_ruleset("notebook", thresholds=thresholds)
    grid = grid_of(rows, 0, len({date for date, _, _ in rows}))
    every = [rule.__class__(**{**vars(rule), "source": f"/elsewhere/{rule.name}.sql"}) for rule in ruleset.rules]
    theirs = ruleset.__class__(**{**vars(ruleset), "rules": tuple(every)})
    assert str(found(engine, grid, ruleset).to_pylist()) == str(found(engine, grid, theirs).to_pylist())


def test_absent_cells_are_counted_by_year_between_the_dates(engine):
    rows = [(FIRST + dt.timedelta(days=day), ticker, 10.0) for day in range(20) for ticker in "AB"]
    grid = grid_of([row for row in rows if row[1] == "A" or row[0].day % 2], 0, 20)
    ruleset = load_ruleset("notebook")
    evaluated = Notebook().evaluate(engine, grid, ruleset, FIRST, FIRST + dt.timedelta(days=3))
    assert evaluated.absent == {2024: 2}


def test_a_position_counts_only_tickers_that_history_held(engine):
    """A1 comes on the tenth day: before, it is none of the positions that missing tickers are counted by."""
    days = [FIRST + dt.timedelta(days=day) for day in range(14)]
    rows = [(day, ticker, 10.0) for day in days for ticker in ("A2", "A10")]
    rows += [(day, "A1", 10.0) for day in days[9:]]
    rows = [row for row in rows if (row[0], row[1]) not in {(days[8], "A10"), (days[9], "A10"), (days[10], "A10")}]
    messages = found(engine, grid_of(rows, 0, 14)).to_pylist()
    assert [row["message"] for row in messages if row["rule"] == "missing_ticker"] == [
        "Missing Ticker at Position 1",
        "Missing Ticker at Position 1",
        "Missing Ticker at Position 2",
    ]


def test_the_windows_are_streamed(engine):
    rows = [(FIRST + dt.timedelta(days=day), "A", 10.0) for day in range(10)]
    found(engine, grid_of(rows, 0, 10))
    cells = ("cell", "price_or_zero", "prices_so_far", "ordinary_price")
    register(engine, "cells", pl.DataFrame({name: [1] for name in cells}))
    plan = "".join(row[1] for row in engine.execute("explain select * from windows").fetchall())
    nodes = [node.split("─")[0].strip() for node in plan.split("╭─")]
    assert "Streaming Window" in nodes
    assert "Window" not in nodes
