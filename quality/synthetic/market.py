"""Makes the clean market: a random walk a stock, drawn as the notebook drew it."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from quality.errors import UsageError
from quality.panel.grid import Days, FloatMatrix
from quality.panel.rounding import round_to_cents

TRADING_DAYS_A_YEAR = 252
_LAST_SESSION = np.datetime64(dt.date.max, "D")


@dataclass(frozen=True)
class Market:
    """What a clean panel is made from; the same four values always give the same prices.

    Attributes:
        days: Calendar days from `start` on; Saturdays and Sundays are dropped from them.
        stocks: Number of tickers, named ST0001, ST0002, …
        start: First calendar day.
        seed: Seed of NumPy's legacy generator, 0 to 2**32 - 1.

    """

    days: int = 1000
    stocks: int = 100
    start: dt.date = dt.date(2020, 1, 1)
    seed: int = 42

    def __post_init__(self) -> None:
        if self.days < 1:
            raise UsageError(f"--days must be at least 1: {self.days}")
        if self.stocks < 1:
            raise UsageError(f"--stocks must be at least 1: {self.stocks}")
        check_seed(self.seed)
        if self.days - 1 > (_LAST_SESSION - np.datetime64(self.start, "D")).astype(int):
            raise UsageError(f"--days {self.days} from {self.start} ends after {dt.date.max}, the last date there is")

    @property
    def sessions(self) -> Days:
        """The weekdays among the calendar days, `datetime64[D]`, ascending."""
        first = np.datetime64(self.start, "D")
        days = first + np.arange(self.days)
        return days[np.is_busday(days)]

    @property
    def tickers(self) -> list[str]:
        """The ticker of each stock, in the order of the draws."""
        return [f"ST{number:04d}" for number in range(1, self.stocks + 1)]


def check_seed(seed: int) -> None:
    """Refuse a seed that NumPy's legacy generator does not take."""
    if not 0 <= seed < 2**32:
        raise UsageError(f"--seed must be from 0 to {2**32 - 1}: {seed}")


def price_blocks(market: Market) -> Iterator[tuple[Days, FloatMatrix]]:
    """Yield the clean prices year by year, so that memory holds one year only.

    Draws, from one `RandomState(seed)` and in this order: initial prices, annual drifts, annual
    volatilities, then one row of normal returns a session after the first. A price is the
    *unrounded* price before times (1 + return); what is yielded is rounded to cents.

    Yields:
        The year's sessions, `datetime64[D]`, and its prices, float64, sessions by stocks.

    """
    generator = np.random.RandomState(market.seed)  # not default_rng: the contract is the legacy stream
    price = generator.uniform(10, 500, market.stocks)
    drift = generator.uniform(0.10, 0.25, market.stocks) / TRADING_DAYS_A_YEAR
    volatility = generator.uniform(0.1, 0.4, market.stocks) / np.sqrt(TRADING_DAYS_A_YEAR)
    drawn = 1  # the first session has the initial prices and needs no returns
    for sessions in years_of(market.sessions):
        returns = generator.normal(drift, volatility, (len(sessions) - drawn, market.stocks))
        path = np.vstack([price, 1 + returns])
        for before, after in pairwise(path):  # as `cumprod` along the sessions would, but row by row: memory's order
            np.multiply(before, after, out=after)
        price = path[-1]
        yield sessions, round_to_cents(path[-len(sessions) :])
        drawn = 0


def years_of(sessions: Days) -> list[Days]:
    """Split ascending sessions into one array a calendar year."""
    if not len(sessions):
        return []
    years = sessions.astype("datetime64[Y]")
    return np.split(sessions, np.flatnonzero(years[1:] != years[:-1]) + 1)
