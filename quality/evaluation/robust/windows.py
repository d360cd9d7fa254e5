"""Looks at a few cells of a grid through their windows: the sessions before or after each of them.

A matrix has a row a ticker and a column a session, NaN where there is nothing, so a window is one piece of
memory. It is gathered for the chosen cells only, and what is made of it (order statistics, sums over a fixed
length) depends on its values alone: the same bits, whatever else the matrix holds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from quality.panel.grid import BoolMatrix, FloatMatrix, Integers

Column = npt.NDArray[Any]

# A robust standard deviation is so many times the median absolute value.
MEDIAN_TO_DEVIATION = 1.4826


@dataclass(frozen=True)
class Places:
    """Some cells of a matrix of tickers by sessions.

    Attributes:
        at: Where each cell lies in the matrix's memory, ascending: by ticker, then session.
        width: The sessions of a ticker.

    """

    at: Integers
    width: int

    @classmethod
    def where(cls, chosen: BoolMatrix) -> "Places":
        """Give the cells for which a matrix of flags is true."""
        return cls(np.flatnonzero(chosen), chosen.shape[1])

    def __len__(self) -> int:
        return len(self.at)

    @property
    def tickers(self) -> Integers:
        """The row of each cell."""
        return self.at // self.width

    @property
    def sessions(self) -> Integers:
        """The column of each cell."""
        return self.at % self.width

    def only(self, kept: BoolMatrix) -> "Places":
        """Keep those for which a flag a place is true."""
        return Places(self.at[kept], self.width)

    def of(self, matrix: FloatMatrix) -> FloatMatrix:
        """Give a matrix's values at the places."""
        return matrix.ravel()[self.at]

    def look_up(self, others: "Places", values: Column, fill: float | np.datetime64) -> Column:
        """Give, for each place, the value that it has among others, `fill` where it is not one of them."""
        found = np.full(len(self), fill, dtype=values.dtype)
        if len(self):
            near = slice(*np.searchsorted(others.at, (self.at[0], self.at[-1] + 1)))
            where = np.searchsorted(self.at, others.at[near])
            same = self.at[np.minimum(where, len(self) - 1)] == others.at[near]
            found[where[same]] = values[near][same]
        return found

    def blocks(self, size: int) -> Iterator["Places"]:
        """Give the places in portions, at least one."""
        for start in range(0, max(len(self), 1), size):
            yield Places(self.at[start : start + size], self.width)


def gather(matrix: FloatMatrix, places: Places, first: int, last: int) -> FloatMatrix:
    """Give, a row a place, the values from session `first` to `last`, counted from the place's own, oldest first.

    Args:
        matrix: Tickers by sessions, in C order.
        places: The cells whose windows are wanted; each window lies within its ticker's row.
        first: Where windows begin: -7 is the session seven sessions before.
        last: Where they end, that session included.

    """
    length = last - first + 1
    if not len(places):
        return np.empty((0, length))
    # Every window of the matrix, without a copy: NumPy's own function for it takes longer than to copy a few of them.
    windows: FloatMatrix = np.ndarray(
        (matrix.size - length + 1, length), matrix.dtype, matrix, strides=(matrix.itemsize, matrix.itemsize)
    )
    return windows[places.at + first]


def first_of(window: FloatMatrix, count: int) -> FloatMatrix:
    """Keep the first `count` values of each window, in `count` columns; the others become NaN."""
    # A stable sort by "is missing" moves the values to the front and keeps their order.
    order = np.argsort(np.isnan(window), axis=1, kind="stable")[:, :count]
    return np.take_along_axis(window, order, axis=1)


def median(window: FloatMatrix) -> tuple[FloatMatrix, Integers]:
    """Give the median of each window (NaN for none) and how many values it has."""
    length = window.shape[1]
    ordered = np.sort(window, axis=1)  # NaN goes to the end
    count = np.full(len(window), length)
    middle = (ordered[:, (length - 1) // 2] + ordered[:, length // 2]) / 2
    short = np.flatnonzero(np.isnan(ordered[:, -1]))
    if len(short):
        known = np.count_nonzero(~np.isnan(ordered[short]), axis=1)
        below, above = ordered[short, np.maximum((known - 1) // 2, 0)], ordered[short, known // 2]
        count[short], middle[short] = known, np.where(known > 0, (below + above) / 2, np.nan)
    return middle, count


def spread(moves: FloatMatrix, outliers: float) -> tuple[FloatMatrix, Integers]:
    """Give the standard deviation about 0 of each window, and how many values it has.

    Values beyond so many robust standard deviations are outliers, and left out.
    """
    sizes = np.abs(moves)
    middle, count = median(sizes)
    most = outliers * MEDIAN_TO_DEVIATION * np.maximum(middle, 1e-9)
    # Few are left out: to put them in their places is faster than to choose among all.
    far = np.flatnonzero(~(sizes <= most[:, np.newaxis]))
    sizes.put(far, 0.0)
    sizes *= sizes
    kept = sizes.shape[1] - np.bincount(far // sizes.shape[1], minlength=len(sizes))
    return np.sqrt(sizes.sum(axis=1) / np.maximum(kept, 1)), count
