"""Rows of one date and ticker that stand in a file again and again: intraday prices, and endless copies."""

import polars as pl

from quality.panel.extras import extras_among

# Rows a date and ticker, from which on a file is no file of daily prices: with different times of day, and
# with different prices alone.
_MANY_TIMES = 1.5
_MANY_PRICES = 4.0
_SUSPICIOUS = 0.75
_DAY = 0x9E3779B97F4A7C15


class Repeats:
    """Counts, batch by batch, how many rows a file has for one date and ticker.

    Attributes:
        keep: Of copies of one row, whether the "first" or the "last" is kept.

    """

    def __init__(self, keep: str = "last") -> None:
        self._keep = keep
        self._rows = 0
        self._keys = 0
        self._times = 0
        self._prices = 0

    def add(self, rows: pl.DataFrame, moments: pl.Series | None) -> pl.DataFrame:
        """Count some rows of a file, and give them back with copies of one another made one row.

        Args:
            rows: `convert.ROWS` with `times`.
            moments: The dates as the file writes them, a row each; None where they have no time of day.

        """
        count = rows.height
        keys = keys_of(rows).n_unique() if count > 1 else count
        self._rows += count
        self._keys += keys
        if keys >= _SUSPICIOUS * count:
            self._times += keys
            self._prices += keys
            return rows
        key = rows.select("date", "ticker")
        self._times += keys if moments is None else key.with_columns(moment=moments).n_unique()
        once = _once(rows, keep=self._keep)
        self._prices += once.height
        return once

    def verdict(self) -> str:
        """Say why the file holds no daily prices; "" where it may."""
        if not self._keys:
            return ""
        is_intraday = self._times >= _MANY_TIMES * self._keys or self._prices >= _MANY_PRICES * self._keys
        if not is_intraday:
            return ""
        return (
            f"holds {self._rows / self._keys:.1f} rows a date and ticker on average ({self._rows:,} rows): these are "
            "prices within the day, and a panel has one a session; make daily prices of them first"
        )


def keys_of(rows: pl.DataFrame) -> pl.Series:
    """Give a number for each date and ticker; that two share one is as good as impossible."""
    days = pl.col("date").to_physical().cast(pl.UInt64) * pl.lit(_DAY, dtype=pl.UInt64)
    return rows.select(key=days ^ pl.col("ticker").hash()).to_series()


def _once(rows: pl.DataFrame, keep: str) -> pl.DataFrame:
    """Make copies of one row a single one that says how many they are."""
    which, beside = pl.col("file", "line", "blank"), [pl.col(name).drop_nulls() for name in extras_among(rows.columns)]
    kept = [expr.first() if keep == "first" else expr.last() for expr in (which, *beside)]
    once = rows.group_by("date", "ticker", "price", maintain_order=True).agg(*kept, pl.col("times").sum())
    return once.sort("line", maintain_order=True).select(rows.columns)
