"""Prices around a corporate action in the money of the cell that looks at them."""

import numpy as np

from quality.evaluation.robust.money import Money
from quality.evaluation.robust.windows import Places, gather

WIDTH = 6
PRICES = np.array([[8.0, 8.0, 8.0, 4.0, 4.0, 4.0], [5.0, 5.0, 5.0, 5.0, 5.0, 5.0]])
MONEY = Money(Places(np.array([3]), WIDTH), np.array([0.5]))


def test_prices_before_the_action_are_in_new_money_to_a_cell_after_it() -> None:
    places = Places(np.array([2, 3, 4, 9]), WIDTH)
    window = MONEY.of_windows(places, gather(PRICES, places, -2, -1), -2)
    assert window.tolist() == [[8.0, 8.0], [4.0, 4.0], [4.0, 4.0], [5.0, 5.0]]


def test_prices_after_the_action_are_in_old_money_to_a_cell_before_it() -> None:
    places = Places(np.array([1, 2, 3, 8]), WIDTH)
    window = MONEY.of_windows(places, gather(PRICES, places, 1, 2), 1)
    assert window.tolist() == [[8.0, 8.0], [8.0, 8.0], [4.0, 4.0], [5.0, 5.0]]


def test_the_previous_price_of_the_action_itself_is_in_new_money() -> None:
    places = Places(np.array([2, 3, 4]), WIDTH)
    assert MONEY.of_previous(places, np.array([8.0, 8.0, 4.0])).tolist() == [8.0, 4.0, 4.0]
