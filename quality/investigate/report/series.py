"""Thins series of prices for a chart: what stands out stays."""

import polars as pl

_AROUND = 15  # sessions before and after a finding that are kept whole


def thinned(prices: pl.DataFrame, flagged: pl.DataFrame, most: int) -> pl.DataFrame:
    """Keep about `most` prices of each ticker.

    Of each bin of sessions, the lowest and the highest price stay, so that no spike is lost; so do all prices within
    15 sessions of the first findings, as far as there is room.

    Args:
        prices: ticker, date, price, expected, sorted by ticker and date.
        flagged: What was found: date and ticker are looked at.
        most: Prices a ticker.

    """
    parts = [
        _thin(part, flagged.filter(pl.col("ticker") == part.item(0, "ticker")).get_column("date"), most)
        for part in prices.partition_by("ticker", maintain_order=True)
    ]
    return pl.concat(parts) if parts else prices


def _thin(prices: pl.DataFrame, found: pl.Series, most: int) -> pl.DataFrame:
    if prices.height <= most:
        return prices
    # A third for the shape of the whole, the rest for what was found.
    bins = max(most // 6, 1)
    numbered = prices.with_row_index("place").with_columns(
        bin=pl.col("place") * bins // prices.height, near=pl.col("date").is_in(found.implode())
    )
    ends = numbered.group_by("bin").agg(
        pl.col("place").get(pl.col("price").arg_min().fill_null(0)).alias("low"),
        pl.col("place").get(pl.col("price").arg_max().fill_null(0)).alias("high"),
        pl.col("place").min().alias("first"),
    )
    shape = pl.concat([ends.get_column(name) for name in ("low", "high", "first")]).unique().cast(pl.Int64)
    room = most - min(len(shape), most // 2)
    places = numbered.filter("near").get_column("place").cast(pl.Int64)
    around = pl.DataFrame({"place": [places + step for step in range(-_AROUND, _AROUND + 1)]}).explode("place")
    wanted = around.group_by("place").len().sort("len", "place", descending=[True, True]).head(room).get_column("place")
    kept = numbered.filter(pl.col("place").cast(pl.Int64).is_in(pl.concat([shape, wanted]).implode()))
    return kept.select(prices.columns)
