"""Rows become a dense matrix, whatever their order; a key that stands twice is refused."""

import numpy as np
import pytest

from quality.errors import InputError
from quality.panel.grid import grid_of_rows

SESSIONS = np.array(["2024-01-02", "2024-01-03", "2024-01-04"], dtype="datetime64[D]")


def grid_of(rows, first_seen):
    dates, names, prices = zip(*rows, strict=True)
    return grid_of_rows(
        np.array(dates, dtype="datetime64[D]"),
        names,
        np.array(prices),
        sessions=SESSIONS,
        judged=slice(1, 3),
        first_seen=first_seen,
        first_number=5,
    )


def test_rows_in_any_order_are_laid_out_by_ticker_and_session():
    grid = grid_of([("2024-01-04", "B", 6.0), ("2024-01-02", "B", 4.0), ("2024-01-03", "A", 2.0)], {"B": 5, "A": 1})
    assert grid.tickers == ("A", "B")
    np.testing.assert_array_equal(grid.prices, [[np.nan, 2, np.nan], [4, np.nan, 6]])
    np.testing.assert_array_equal(grid.present, [[False, True, False], [True, False, True]])
    assert grid.first_seen.tolist() == [1, 5]
    assert grid.history.tolist() == [4, 5, 6]


def test_a_row_without_a_price_is_present():
    grid = grid_of([("2024-01-03", "A", np.nan)], {"A": 1})
    assert grid.present.tolist() == [[False, True, False]]
    assert np.isnan(grid.prices).all()


@pytest.mark.parametrize("row", [("2024-01-05", "A", 1.0), ("2024-01-01", "A", 1.0), ("2024-01-02", "Z", 1.0)])
def test_rows_of_other_sessions_and_tickers_are_left_out(row):
    assert not grid_of([row], {"A": 1}).present.any()


def test_a_key_that_stands_twice_is_refused_by_name():
    rows = [("2024-01-02", "A", 1.0), ("2024-01-03", "B", 1.0), ("2024-01-03", "B", 1.0)]
    with pytest.raises(InputError, match=r"1 rows repeat .* such as 2024-01-03 'B'"):
        grid_of(rows, {"A": 1, "B": 1})
