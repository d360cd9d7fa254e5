"""A SELECT that only filters a relation is taken apart; any other is left as it is."""

import pytest

from quality.engine.connection import EngineOptions, open_engine
from quality.engine.plain_select import plain_select


@pytest.fixture(scope="module")
def engine():
    with open_engine(EngineOptions()) as connection:
        yield connection


def test_columns_and_condition_are_taken_apart(engine):
    sql = "select date, price, change as deviation, null::double as expected\nfrom metrics\nwhere change > $limit and x"
    plain = plain_select(engine, sql, "metrics")
    assert plain.columns == {"date": "date", "price": "price", "deviation": "change", "expected": None}
    assert plain.condition.strip() == "change > $limit and x"


def test_parameters_get_names_of_their_own(engine):
    plain = plain_select(engine, "select a from metrics where b > $limit or b < -$limit and c = '$limit'", "metrics")
    assert plain.condition_with("mine_").strip() == "b > $mine_limit or b < -$mine_limit and c = '$limit'"


@pytest.mark.parametrize(
    "sql",
    [
        "select a from other where b",
        "select a from metrics",
        "select a from metrics m where m.b",
        "select a from metrics where b limit 1",
        "select distinct a from metrics where b",
        "select a from metrics where b order by a",
        "select a from metrics where b group by a",
        "select a from metrics where b qualify row_number() over () = 1",
        "select a, row_number() over () as n from metrics where b",
        "select a from metrics where b > (select max(b) from metrics)",
        "with m as (select 1) select a from metrics where b",
        "select a from metrics where b union all select a from metrics where c",
        "select a + 1 as a from metrics where b",
        "select * from metrics where b",
        "select a from metrics, metrics n where b",
        "select a from metrics /* or */ where b",
        "select a, a from metrics where b",
        "select a from metrics where b = 'ö'",
        "select from where",
    ],
)
def test_what_does_more_is_not_plain(engine, sql):
    assert plain_select(engine, sql, "metrics") is None
