"""Adds a checked day to the panel."""

import polars as pl

from quality.check.day import Day
from quality.errors import InputError
from quality.panel.partitions import SCHEMA, append_rows
from quality.storage import Store, holding


def rows_of(day: Day) -> pl.DataFrame:
    """Give the rows of a day as a panel holds them.

    Raises:
        InputError: The day has blank or doubled tickers: which price counts is not for this job to guess.

    """
    if day.blanks or len(day.layers) > 1:
        raise InputError(f"{day.date} is not appended: it has blank or doubled tickers; mend the file first")
    rows = [(day.date, entry.ticker, entry.price) for entry in day.entries]
    extras = {
        name: pl.Series(name, [entry.extras.get(name) for entry in day.entries], pl.Float64) for name in day.extras
    }
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").with_columns(**extras)


def append(day: Day, panel: Store) -> None:
    """Add a checked day to the panel, whole or not at all.

    Raises:
        InputError: The panel holds the day already, or the day has blank or doubled tickers.

    """
    rows = rows_of(day)
    with holding(panel):
        append_rows(panel, rows)
