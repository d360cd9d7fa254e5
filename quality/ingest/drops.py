"""Which file each price of a panel came from, where a rank of files decides."""

import io

import polars as pl

from quality.errors import InputError
from quality.panel.partitions import SCHEMA
from quality.storage import Store

# What a panel's row came from, where a rank decided: hidden, so that no reader of the panel takes it for data.
ORIGINS = pl.Schema([*SCHEMA.items(), ("rank", pl.String())])
UNKNOWN = ""


def read_origins(panel: Store, year: int) -> pl.DataFrame:
    """Give what is known of where a year's rows came from; nothing where that cannot be read."""
    try:
        return pl.read_parquet(io.BytesIO(panel.read(_key(year)))).select(ORIGINS.names()).cast(ORIGINS)
    except (InputError, pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        return pl.DataFrame(schema=ORIGINS)


def write_origins(panel: Store, year: int, origins: pl.DataFrame) -> None:
    """Keep where a year's rows came from.

    It is written before the year itself: what it says of a price that the panel does not hold counts for nothing, so
    a run that dies between the two leaves nothing wrong.
    """
    data = io.BytesIO()
    origins.select(ORIGINS.names()).write_parquet(data, compression="zstd")
    panel.write(_key(year), data.getvalue())


def ranked(own: pl.DataFrame, origins: pl.DataFrame) -> pl.DataFrame:
    """Give a panel's rows with the rank of what they came from; UNKNOWN where the panel holds another price by now."""
    known = origins.rename({"price": "origin_price"})
    return (
        own.join(known, on=["date", "ticker"], how="left", maintain_order="left")
        .with_columns(rank=pl.when(pl.col("price").eq_missing(pl.col("origin_price"))).then("rank"))
        .with_columns(pl.col("rank").fill_null(UNKNOWN))
        .drop("origin_price")
    )


def _key(year: int) -> str:
    return f".origins/year={year:04d}.parquet"
