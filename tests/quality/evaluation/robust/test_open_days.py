"""Closed cells: without a price, with a row if the ticker had one before."""

from dataclasses import replace

import numpy as np

from quality.evaluation.robust.open_days import open_places, without_closed_days
from tests.random_panels import make_grid


def test_a_closed_cell_has_no_price_and_is_there_if_its_ticker_was() -> None:
    prices = np.array([[1.0, 2.0, np.nan, np.nan, 5.0], [np.nan, 2.0, 3.0, np.nan, np.nan]])
    grid = replace(make_grid(prices, ~np.isnan(prices)), closed=np.array([[False, True, True, False, False]] * 2))
    opened = without_closed_days(grid)
    assert opened.prices[0].tolist()[0::4] == [1.0, 5.0]
    assert np.isnan(opened.prices[:, 1:3]).all()
    assert opened.present.tolist() == [[True, True, True, False, True], [False, False, False, False, False]]
    assert open_places(grid.present, grid.closed).at.tolist() == [0, 4]
