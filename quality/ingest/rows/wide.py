"""A wide table, a column a ticker, to rows of a panel.

A blank cell is a row without a price, but for one case: blanks before a ticker's first price in the same
file, or in a column that has no price at all in a file of several sessions, stand for "not listed (yet)"
and are no rows. What is decided here is decided file by file, so the order of arrivals does not matter.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from quality.findings.quarantine import Refusal, refusals, refused_cells
from quality.ingest.files.tickers import in_case
from quality.ingest.format.mapping import Mapping
from quality.ingest.rows.beside import read_beside_wide
from quality.ingest.rows.convert import TableRows, as_texts, explain_date, explain_price, read_dates, read_prices
from quality.ingest.rows.records import Batch

LISTING = pl.Schema({"file": pl.Int32, "ticker": pl.String, "listed": pl.Date})
_LATEST = dt.date(9999, 12, 31)


@dataclass
class Listing:
    """When each ticker of one wide file has its first price there."""

    first: dict[str, dt.date] = field(default_factory=dict)
    sessions: set[dt.date] = field(default_factory=set)

    def add(self, rows: pl.DataFrame) -> None:
        """Learn from some rows of the file."""
        self.sessions.update(rows.get_column("date").unique().to_list())
        seen = rows.filter(~pl.col("blank")).group_by("ticker").agg(pl.col("date").min())
        for ticker, date in seen.iter_rows():
            self.first[ticker] = min(date, self.first.get(ticker, date))

    def frame(self, tickers: list[str], file: int) -> pl.DataFrame:
        """Give for each ticker the date before which its blanks in the file are no rows, as `LISTING`."""
        single = len(self.sessions) <= 1
        dates = [dt.date.min if single else self.first.get(ticker, _LATEST) for ticker in tickers]
        return pl.DataFrame({"file": [file] * len(tickers), "ticker": tickers, "listed": dates}, schema=LISTING)


def wide_rows(batch: Batch, mapping: Mapping) -> TableRows:
    """Give a batch's rows, one a cell.

    A line without a date is refused whole, as one row.
    """
    dates = read_dates(batch.columns[mapping.date], mapping.dates)
    refused = [batch.refused]
    if dates.null_count():
        refused.append(
            refusals([_line_refusal(batch, mapping, position) for position in dates.is_null().arg_true().to_list()])
        )
        kept = dates.is_not_null()
        dates = dates.filter(kept)
        batch = Batch([column.filter(kept) for column in batch.columns], batch.lines.filter(kept), batch.refused)
    columns, lines = [batch.columns[position] for position, _ in mapping.tickers], batch.lines
    prices, wrong = _prices(columns, mapping)
    cells = _melted(dates, lines, prices, mapping)
    nameless = cells.get_column("ticker") == ""
    bad = wrong | (nameless & prices.is_not_null())
    if bad.any():
        refused += _cell_refusals(columns, lines, bad, mapping)
    beside, unread = read_beside_wide(batch, mapping, bad | nameless)
    cells = cells.with_columns(beside)
    if bad.any() or nameless.any():  # an empty cell of a column without a name is nothing at all
        cells = cells.filter(~(bad | nameless))
    return TableRows(cells, pl.concat(refused), unread)


def _prices(columns: list[pl.Series], mapping: Mapping) -> tuple[pl.Series, pl.Series]:
    """Give the prices of all cells, column by column, and which of them are none."""
    if all(column.dtype == pl.String for column in columns):
        return read_prices(pl.concat(columns), mapping.numbers)
    read = [read_prices(column, mapping.numbers) for column in columns]
    return pl.concat([values for values, _ in read]), pl.concat([wrong for _, wrong in read])


def _melted(dates: pl.Series, lines: pl.Series, prices: pl.Series, mapping: Mapping) -> pl.DataFrame:
    """Give every cell its date, ticker and line; cells come column by column."""
    height, names = len(dates), [in_case(name, mapping.ticker_case) for _, name in mapping.tickers]
    again = np.tile(np.arange(height), len(names))
    return pl.DataFrame(
        {
            "date": dates.gather(again),
            "ticker": pl.Series(names, dtype=pl.String).gather(np.repeat(np.arange(len(names)), height)),
            "price": prices,
            "line": lines.gather(again),
        },
    ).with_columns(blank=pl.col("price").is_null())


def _cell_refusals(
    columns: list[pl.Series], lines: pl.Series, bad: pl.Series, mapping: Mapping
) -> Iterator[pl.DataFrame]:
    """Refuse cells, column by column."""
    for number, (position, name) in enumerate(mapping.tickers):
        mask = bad.slice(number * len(lines), len(lines))
        if mask.any():
            texts = as_texts(columns[number].filter(mask))
            explain = (lambda text: explain_price(text, mapping.numbers)) if name else _without_ticker
            yield refused_cells(lines.filter(mask), mapping.column(position), texts, explain)


def _without_ticker(_text: str) -> str:
    return "stands in a column without a ticker"


def _line_refusal(batch: Batch, mapping: Mapping, position: int) -> Refusal:
    texts = [str(as_texts(column[position : position + 1])[0]) for column in batch.columns]
    line = int(batch.lines[position])
    if [text.strip() for text in texts] == list(mapping.header):
        return line, None, ",".join(texts), "is the header once more"
    date = texts[mapping.date]
    return (
        line,
        mapping.column(mapping.date),
        ",".join(texts),
        f"{date!r} {explain_date(date, mapping.dates)}",
    )
