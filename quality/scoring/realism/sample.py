"""A small panel as a matrix, a row a ticker, for faults to be put in; read from a panel, and written as one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from quality.errors import UsageError
from quality.panel.grid import BoolMatrix, Days, FloatMatrix, Integers
from quality.panel.partitions import SCHEMA, list_years, read_year, write_year
from quality.storage import Store

# More digits than this are no digits that a vendor sends, but floats.
_MOST_DIGITS = 8


@dataclass(frozen=True)
class Sample:
    """Prices of some tickers.

    Attributes:
        name: What they are, for tables.
        sessions: `datetime64[D]`, ascending.
        tickers: Sorted.
        prices: Tickers by sessions, NaN for no price.
        present: Whether there is a row.

    """

    name: str
    sessions: Days
    tickers: Sequence[str]
    prices: FloatMatrix
    present: BoolMatrix

    @property
    def cells(self) -> int:
        """How many rows there are."""
        return int(self.present.sum())

    def copy(self) -> "Sample":
        """Give the same sample with matrices of its own."""
        return Sample(self.name, self.sessions, self.tickers, self.prices.copy(), self.present.copy())


def sample_of(name: str, rows: pl.DataFrame) -> Sample:
    """Lay rows (the panel's columns) into a sample."""
    if not rows.height:
        raise UsageError(f"{name}: holds no prices to put faults in")
    dates, tickers = rows.get_column("date").unique().sort(), rows.get_column("ticker").unique().sort()
    position = (
        rows.get_column("ticker").replace_strict(tickers, pl.int_range(len(tickers), eager=True)).to_numpy(),
        rows.get_column("date").replace_strict(dates, pl.int_range(len(dates), eager=True)).to_numpy(),
    )
    prices = np.full((len(tickers), len(dates)), np.nan)
    prices[position] = rows.get_column("price").to_numpy()
    present = np.zeros(prices.shape, dtype=np.bool_)
    present[position] = True
    return Sample(name, dates.to_numpy().astype("datetime64[D]"), tickers.to_list(), prices, present)


def read_sample(name: str, panel: Store) -> Sample:
    """Read a whole panel as a sample."""
    return sample_of(name, pl.concat([read_year(panel, year) for year in list_years(panel)]))


def write_sample(sample: Sample, panel: Store) -> None:
    """Write a sample as a panel."""
    ticker, session = np.nonzero(sample.present)
    rows = pl.DataFrame(
        {
            "date": sample.sessions[session],
            "ticker": pl.Series(sample.tickers, dtype=pl.String).gather(ticker),
            "price": sample.prices[ticker, session],
        },
        schema=SCHEMA,
        nan_to_null=True,
    )
    for year in rows.with_columns(year=pl.col("date").dt.year()).partition_by("year", include_key=False):
        write_year(panel, year.sort("ticker", "date"))


def digits_of(prices: FloatMatrix) -> Integers:
    """Give, a ticker, how many decimals its prices have; -1 where they are floats of any length."""
    digits = np.full(len(prices), -1, dtype=np.int64)
    for places in range(_MOST_DIGITS, -1, -1):
        with np.errstate(invalid="ignore"):
            scaled = prices * 10.0**places
            fits = np.abs(scaled - np.rint(scaled)) <= 1e-6 * np.maximum(1, np.abs(scaled) * 1e-6)
        digits[(fits | np.isnan(prices)).all(axis=1)] = places
    return digits


def rounded(values: FloatMatrix, digits: int) -> FloatMatrix:
    """Give prices as many decimals as their ticker has."""
    return values if digits < 0 else np.round(values, digits)
