"""What a chunk's statements promise: they stream, they keep few cells, they tell disorder from repeats."""

import datetime as dt

import polars as pl
import pytest

from quality.engine.connection import EngineOptions, open_engine, register, run
from quality.engine.statements import statement
from quality.errors import InputError
from quality.evaluation.notebook import ChunkInputs, judge
from quality.evaluation.suspects import EVERY_CELL, suspects
from quality.panel.partitions import SCHEMA
from quality.rules.loading import load_ruleset
from quality.rules.model import Thresholds

DAYS = [dt.date(2024, 1, 1) + dt.timedelta(days=day) for day in range(20)]


@pytest.fixture
def engine():
    with open_engine(EngineOptions()) as connection:
        yield connection


def judged(engine, rows, ruleset=None, *, is_filed=True):
    """Judge rows in the order in which they come; every session from the eighth on is judged."""
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    days = frame.get_column("date").unique().sort()
    register(engine, "filed_rows", frame)
    register(engine, "near_rows", frame)
    sessions = pl.DataFrame({"date": days}).select(
        "date",
        part=pl.lit(2024, pl.Int32),
        session=pl.int_range(1, pl.len() + 1, dtype=pl.Int32),
        is_filed=(pl.int_range(pl.len()) >= 7) & is_filed,
        is_sorted=(pl.int_range(pl.len()) >= 7) & (not is_filed),
        is_near=pl.lit(not is_filed),
    )
    held = (
        frame.join(sessions, on="date")
        .group_by("ticker", part=pl.lit(2024, pl.Int32))
        .agg(first_session=pl.col("session").min(), last_session=pl.col("session").max())
        .sort("ticker")
    )
    tickers = held.select("ticker", "first_session").with_row_index("number", offset=1)
    inputs = ChunkInputs(sessions, tickers, held)
    return judge(engine, inputs, ruleset or load_ruleset("notebook"), dt.date.min, dt.date.max)


def rows_of(*tickers: str) -> list:
    return [(day, ticker, 10.0) for ticker in tickers for day in DAYS]


def test_an_even_panel_has_no_findings(engine):
    judgement = judged(engine, rows_of("A", "B"))
    assert judgement.in_order
    assert judgement.findings.is_empty()


@pytest.mark.parametrize("is_filed", [True, False])
def test_an_absent_session_takes_part_in_the_window_of_seven(engine, is_filed):
    rows = [(day, "A", float(number)) for number, day in enumerate(DAYS) if number != 9]
    judgement = judged(engine, [*rows, *rows_of("B")], is_filed=is_filed)
    expected = {number: sum(held) / len(held) for number in range(7, 20) if (held := window(number))}
    means = dict(judgement.findings.filter(rule="price_increase").select("date", "expected").iter_rows())
    assert means
    assert all(means[day] == expected[DAYS.index(day)] for day in means)
    assert judgement.absent == {2024: 1}


def window(number: int) -> list[float]:
    return [float(before) for before in range(number - 7, number) if before != 9]


@pytest.mark.parametrize(
    "rows",
    [
        rows_of("B", "A"),
        rows_of("A", "B")[::-1],
        [*rows_of("A")[10:], *rows_of("B"), *rows_of("A")[:10]],
        [row for pair in zip(rows_of("A"), rows_of("B"), strict=True) for row in pair],
    ],
)
def test_rows_in_another_order_are_told(engine, rows):
    assert not judged(engine, rows).in_order


def test_sorting_takes_rows_in_any_order(engine):
    assert judged(engine, rows_of("A", "B")[::-1], is_filed=False).in_order


@pytest.mark.parametrize("is_filed", [True, False])
def test_a_repeated_key_is_an_error(engine, is_filed):
    rows = rows_of("A", "B")
    with pytest.raises(InputError, match="1 rows repeat the date and ticker"):
        judged(engine, [*rows[:12], rows[12], *rows[12:]], is_filed=is_filed)


def test_only_cells_that_rules_may_find_are_kept(engine):
    judged(engine, rows_of("A", "B", "C"))
    kept = run(engine, "select count(*) from present")[0][0]
    assert kept == 3, "the first cell of each ticker"


def test_no_window_waits_for_the_whole_chunk(engine):
    judged(engine, rows_of("A"))
    plan = run(engine, "explain select * from metrics_of('filed_cells', 'filed_sessions')")[0][1]
    nodes = [node.split("─")[0].strip() for node in plan.split("╭─")]
    assert nodes.count("Streaming Window") >= 4
    assert nodes.count("Window") == 2, "over the sessions, which are few"


class TestSuspects:
    def test_are_named_by_the_rules_own_conditions(self, engine):
        found = suspects(engine, load_ruleset("notebook"))
        assert "price IS NULL" in found.condition
        assert set(found.parameters.values()) == {0.2, -0.2}

    def test_take_each_set_of_thresholds_once(self, engine):
        thresholds = {"price_increase": Thresholds({}, {"A": {"limit": 0.5}, "B": {"limit": 0.5}})}
        found = suspects(engine, load_ruleset("notebook", thresholds=thresholds))
        assert sorted(found.parameters.values()) == [-0.2, 0.2, 0.5]

    def test_are_all_cells_when_there_are_too_many_conditions(self, engine):
        thresholds = {"price_increase": Thresholds({}, {f"T{n}": {"limit": float(n)} for n in range(1, 100)})}
        assert suspects(engine, load_ruleset("notebook", thresholds=thresholds)) is EVERY_CELL

    def test_statements_of_the_parse_tree_stand_in_sql(self, engine):
        tree = run(engine, statement("chunk/parse"), {"text": "select 1"})[0][0]
        assert run(engine, statement("chunk/unparse"), {"tree": tree}) == [("SELECT 1",)]
