"""A long table, a row a price, to rows of a panel."""

from collections.abc import Callable, Iterator

import polars as pl

from quality.findings.quarantine import refusals, refused_cells
from quality.ingest.files.tickers import in_case
from quality.ingest.format.mapping import Mapping
from quality.ingest.rows.beside import read_beside
from quality.ingest.rows.convert import TableRows, as_texts, explain_date, explain_price, read_dates, read_prices
from quality.ingest.rows.records import Batch


def long_rows(batch: Batch, mapping: Mapping) -> TableRows:
    """Give a batch's rows."""
    dates = read_dates(batch.columns[mapping.date], mapping.dates)
    prices, wrong = read_prices(batch.columns[mapping.price or 0], mapping.numbers)
    tickers = _tickers(batch, mapping)
    rows = pl.DataFrame({"date": dates, "ticker": tickers, "price": prices, "line": batch.lines}).with_columns(
        blank=pl.lit(value=False)
    )
    beside, unread = read_beside(batch, mapping)
    rows = rows.with_columns(beside)
    undated, nameless = dates.is_null(), tickers == ""
    bad = undated | nameless | wrong
    if not bad.any():
        return TableRows(rows, batch.refused, unread)
    again = undated & _repeats_header(batch, mapping)
    masks = (again, undated & ~again, nameless & ~undated, wrong & ~nameless & ~undated)
    refused = _refusals(batch, mapping, masks)
    all_refused = pl.concat([batch.refused, *refused]).sort("line", maintain_order=True)
    rows = rows.filter(~bad)
    return TableRows(rows, all_refused, unread.filter(pl.col("line").is_in(rows.get_column("line").implode())))


def _tickers(batch: Batch, mapping: Mapping) -> pl.Series:
    if mapping.ticker is None:
        name = in_case(mapping.fixed_ticker or "", mapping.ticker_case)
        return pl.Series("ticker", [name]).new_from_index(0, len(batch.lines))
    tickers = as_texts(batch.columns[mapping.ticker]).str.strip_chars()
    if mapping.ticker_case == "as-is":
        return tickers
    return tickers.str.to_uppercase() if mapping.ticker_case == "upper" else tickers.str.to_lowercase()


def _repeats_header(batch: Batch, mapping: Mapping) -> pl.Series:
    """Tell which records are the header once more."""
    same = pl.Series([any(mapping.header)]).new_from_index(0, len(batch.lines))
    for column, name in zip(batch.columns, mapping.header, strict=True):
        if not same.any():
            break
        same &= as_texts(column).str.strip_chars() == name
    return same


def _refusals(batch: Batch, mapping: Mapping, masks: tuple[pl.Series, ...]) -> Iterator[pl.DataFrame]:
    """Refuse records for what they are: the header again, else for their date, else ticker, else price."""
    again, undated, nameless, wrong = masks
    header = ",".join(mapping.header)
    if again.any():
        lines = batch.lines.filter(again)
        yield refusals([(line, None, header, "is the header once more") for line in lines])
    date, ticker, price = mapping.date, mapping.ticker, mapping.price or 0
    place = date if ticker is None else ticker  # a file whose name tells no ticker is refused for it before
    kinds: tuple[tuple[pl.Series, int, Callable[[str], str]], ...] = (
        (undated, date, lambda text: explain_date(text, mapping.dates)),
        (nameless, place, lambda _text: "is blank: a row needs a ticker"),
        (wrong, price, lambda text: explain_price(text, mapping.numbers)),
    )
    for mask, position, explain in kinds:
        if mask.any():
            texts = as_texts(batch.columns[position].filter(mask))
            yield refused_cells(batch.lines.filter(mask), mapping.column(position), texts, explain)
