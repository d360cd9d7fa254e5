"""Whole sessions: a file that came again, among tickers that often stand still, too; a unit that many have."""

import numpy as np
import pytest

from quality.evaluation.robust.days import USUAL_SESSIONS, are_stale, incidents_of
from quality.evaluation.robust.jumps import Jumps
from quality.evaluation.robust.windows import Places


@pytest.mark.parametrize(
    ("tickers", "usual", "daily", "repeated", "stale"),
    [
        (100, 2, 100, 60, True),
        (100, 2, 100, 40, False),
        # Rates: seven of eleven stand still on a quiet day, all of them only in a file that came again.
        (11, 2, 11, 7, False),
        (11, 4, 11, 11, True),
        # Idle tickers: those that were absent the day before can be in no file that came again.
        (50, 14, 44, 44, True),
        (50, 14, 50, 44, False),
    ],
)
def test_a_file_that_came_again_is_told_from_a_quiet_day(
    tickers: int, usual: int, daily: int, repeated: int, *, stale: bool
) -> None:
    known = np.full(USUAL_SESSIONS + 1, tickers)
    repeats = np.full(USUAL_SESSIONS + 1, usual)
    repeats[-1] = repeated
    found = are_stale(known, repeats, np.full_like(known, daily), np.full_like(known, repeated))
    assert found.tolist() == [stale]


def test_a_unit_that_many_have_is_that_of_wild_tickers_too() -> None:
    width, tickers = 5, 8
    places = Places(np.arange(tickers) * width + 2, width)
    # Six are off by a hundred, of which two also rose by half; one rose ninefold, and one fell to a third.
    growth = np.array([100, 101, 99, 100, 100, 150, 9, 1 / 3])
    level = np.full(tickers, 20.0)
    incidents = incidents_of(
        Jumps(places, np.log(growth)),
        growth * level,
        level,
        growth,
        volatility=np.full(tickers, 0.02),
        movers=np.full(width, 40),
        beside=Places(np.zeros(0, dtype=np.int64), width),
    )
    assert incidents.in_unit.tickers.tolist() == [0, 1, 2, 3, 4, 5]
    assert incidents.power.tolist() == [0, 0, 2, 0, 0]
    assert len(incidents.shifted) == 0


def test_what_jumps_in_a_file_that_is_shifted_is_of_that_file() -> None:
    width, tickers = 5, 12
    places = Places(np.arange(tickers) * width + 2, width)
    # Five stand beside their tickers; of the others, one jumped far away, and one came back to its level.
    growth, level = np.full(tickers, 1.5), np.full(tickers, 20.0)
    level[11] = 30.0
    incidents = incidents_of(
        Jumps(places, np.log(growth)).only(np.arange(tickers) >= 10),
        np.full(2, 30.0),
        level[10:],
        growth[10:],
        volatility=np.full(2, 0.02),
        movers=np.full(width, 12),
        beside=places.only(np.arange(tickers) < 5),
    )
    assert incidents.shifted.tickers.tolist() == [0, 1, 2, 3, 4, 10]
