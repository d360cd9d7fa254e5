"""Looks at a few cells of a matrix through their windows: the sessions before or after each of them.

A matrix has a row a session and a column a ticker, NaN where there is nothing. A window is gathered
for the chosen cells only, and what is made of it (order statistics, sums over a fixed length) depends on
its values alone: the same bits, whatever else the matrix holds.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from quality.panel.grid import BoolMatrix, FloatMatrix

Integers: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Places:
    """Some cells of a matrix: row and column of each, in the order of rows, then columns."""

    rows: Integers
    columns: Integers

    @classmethod
    def where(cls, chosen: BoolMatrix) -> "Places":
        """Give the cells for which a matrix of flags is true."""
        return cls(*np.nonzero(chosen))

    def __len__(self) -> int:
        return len(self.rows)

    def only(self, kept: BoolMatrix) -> "Places":
        """Keep those for which a flag a place is true."""
        return Places(self.rows[kept], self.columns[kept])

    def of(self, matrix: FloatMatrix) -> FloatMatrix:
        """Give a matrix's values at the places."""
        return matrix[self.rows, self.columns]


def gather(matrix: FloatMatrix, places: Places, steps: range) -> FloatMatrix:
    """Give, a row a place, the values so many sessions before it (negative: after it), NaN beyond the matrix.

    Args:
        matrix: Sessions by tickers.
        places: The cells whose windows are wanted.
        steps: Sessions back; the order of the columns.

    """
    width = matrix.shape[1]
    at = (places.rows * width + places.columns)[:, np.newaxis] - np.asarray(steps) * width
    found = matrix.take(at, mode="clip") if matrix.size else np.empty(at.shape)
    outside = (at < 0) | (at >= matrix.size) if len(at) and (at.min() < 0 or at.max() >= matrix.size) else False
    return np.where(outside, np.nan, found) if np.any(outside) else found


def first_of(window: FloatMatrix, count: int) -> FloatMatrix:
    """Keep the first `count` values of each window, in `count` columns; the others become NaN."""
    kept = window[:, :count].copy()
    short = np.flatnonzero(np.isnan(kept).any(axis=1))
    if len(short):
        held = window[short]
        # A stable sort by "is missing" moves the values to the front and keeps their order.
        kept[short] = np.take_along_axis(held, np.argsort(np.isnan(held), axis=1, kind="stable"), axis=1)[:, :count]
    return kept


def median(window: FloatMatrix) -> tuple[FloatMatrix, Integers]:
    """Give the median of each window (NaN for none) and how many values it has."""
    count = (~np.isnan(window)).sum(axis=1)
    ordered = np.sort(window, axis=1)  # NaN goes to the end
    row, last = np.arange(len(window)), window.shape[1] - 1
    below, above = ordered[row, np.maximum((count - 1) // 2, 0)], ordered[row, np.minimum(count // 2, last)]
    return np.where(count > 0, (below + above) / 2, np.nan), count


def spread(moves: FloatMatrix) -> tuple[FloatMatrix, Integers]:
    """Give the standard deviation about 0 of each window, outliers left out, and how many values it has.

    An outlier lies beyond four robust standard deviations (1.4826 times the median absolute value).
    """
    sizes = np.abs(moves)
    middle, count = median(sizes)
    kept = sizes <= 4 * 1.4826 * np.maximum(middle, 1e-9)[:, np.newaxis]
    squares = np.where(kept, sizes, 0.0) ** 2
    return np.sqrt(squares.sum(axis=1) / np.maximum(kept.sum(axis=1), 1)), count
