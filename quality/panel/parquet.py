"""Frames as Parquet in memory, with checksums of pages, and back; the store that writes says when a disk is full."""

from collections.abc import Sequence

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from quality.errors import InputError


def encode(frame: pl.DataFrame, rows_a_group: int | None = None) -> bytes:
    """Give a frame as a Parquet file, zstd, with rows in the order in which they come."""
    sink = pa.BufferOutputStream()
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    pq.write_table(
        table,
        sink,
        compression="zstd",
        compression_level=3,
        row_group_size=rows_a_group,
        write_page_checksum=True,
        store_schema=False,  # else texts would come back as another kind of text than from other writers
    )
    return bytes(sink.getvalue())


def decode(data: bytes, columns: Sequence[str], url: str) -> pl.DataFrame:
    """Give columns of a Parquet file, its pages held against their checksums where it has any.

    Raises:
        InputError: The file is damaged or lacks a column; the message names `url`.

    """
    try:
        file = pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True)
        missing = [name for name in columns if name not in file.schema_arrow.names]
        if missing:
            raise InputError(f"{url} cannot be read as part of a panel: it has no column {', '.join(missing)}")
        frame = pl.from_arrow(file.read(columns=list(columns), use_threads=False))
    except (pa.ArrowException, OSError, ValueError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        lines = str(error).splitlines() or [type(error).__name__]
        raise InputError(f"{url} cannot be read as part of a panel: {lines[0]}") from error
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - of a table, Polars makes a frame
    return frame.select(columns)
