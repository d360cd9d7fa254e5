"""Message templates: how parameters and columns are written, and what a template may not hold."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.engine.connection import EngineOptions, open_engine, run
from quality.errors import UsageError
from quality.rules.messages import parse_message


def written(template, parameters, **columns):
    """Let DuckDB write the message over these columns, as the scan does."""
    pattern, arguments = parse_message(template).as_sql(parameters, list(columns))
    select = ", ".join(f"${name} as {name}" for name in columns) or "1 as one"
    text = f"select {', '.join(['format($pattern', *arguments])}) from (select {select})"  # noqa: S608 - as the scan does
    with open_engine(EngineOptions()) as engine:
        return run(engine, text, {"pattern": pattern, **columns})[0][0]


@pytest.mark.parametrize(
    ("template", "parameters", "columns", "text"),
    [
        ("Zero Price (value={price:.2f})", {}, {"price": 0.0}, "Zero Price (value=0.00)"),
        ("up ({deviation:.2%})", {}, {"deviation": 1.20541}, "up (120.54%)"),
        ("up ({deviation:.2%})", {}, {"deviation": float("inf")}, "up (inf%)"),
        ("limit {limit:abs%}", {"limit": -0.2}, {}, "limit 20%"),
        ("limit {limit:abs%}", {"limit": 0.125}, {}, "limit 12.5%"),
        ("limit {limit} or {limit:.1f} or {limit:.0%}", {"limit": 0.25}, {}, "limit 0.25 or 0.2 or 25%"),
        ("at {position}", {}, {"position": 5}, "at 5"),
        ("100% sure, $1, it's {price:.0f}", {}, {"price": 3.0}, "100% sure, $1, it's 3"),
        ("of {ticker}", {}, {"ticker": "{}{0}'; drop"}, "of {}{0}'; drop"),
        ("at {expected:price}", {}, {"expected": 0.00123456, "price": 0.0012}, "at 0.00123"),
        ("at {expected:price}", {}, {"expected": 1.234567, "price": 1.23456}, "at 1.23457"),
        ("at {expected:price}", {}, {"expected": 99.999, "price": 120.0}, "at 100.0"),
        ("at {expected:price}", {}, {"expected": 0.0, "price": 1.0}, "at 0.0"),
        ("for {run:count session}", {}, {"run": 1}, "for 1 session"),
        ("for {run:count session}", {}, {"run": 7}, "for 7 sessions"),
        ("for {least:count price}", {"least": 3}, {}, "for 3 prices"),
        ("no place at all", {}, {}, "no place at all"),
    ],
)
def test_places_are_filled_in(template, parameters, columns, text):
    assert written(template, parameters, **columns) == text


@pytest.mark.parametrize(
    "template", ["", "{", "a } b", "{Price}", "{price:>9}", "{price:.2}", "{price!r}", "{}", "{price:count 2}"]
)
def test_what_is_no_template_is_refused(template):
    with pytest.raises(UsageError, match="message"):
        parse_message(template)


def test_a_place_that_is_neither_parameter_nor_column_is_named():
    with pytest.raises(UsageError, match=r"\{prize\} is neither a parameter nor a column"):
        parse_message("{prize}").as_sql({"limit": 1.0}, ["price"])


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(allow_nan=False, min_value=-1e15, max_value=1e15), st.integers(0, 5), st.floats(1e-6, 1e15)
        ),
        min_size=1,
    )
)
def test_a_price_is_written_alike_whether_its_decimals_are_counted_or_seen(prices):
    rows = [(value, round(price, decimals)) for value, decimals, price in prices]
    values = pa.table({"value": [value for value, _ in rows], "price": [price for _, price in rows]})
    with open_engine(EngineOptions()) as engine:
        engine.register("prices", values)
        text = "select price_text(value, price), round(value, decimals_of(value, price))::varchar from prices"
        assert all(seen == counted for seen, counted in run(engine, text))
