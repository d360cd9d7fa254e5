"""Rounding to cents: Python's own formatting, one number at a time, is the reference."""

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from quality.panel.rounding import round_to_cents

# Decimal fractions whose product with 100 lies on, or seems to lie on, the middle between two cents.
near_ties = st.builds(
    lambda number, divisor: number / divisor, st.integers(-(10**9), 10**9), st.sampled_from([8, 1000])
)
# On both sides of 2**46, from where on doubles lie further apart than cents.
borders = st.builds(lambda steps: 2.0**46 + steps / 128, st.integers(-(10**6), 10**6))
doubles = st.one_of(
    st.floats(),
    st.floats(-1000, 1000),
    near_ties,
    near_ties.map(lambda price: math.nextafter(price, math.inf)),
    borders,
    borders.map(lambda price: -price),
)


def as_formatted(prices):
    return np.array([float(f"{price:.2f}") for price in prices.flat]).reshape(prices.shape)


def assert_same_doubles(actual, expected):
    """Compare bit for bit: signs of zeros count, all NaN are one."""
    assert actual.dtype == expected.dtype == np.float64
    np.testing.assert_array_equal(actual, expected)
    numbers = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(actual[numbers]), np.signbit(expected[numbers]))


@settings(deadline=None)
@given(st.lists(doubles, min_size=1, max_size=50).map(np.array))
@example(np.array([-0.0, 0.0, -0.001, 0.001, -0.005, 0.005, -0.004999, 5e-324, -5e-324]))
@example(np.array([math.nan, math.inf, -math.inf, 1.7e308, -1.7e308]))
@example(np.array([2.0**45 - 1 / 256, 2.0**46 - 1 / 128, 2.0**46, 2.0**46 + 1 / 64, 2.0**52 + 1, 2.0**53]))
def test_every_double_is_rounded_as_it_is_formatted(prices):
    assert_same_doubles(round_to_cents(prices), as_formatted(prices))


@pytest.mark.parametrize("divisor", [8, 200, 1000])
def test_every_small_fraction_between_two_cents_is_rounded_as_it_is_formatted(divisor):
    prices = np.arange(-20_001, 20_001) / divisor
    assert_same_doubles(round_to_cents(prices), as_formatted(prices))


@pytest.mark.parametrize(
    ("price", "cents"),
    [
        (0.125, 0.12),  # a true tie goes to the even cent …
        (0.375, 0.38),
        (-0.125, -0.12),
        (1.005, 1.0),  # … which this is not: the double lies below 1.005, though times 100 it is 100.5 …
        (2.675, 2.67),
        (0.285, 0.28),
        (1.115, 1.11),
        (0.145, 0.14),
        (-0.001, -0.0),
    ],
)
def test_the_exact_value_decides_not_the_scaled_one(price, cents):
    assert_same_doubles(round_to_cents(np.array([price])), np.array([cents]))


def test_a_matrix_keeps_its_shape_and_is_not_changed_in_place():
    prices = np.array([[1.234, 2.675], [np.nan, -3.999]])
    before = prices.copy()
    assert_same_doubles(round_to_cents(prices), np.array([[1.23, 2.67], [np.nan, -4.0]]))
    np.testing.assert_array_equal(prices, before)


def test_nothing_to_round_gives_nothing():
    assert round_to_cents(np.empty((0, 3))).shape == (0, 3)
