"""A year of a synthetic panel, sessions by tickers, and its rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from quality.panel.grid import BoolMatrix, Days, FloatMatrix
from quality.panel.partitions import SCHEMA


@dataclass(frozen=True)
class Block:
    """Consecutive sessions of a panel as a matrix.

    Attributes:
        sessions: `datetime64[D]`, ascending.
        prices: float64, sessions by tickers, NaN where there is no price.
        absent: bool, sessions by tickers, true where there is no row at all.

    """

    sessions: Days
    prices: FloatMatrix
    absent: BoolMatrix


def to_frame(block: Block, tickers: Sequence[str]) -> pl.DataFrame:
    """Turn a block into rows sorted by ticker and date; absent cells have no row, NaN becomes null."""
    names = pl.Series(tickers, dtype=pl.String)
    order = names.arg_sort().to_numpy()
    is_present = ~block.absent[:, order].T
    return pl.DataFrame(
        {
            "date": np.broadcast_to(block.sessions, is_present.shape)[is_present],
            "ticker": names.gather(np.repeat(order, is_present.sum(axis=1))),
            "price": block.prices[:, order].T[is_present],
        },
        schema=SCHEMA,
        nan_to_null=True,
    )
