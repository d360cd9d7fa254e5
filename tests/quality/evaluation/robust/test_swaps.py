"""Swaps: each price is what is expected of the other, whatever else jumps that day; what comes back is none."""

import numpy as np
import pytest

from quality.evaluation.robust.jumps import Jumps
from quality.evaluation.robust.swaps import swaps_of
from quality.evaluation.robust.windows import Places

WIDTH, SESSION = 10, 5


def partners(previous, price, *, market=1.0, volatility=0.01, level=None) -> dict[int, int]:
    """Give, by row, the row of the ticker that it is swapped with, of one session; `level` is the previous price."""
    tickers = len(previous)
    before, now = np.array(previous, dtype=float), np.array(price, dtype=float)
    at = Places(np.arange(tickers) * WIDTH + SESSION, WIDTH)
    levels = before if level is None else np.array(level, dtype=float)
    swapped, partner = swaps_of(
        Jumps(at, np.log(now / before / market)),
        before * market,
        np.full(tickers, market),
        np.full(tickers, volatility),
        lambda found: levels[found.tickers],
    )
    return dict(zip(swapped.places.tickers.tolist(), partner.tolist(), strict=True))


def test_two_prices_in_each_others_place_are_a_swap() -> None:
    assert partners([10, 50], [50.2, 9.9]) == {0: 1, 1: 0}


def test_a_ticker_outside_of_a_market_that_moves_is_swapped_like_others() -> None:
    # The second keeps to one dollar; the first fell by a fifth with the market.
    assert partners([0.4, 1.0], [1.0, 0.32], market=0.8) == {0: 1, 1: 0}


@pytest.mark.parametrize(("rest", "found"), [(1.25, {0: 1, 1: 0}), (6.0, {})])
def test_only_jumps_of_its_size_make_a_swap_likelier_by_chance(rest: float, found: dict[int, int]) -> None:
    # Twenty tickers more, far apart, jump by a quarter, or as far as both that are swapped to within a tenth.
    others = [100.0 * 10 ** (at / 4) for at in range(20)]
    day = partners([2, 10, *others], [9.1, 2.2, *(rest * price for price in others)], volatility=0.03)
    assert {row: day[row] for row in (0, 1) if row in day} == found


def test_a_price_that_comes_back_to_its_own_level_is_not_swapped() -> None:
    # The first was wrong the day before, and the second is wrong now.
    assert partners([30, 10], [10.1, 30], level=[10, 10]) == {}


def test_prices_that_go_the_same_way_are_not_swapped() -> None:
    assert partners([10, 10.5], [20, 20.6]) == {}
