"""The optional columns of a panel, beside the prices of a table: what cannot be read is none, and listed."""

from functools import partial

import polars as pl

from quality.findings.quarantine import ROW_SCHEMA, refused_cells
from quality.ingest.format.mapping import Mapping
from quality.ingest.format.numbers import NumberFormat
from quality.ingest.rows.convert import as_texts, explain_price, read_prices
from quality.ingest.rows.records import Batch
from quality.panel.extras import VOLUME


def read_beside(batch: Batch, mapping: Mapping) -> tuple[list[pl.Series], pl.DataFrame]:
    """Read the optional columns of a long table that were asked for.

    Returns:
        A series a column, named as a panel names it, null where there is none; and the cells that could not be read,
        as `quarantine.ROW_SCHEMA`.

    """
    columns, unread = [], [pl.DataFrame(schema=ROW_SCHEMA)]
    for name, position in mapping.extras:
        values, wrong = _read(batch.columns[position], mapping, name)
        unread.append(_unread(batch, mapping, position, wrong, name))
        columns.append(values.alias(name))
    return columns, pl.concat(unread)


def read_beside_wide(batch: Batch, mapping: Mapping, bad: pl.Series) -> tuple[list[pl.Series], pl.DataFrame]:
    """Read the optional columns of a wide table.

    Args:
        batch: Its records.
        mapping: What its columns are.
        bad: The cells that are no rows, ticker by ticker: nothing is missing where such a one cannot be read.

    Returns:
        As `read_beside`; a value a cell, ticker by ticker.

    """
    height, columns, unread = len(batch.lines), [], [pl.DataFrame(schema=ROW_SCHEMA)]
    nothing = pl.Series([None], dtype=pl.Float64).new_from_index(0, height)
    for name, places in mapping.beside:
        parts = []
        for number, position in enumerate(places):
            if position is None:
                parts.append(nothing)
                continue
            values, wrong = _read(batch.columns[position], mapping, name)
            unread.append(_unread(batch, mapping, position, wrong & ~bad.slice(number * height, height), name))
            parts.append(values)
        columns.append(pl.concat([part.rename(name) for part in parts]))
    return columns, pl.concat(unread)


def _read(column: pl.Series, mapping: Mapping, name: str) -> tuple[pl.Series, pl.Series]:
    """Give an optional column's values, null where there is none, and which of them could not be read."""
    values, wrong = read_prices(column, mapping.numbers_of(name))
    if name == VOLUME:
        wrong |= (values < 0).fill_null(value=False)
    if wrong.any():
        values = values.to_frame("value").select(pl.when(~wrong).then(pl.col("value"))).to_series()
    return values, wrong


def _unread(batch: Batch, mapping: Mapping, position: int, wrong: pl.Series, name: str) -> pl.DataFrame:
    """List the cells of a column that could not be read."""
    if not wrong.any():
        return pl.DataFrame(schema=ROW_SCHEMA)
    texts = as_texts(batch.columns[position].filter(wrong))
    why = partial(_why, mapping.numbers_of(name))
    return refused_cells(batch.lines.filter(wrong), mapping.column(position), texts, why)


def _why(numbers: NumberFormat, text: str) -> str:
    why = numbers.explain(text)
    return why or ("is below zero" if text.strip().startswith("-") else explain_price(text, numbers))
