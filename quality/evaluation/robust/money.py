"""Prices before a corporate action in the money of those after it, and the other way round."""

from dataclasses import dataclass

import numpy as np

from quality.evaluation.robust.windows import Places
from quality.panel.grid import FloatMatrix


@dataclass(frozen=True)
class Money:
    """Where the money of prices changed.

    Attributes:
        places: The first cells of new money, by ticker, then session.
        factors: By place, what makes a price before it one of new money: a half for two shares of one.

    """

    places: Places
    factors: FloatMatrix

    def of_previous(self, places: Places, previous: FloatMatrix) -> FloatMatrix:
        """Give the previous prices of some cells in the money of the cells."""
        return previous * places.look_up(self.places, self.factors, 1.0)

    def of_windows(self, places: Places, window: FloatMatrix, first: int) -> FloatMatrix:
        """Give the windows of some cells, whose columns are sessions from `first` on, in the money of the cells."""
        offsets = np.arange(first, first + window.shape[1])
        reach = int(np.abs(offsets).max(initial=0))
        for at, factor in zip(self.places.at.tolist(), self.factors.tolist(), strict=True):
            begin, end = np.searchsorted(places.at, (at - reach, at + reach + 1))
            near = places.at[begin:end]
            is_own = near // places.width == at // places.width
            cells = near[:, np.newaxis] + offsets
            there = np.where(cells < at, factor, 1.0)
            here = np.where(near < at, factor, 1.0)[:, np.newaxis]
            window[begin:end] *= np.where(is_own[:, np.newaxis], there / here, 1.0)
        return window
