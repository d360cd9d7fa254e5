"""A wide table, a column a ticker, to rows of a panel.

A blank cell is a row without a price, but for one case: blanks before a ticker's first price in the same
file, or in a column that has no price at all in a file of several sessions, stand for "not listed (yet)"
and are no rows. What is decided here is decided file by file, so the order of arrivals does not matter.
"""

import datetime as dt
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from quality.ingest.convert import ROWS, as_texts, explain_date, explain_price, read_dates, read_prices
from quality.ingest.mapping import Mapping
from quality.ingest.records import Batch
from quality.ingest.refused import Refusal, refusals
from quality.ingest.tickers import in_case

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
        return pl.DataFrame(
            {"file": [file] * len(tickers), "ticker": tickers, "listed": dates}, schema=LISTING
        )


def wide_rows(batch: Batch, mapping: Mapping) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give a batch's rows, one a cell (`convert.ROWS`), and refusals.

    A line without a date is refused whole, as one row.
    """
    dates = read_dates(batch.columns[mapping.date], mapping.dates)
    refused = [_line_refusal(batch, mapping, at) for at in dates.is_null().arg_true().to_list()]
    columns, lines = batch.columns, batch.lines
    if refused:
        kept = dates.is_not_null()
        dates, lines = dates.filter(kept), lines.filter(kept)
        columns = [column.filter(kept) for column in columns]
    named: list[str] = []
    prices: list[pl.Series] = []
    bad: list[pl.Series] = []
    for at, name in mapping.tickers:
        values, wrong = read_prices(columns[at], mapping.numbers)
        if not name:
            wrong = wrong | values.is_not_null()
            refused += _cells(columns[at], lines, wrong, mapping, at)
            continue
        refused += _cells(columns[at], lines, wrong, mapping, at)
        named.append(in_case(name, mapping.ticker_case))
        prices.append(values)
        bad.append(wrong)
    rows = _melted(dates, lines, named, prices, bad)
    return rows, pl.concat([batch.refused, refusals(refused)]) if refused else batch.refused


def _melted(
    dates: pl.Series, lines: pl.Series, named: list[str], prices: list[pl.Series], bad: list[pl.Series]
) -> pl.DataFrame:
    height = len(dates)
    if not named or not height:
        return pl.DataFrame(schema=ROWS)
    price = pl.concat(prices).alias("price")
    rows = pl.DataFrame(
        {
            "date": dates.gather(np.tile(np.arange(height), len(named))),
            "ticker": pl.Series("ticker", named).gather(np.repeat(np.arange(len(named)), height)),
            "price": price,
            "line": lines.gather(np.tile(np.arange(height), len(named))),
        }
    ).with_columns(blank=pl.col("price").is_null())
    wrong = pl.concat(bad)
    return rows.filter(~wrong) if wrong.any() else rows


def _cells(column: pl.Series, lines: pl.Series, wrong: pl.Series, mapping: Mapping, at: int) -> list[Refusal]:
    if not wrong.any():
        return []
    texts, numbers = as_texts(column.filter(wrong)).to_list(), lines.filter(wrong).to_list()
    name = mapping.header[at]
    return [
        (
            line,
            mapping.column(at),
            text,
            explain_price(text, mapping.numbers) if name else "stands in a column without a ticker",
        )
        for line, text in zip(numbers, texts, strict=True)
    ]


def _line_refusal(batch: Batch, mapping: Mapping, at: int) -> Refusal:
    texts = [str(as_texts(column[at : at + 1])[0]) for column in batch.columns]
    line = int(batch.lines[at])
    if [text.strip() for text in texts] == list(mapping.header):
        return line, None, ",".join(texts), "is the header once more"
    date = texts[mapping.date]
    return (
        line,
        mapping.column(mapping.date),
        ",".join(texts),
        f"{date!r} {explain_date(date, mapping.dates)}",
    )
