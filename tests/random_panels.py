"""Random panels for property tests: prices with every kind of fault, as grids and as rows."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from quality.panel.grid import BoolMatrix, FloatMatrix, Grid

START = np.datetime64("2020-11-02")
_ODD_PRICES = (0.0, -0.0, -1.5, np.inf, -np.inf)
# Ratios of these overflow, or vanish.
_EXTREME_PRICES = (5e-324, 1e-300, 1e300, 1.7e308, -1e300)


def draw_panel(seed: int, tickers: int = 14, count: int = 260, *, extreme: bool = False) -> Grid:
    """Draw a panel: gaps, nulls, late and stopped tickers, repeats, coarse and adjusted ticks, faults of all sizes."""
    draw = np.random.default_rng(seed)
    paths = np.exp(np.cumsum(draw.normal(0, draw.choice([0.005, 0.02, 0.06], (tickers, 1)), (tickers, count)), axis=1))
    paths *= np.exp(np.cumsum(draw.normal(0, 0.01, count)))
    tick = draw.choice([0.01, 0.01, 0.05, 0.5], (tickers, 1))
    prices = np.maximum(np.round(draw.choice([0.5, 20.0, 300.0], (tickers, 1)) * paths / tick) * tick, tick)

    def some(share: float) -> BoolMatrix:
        return np.asarray(draw.random(prices.shape) < share)

    for column in range(1, count):
        stale = draw.random(tickers) < 0.05
        prices[stale, column] = prices[stale, column - 1]
    faulty = some(0.02)
    prices[faulty] *= draw.choice([0.01, 0.1, 0.5, 0.7, 0.9, 1.1, 1.4, 2.0, 10.0, 100.0], int(faulty.sum()))
    for row in range(tickers):
        first, last = np.sort(draw.integers(0, count, 2))
        prices[row, first : draw.choice([last, count])] *= draw.choice([0.1, 0.5, 0.73, 1.0, 1.3, 2.0, 100.0])
    for odd in (*_ODD_PRICES, *_EXTREME_PRICES * extreme):
        prices[some(0.003)] = odd
    present = ~some(0.03)
    for row in range(0, tickers, 3):
        first, last = np.sort(draw.integers(0, count, 2))
        present[row, draw.choice([0, first]) : draw.choice([last, count])] = False
    # Holes of about as many sessions as a previous price may be old.
    for row, first in enumerate(draw.integers(0, count, (tickers, 4))):
        for start in first:
            present[row, start : start + draw.choice([0, 0, 8, 9, 10])] = False
    prices[some(0.01) | ~present] = np.nan
    # Some are adjusted, and rounded to three decimals.
    adjusted = draw.random(tickers) < 0.2
    with np.errstate(over="ignore"):
        prices[adjusted] = np.round(0.871 * prices[adjusted], 3)
    held = present.any(axis=0)
    held[0] |= not held.any()
    present[0, 0] |= not present[:, 0].any()
    return make_grid(prices[:, held], present[:, held])


def make_grid(prices: FloatMatrix, present: BoolMatrix) -> Grid:
    """Give tickers by sessions as a grid of which every session is judged."""
    prices, present = np.ascontiguousarray(prices), np.ascontiguousarray(present)
    tickers, count = prices.shape
    sessions = np.busday_offset(START, np.arange(count))
    names = tuple(f"T{number:03}" for number in range(tickers))
    return Grid(sessions, names, prices, present, slice(0, count), 1, np.ones(tickers, dtype=np.int64))


def part_of(grid: Grid, first: int, last: int, back: int, ahead: int) -> Grid:
    """Give some sessions of a grid as judged, with margins as far as there are."""
    start, stop = max(first - back, 0), min(last + ahead, len(grid.sessions))
    kept = slice(start, stop)
    return Grid(
        grid.sessions[kept],
        grid.tickers,
        np.ascontiguousarray(grid.prices[:, kept]),
        np.ascontiguousarray(grid.present[:, kept]),
        slice(first - start, last - start),
        grid.first_number + start,
        grid.first_seen,
        {name: np.ascontiguousarray(values[:, kept]) for name, values in grid.extras.items()},
        grid.actions,
        None if grid.closed is None else np.ascontiguousarray(grid.closed[:, kept]),
    )


def rows_of(grid: Grid) -> pa.Table:
    """Give a grid as the rows of a panel."""
    ticker, session = np.nonzero(grid.present)
    names: npt.NDArray[np.object_] = np.array(grid.tickers, dtype=object)
    return pa.table(
        {
            "date": pa.array(grid.sessions[session]),
            "ticker": pa.array(names[ticker], pa.string()),
            "price": pa.array(grid.prices[ticker, session], from_pandas=True),
        }
    )
