"""The optional columns of a panel, beside the prices of a long table: what cannot be read is none, and listed."""

from functools import partial

import polars as pl

from quality.findings.quarantine import ROW_SCHEMA, refused_cells
from quality.ingest.format.mapping import Mapping
from quality.ingest.format.numbers import NumberFormat
from quality.ingest.rows.convert import as_texts, explain_price, read_prices
from quality.ingest.rows.records import Batch
from quality.panel.extras import VOLUME


def read_beside(batch: Batch, mapping: Mapping) -> tuple[list[pl.Series], pl.DataFrame]:
    """Read the optional columns that were asked for.

    Returns:
        A series a column, named as a panel names it, null where there is none; and the cells that could not be read,
        as `quarantine.ROW_SCHEMA`.

    """
    columns, unread = [], [pl.DataFrame(schema=ROW_SCHEMA)]
    for name, at in mapping.extras:
        numbers = mapping.numbers_of(name)
        values, wrong = read_prices(batch.columns[at], numbers)
        if name == VOLUME:
            wrong |= (values < 0).fill_null(value=False)
        if wrong.any():
            values = values.to_frame("value").select(pl.when(~wrong).then(pl.col("value"))).to_series()
            texts = as_texts(batch.columns[at].filter(wrong))
            lines = batch.lines.filter(wrong)
            unread.append(refused_cells(lines, mapping.column(at), texts, partial(_why, numbers)))
        columns.append(values.alias(name))
    return columns, pl.concat(unread)


def _why(numbers: NumberFormat, text: str) -> str:
    why = numbers.explain(text)
    return why or ("is below zero" if text.strip().startswith("-") else explain_price(text, numbers))
