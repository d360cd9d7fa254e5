"""A long table, a row a price, to rows of a panel."""

import polars as pl

from quality.ingest.convert import as_texts, explain_date, explain_price, read_dates, read_prices
from quality.ingest.mapping import Mapping
from quality.ingest.records import Batch
from quality.ingest.refused import Refusal, refusals
from quality.ingest.tickers import in_case


def long_rows(batch: Batch, mapping: Mapping) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give a batch's rows (`convert.ROWS`) and refusals (`refused.ROW_SCHEMA`); together, all its records."""
    dates = read_dates(batch.columns[mapping.date], mapping.dates)
    prices, wrong = read_prices(batch.columns[mapping.price or 0], mapping.numbers)
    tickers = _tickers(batch, mapping)
    rows = pl.DataFrame({"date": dates, "ticker": tickers, "price": prices, "line": batch.lines}).with_columns(
        blank=pl.lit(value=False)
    )
    bad = dates.is_null() | (tickers == "") | wrong
    if not bad.any():
        return rows, batch.refused
    refused = [_refusal(batch, mapping, at) for at in bad.arg_true().to_list()]
    return rows.filter(~bad), pl.concat([batch.refused, refusals(refused)])


def _tickers(batch: Batch, mapping: Mapping) -> pl.Series:
    if mapping.ticker is None:
        name = in_case(mapping.fixed_ticker or "", mapping.ticker_case)
        return pl.Series("ticker", [name]).new_from_index(0, len(batch.lines))
    tickers = as_texts(batch.columns[mapping.ticker]).str.strip_chars()
    if mapping.ticker_case == "as-is":
        return tickers
    return tickers.str.to_uppercase() if mapping.ticker_case == "upper" else tickers.str.to_lowercase()


def _refusal(batch: Batch, mapping: Mapping, at: int) -> Refusal:
    """Say why a record is refused: for its date, else its ticker, else its price."""
    line = int(batch.lines[at])

    def text(position: int) -> str:
        return str(as_texts(batch.columns[position][at : at + 1])[0])

    if _repeats_header(mapping, [text(position) for position in range(len(batch.columns))]):
        return line, None, ",".join(mapping.header), "is the header once more"
    date = text(mapping.date)
    if read_dates(batch.columns[mapping.date][at : at + 1], mapping.dates)[0] is None:
        return line, mapping.column(mapping.date), date, explain_date(date, mapping.dates)
    if mapping.ticker is not None and not text(mapping.ticker).strip():
        return line, mapping.column(mapping.ticker), text(mapping.ticker), "is blank: a row needs a ticker"
    price = text(mapping.price or 0)
    if not mapping.fixed_ticker and mapping.ticker is None:
        return line, None, "", "the file's name tells no ticker"
    return line, mapping.column(mapping.price or 0), price, explain_price(price, mapping.numbers)


def _repeats_header(mapping: Mapping, texts: list[str]) -> bool:
    return any(mapping.header) and [text.strip() for text in texts] == list(mapping.header)
