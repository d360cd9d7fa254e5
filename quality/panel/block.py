"""A year of a synthetic panel, sessions by tickers, and its rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from quality.errors import InputError
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
    held = ~block.absent[:, order].T
    return pl.DataFrame(
        {
            "date": np.broadcast_to(block.sessions, held.shape)[held],
            "ticker": names.gather(np.repeat(order, held.sum(axis=1))),
            "price": block.prices[:, order].T[held],
        },
        schema=SCHEMA,
        nan_to_null=True,
    )


def to_block(frame: pl.DataFrame, sessions: Days, tickers: Sequence[str]) -> Block:
    """Turn rows into a block; the inverse of `to_frame`, whatever the order of rows.

    Raises:
        InputError: Two rows share a date and ticker, or a row has none of these sessions and tickers.

    """
    rows = pl.DataFrame({"date": sessions, "row": np.arange(len(sessions))})
    columns = pl.DataFrame({"ticker": pl.Series(tickers, dtype=pl.String), "column": np.arange(len(tickers))})
    cells = frame.join(rows, on="date").join(columns, on="ticker")
    if strange := frame.height - cells.height:
        example = frame.join(cells, on=["date", "ticker"], how="anti").row(0)
        raise InputError(
            f"{strange} rows lack a date or ticker, or have an unknown one, "
            f"such as {example[0]} {example[1]!r}; "
            "a panel's row has both and lies in the partition of its year"
        )
    at = (cells.get_column("row").to_numpy(), cells.get_column("column").to_numpy())
    prices = np.full((len(sessions), len(tickers)), np.nan)
    prices[at] = cells.get_column("price").to_numpy()
    absent = np.ones(prices.shape, dtype=np.bool_)
    absent[at] = False
    if doubled := frame.height - int((~absent).sum()):
        example = frame.filter(frame.select("date", "ticker").is_duplicated()).row(0)
        raise InputError(
            f"{doubled} rows repeat the date and ticker of another row, such as {example[0]} {example[1]!r}; "
            "a panel holds one row a date and ticker"
        )
    return Block(sessions, prices, absent)
