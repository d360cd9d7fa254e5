"""Leaves closed days out: what stands on a day on which a ticker's exchange is closed counts for nothing but itself."""

from dataclasses import replace

import numpy as np

from quality.evaluation.robust.windows import Places
from quality.panel.grid import BoolMatrix, Grid


def without_closed_days(grid: Grid) -> Grid:
    """Give a grid whose closed cells have no price, and a row where the ticker had one before: nobody is missing."""
    if grid.closed is None:
        return grid
    return replace(
        grid,
        prices=np.where(grid.closed, np.nan, grid.prices),
        present=_as_before(grid.present, grid.closed),
    )


def open_places(chosen: BoolMatrix, closed: BoolMatrix | None) -> Places:
    """Give the chosen cells, those of closed days left out: of them nothing is said but that they are closed."""
    return Places.where(chosen if closed is None else chosen & ~closed)


def _as_before(present: BoolMatrix, closed: BoolMatrix) -> BoolMatrix:
    """Let the closed cells of each ticker be as its last open one before them."""
    places = np.where(closed, 0, np.arange(present.shape[1]))
    np.maximum.accumulate(places, axis=1, out=places)
    return np.asarray(np.take_along_axis(present & ~closed, places, axis=1))
