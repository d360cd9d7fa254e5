"""Generated samples of asset classes, each with what makes its prices unlike those of a random walk."""

from collections.abc import Callable

import numpy as np

from quality.panel.grid import BoolMatrix, Days, FloatMatrix
from quality.scoring.realism.kinds import Generator
from quality.scoring.realism.sample import Sample

# Exchanges quote what is cheap in finer steps.
_COARSE_BELOW = 0.2
_START = np.datetime64("2018-01-01", "D")


def generated_samples(*, tickers: int, sessions: int, seed: int) -> list[Sample]:
    """Make a sample of every class; the same three numbers always give the same prices."""
    samples = []
    for number, (name, make) in enumerate(_CLASSES.items()):
        generator = np.random.default_rng([seed, number])
        prices, present = make(generator, tickers, sessions)
        days = _every_day(sessions) if name == "crypto" else _weekdays(sessions)
        names = [f"{name[:3].upper()}{ticker:04d}" for ticker in range(1, tickers + 1)]
        prices = np.where(present, prices, np.nan)
        samples.append(Sample(f"generated {name}", days, names, prices, present))
    return samples


def _every_day(sessions: int) -> Days:
    return _START + np.arange(sessions)


def _weekdays(sessions: int) -> Days:
    return np.busday_offset(_START, np.arange(sessions), roll="forward")


def _walk(
    generator: Generator,
    shape: tuple[int, int],
    *,
    first: tuple[float, float],
    sigma: tuple[float, float],
    tails: float,
) -> FloatMatrix:
    """Draw log prices with a market, volatility that comes in waves, and Student's tails."""
    tickers, sessions = shape
    own = generator.uniform(*sigma, (tickers, 1))
    waves = np.exp(0.4 * np.cumsum(generator.normal(0, 0.1, sessions)) / np.sqrt(10))
    market = generator.standard_t(4, sessions) * np.mean(sigma) / 3 * waves
    unit = np.sqrt(tails / (tails - 2))
    moves = own * (generator.standard_t(tails, shape) / unit) * np.clip(waves, 0.5, 2.5) + market
    start = np.log(generator.uniform(*first, (tickers, 1)))
    return np.asarray(start + np.cumsum(moves, axis=1), dtype=np.float64)


def _rounded(prices: FloatMatrix, digits: int) -> FloatMatrix:
    return np.asarray(np.round(prices, digits), dtype=np.float64)


def _all(prices: FloatMatrix) -> BoolMatrix:
    return np.ones(prices.shape, dtype=np.bool_)


def _equities(generator: Generator, tickers: int, sessions: int) -> tuple[FloatMatrix, BoolMatrix]:
    """News that stays: a few times a year a stock opens far from where it closed."""
    walk = _walk(generator, (tickers, sessions), first=(8, 300), sigma=(0.008, 0.03), tails=4)
    news = generator.random(walk.shape) < 1 / 250
    walk += np.cumsum(np.where(news, generator.normal(0, 0.1, walk.shape), 0), axis=1)
    prices = _rounded(np.exp(walk), 2)
    return np.maximum(prices, 0.01, dtype=np.float64), _all(prices)


def _penny(generator: Generator, tickers: int, sessions: int) -> tuple[FloatMatrix, BoolMatrix]:
    """Coarse ticks: a step is a large share of the price, and on most days there is none."""
    walk = _walk(generator, (tickers, sessions), first=(0.01, 0.4), sigma=(0.02, 0.05), tails=4)
    prices = np.exp(walk)
    ticks = np.where(prices < _COARSE_BELOW, 0.001, 0.005)
    return np.maximum(_rounded(np.rint(prices / ticks) * ticks, 3), 0.001), _all(prices)


def _illiquid(generator: Generator, tickers: int, sessions: int) -> tuple[FloatMatrix, BoolMatrix]:
    """No trade on many days: the price stands still, or there is no row."""
    walk = _walk(generator, (tickers, sessions), first=(2, 60), sigma=(0.01, 0.03), tails=4)
    trades = generator.random(walk.shape) < generator.uniform(0.3, 0.95, (tickers, 1))
    trades[:, 0] = True
    last = np.maximum.accumulate(np.where(trades, np.arange(sessions), 0), axis=1)
    prices = _rounded(np.exp(np.take_along_axis(walk, last, axis=1)), 2)
    has_row = trades | (np.arange(tickers)[:, np.newaxis] % 3 > 0)
    return prices, has_row


def _two_calendars(generator: Generator, tickers: int, sessions: int) -> tuple[FloatMatrix, BoolMatrix]:
    """Two exchanges: on the holidays of one, the other trades."""
    walk = _walk(generator, (tickers, sessions), first=(5, 200), sigma=(0.008, 0.025), tails=5)
    prices = _rounded(np.exp(walk), 2)
    closed = generator.random((2, sessions)) < 0.03  # noqa: PLR2004 - about eight holidays a year
    closed[1] &= ~closed[0]
    return prices, ~closed[np.arange(tickers) % 2]


def _yields(generator: Generator, tickers: int, sessions: int) -> tuple[FloatMatrix, BoolMatrix]:
    """Rates in per cent, of two decimals, around zero for some: they may be negative, and cross it."""
    common = np.cumsum(generator.normal(0, 0.03, sessions))
    own = np.cumsum(generator.normal(0, 0.015, (tickers, sessions)), axis=1)
    level = np.linspace(-0.6, 4, tickers)[:, np.newaxis]
    prices = _rounded(level + common + own, 2)
    return prices, _all(prices)


def _crypto(generator: Generator, tickers: int, sessions: int) -> tuple[FloatMatrix, BoolMatrix]:
    """Every day of the week, wild, from fractions of a cent to tens of thousands; some keep to one dollar."""
    walk = _walk(generator, (tickers, sessions), first=(0.01, 30), sigma=(0.025, 0.07), tails=3)
    walk += generator.normal(0, 3, (tickers, 1))
    walk[::10] = generator.normal(0, 0.001, walk[::10].shape)
    prices: FloatMatrix = np.exp(np.clip(walk, -11, 12))
    digits = np.clip(4 - np.floor(np.log10(prices[:, :1])), 0, 8).astype(np.int64)
    for ticker, places in enumerate(digits[:, 0]):
        prices[ticker] = np.maximum(np.round(prices[ticker], places), 10.0**-places)
    return prices, _all(prices)


def _currencies(generator: Generator, tickers: int, sessions: int) -> tuple[FloatMatrix, BoolMatrix]:
    """Quiet, and of four or five decimals."""
    walk = _walk(generator, (tickers, sessions), first=(0.5, 150), sigma=(0.003, 0.008), tails=4)
    return _rounded(np.exp(walk), 4), _all(walk)


_CLASSES: dict[str, Callable[[Generator, int, int], tuple[FloatMatrix, BoolMatrix]]] = {
    "equities": _equities,
    "penny shares": _penny,
    "illiquid": _illiquid,
    "two calendars": _two_calendars,
    "yields": _yields,
    "crypto": _crypto,
    "currencies": _currencies,
}
