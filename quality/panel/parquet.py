"""Rows as Parquet in memory, with checksums of pages, and back; the store that writes says when a disk is full."""

from collections.abc import Sequence

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from quality.errors import InputError
from quality.panel.extras import extras_among

# Encoded in one go: the default, 1,024, costs a tenth more time. Half of what fits a page, so pages stay as large.
_ROWS_AT_ONCE = 65_536


def encode(rows: pl.DataFrame | pa.Table, rows_a_group: int | None = None) -> bytes:
    """Give rows as a Parquet file, zstd, in the order in which they come."""
    sink = pa.BufferOutputStream()
    table = rows if isinstance(rows, pa.Table) else rows.to_arrow(compat_level=pl.CompatLevel.oldest())
    pq.write_table(
        table,
        sink,
        compression="zstd",
        compression_level=1,
        # Texts repeat. Prices and dates do too, but zstd finds that by itself: without a dictionary of them a file is
        # written in half the time, is smaller, and is read as fast.
        use_dictionary=[field.name for field in table.schema if _is_text(field.type)],
        row_group_size=rows_a_group,
        write_batch_size=_ROWS_AT_ONCE,
        write_page_checksum=True,
        store_schema=False,  # else texts would come back as another kind of text than from other writers
    )
    return bytes(sink.getvalue())


def _is_text(kind: pa.DataType) -> bool:
    return any(is_kind(kind) for is_kind in (pa.types.is_string, pa.types.is_large_string, pa.types.is_dictionary))


def extras_in(data: bytes, url: str) -> tuple[str, ...]:
    """Tell which optional columns of a panel a Parquet file has (errors as `decode`)."""
    try:
        return extras_among(pq.read_schema(pa.BufferReader(data)).names)
    except (pa.ArrowException, OSError, ValueError) as error:
        lines = str(error).splitlines() or [type(error).__name__]
        raise InputError(f"{url} cannot be read as part of a panel: {lines[0]}") from error


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
