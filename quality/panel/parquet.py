"""Encodes frames as Parquet in memory: Polars does not say when a disk is full, the store that writes does."""

import io

import polars as pl


def encode(frame: pl.DataFrame, rows_a_group: int | None = None) -> bytes:
    """Give a frame as a Parquet file, zstd, with rows in the order in which they come."""
    data = io.BytesIO()
    frame.write_parquet(data, compression="zstd", compression_level=3, row_group_size=rows_a_group)
    return data.getvalue()
