"""Tickers in the order in which people count them."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from quality.panel.ticker_order import natural_order


@pytest.mark.parametrize(
    "ordered",
    [
        ["ST0001", "ST0002", "ST9999", "ST10000", "ST10001", "ST100000"],
        ["AAPL", "GOOG", "MSFT", "TSLA"],
        ["A", "A1", "A2", "A10", "B", "B1"],
        ["7", "12", "600519"],
        ["BRK", "BRK.A", "BRK.B"],
        ["ST01", "ST1", "ST2"],
        ["A" + "9" * 4999, "A1" + "0" * 4999, "A2" + "0" * 4999],  # longer than `int` reads
        [],
    ],
)
def test_tickers_are_sorted_as_people_count_them(ordered):
    assert natural_order(ordered[::-1]) == ordered
    assert natural_order(ordered) == ordered


@settings(deadline=None)
@given(st.lists(st.from_regex(r"[A-B]{0,2}[0-9]{0,3}", fullmatch=True), unique=True))
@example(["A0", "A", "A00"])
def test_the_order_of_tickers_does_not_depend_on_how_they_came(tickers):
    ordered = natural_order(tickers)
    assert sorted(ordered) == sorted(tickers)
    assert natural_order(tickers[::-1]) == ordered
