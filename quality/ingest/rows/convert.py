"""Columns of a table to dates, prices and tickers of a panel; what is none is told apart."""

import re
from typing import NamedTuple

import polars as pl

from quality.ingest.format.dates import DateReader
from quality.ingest.format.numbers import NumberFormat, unscaled

# Dates that are read at once where a column has many: each part has its full number of digits, and a time of day that
# states no zone changes nothing.
_TIME = r"(?:[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?)?"
_LENGTHS = {"Y": 4, "m": 2, "d": 2}
_PLAIN = frozenset(
    {"%Y%m%d", *(f"%Y{mark}%m{mark}%d" for mark in "-/.")}
    | {f"{order}{mark}%Y".replace(" ", mark) for mark in "-/." for order in ("%d %m", "%m %d")}
)
_MANY = 50
# What a reader gives: a row of the panel, the line that it stood on, and whether its price is a blank cell.
ROWS = pl.Schema(
    {
        "date": pl.Date,
        "ticker": pl.String,
        "price": pl.Float64,
        "line": pl.UInt32,
        "blank": pl.Boolean,
    }
)


class TableRows(NamedTuple):
    """What became of a batch's records.

    Attributes:
        rows: `ROWS`, and the optional columns that were asked for.
        refused: What is no row, as `quarantine.ROW_SCHEMA`; together with the rows, all that there was.
        unread: Cells of optional columns that could not be read, likewise; their rows have none.

    """

    rows: pl.DataFrame
    refused: pl.DataFrame
    unread: pl.DataFrame


def as_texts(column: pl.Series) -> pl.Series:
    """Give a column as texts for messages and readers; "" where it is null."""
    if column.dtype == pl.String:
        return column.fill_null("") if column.null_count() else column
    try:
        return column.cast(pl.String).fill_null("")
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return pl.Series(column.name, [str(value) for value in column.to_list()], dtype=pl.String)


def read_dates(column: pl.Series, reader: DateReader) -> pl.Series:
    """Give a column's sessions; null where a value means none."""
    if column.dtype == pl.Date:
        return _in_calendar(column)
    if isinstance(column.dtype, pl.Datetime):
        return _in_calendar(_local(column, reader))
    texts = as_texts(column)
    distinct = texts.unique()
    return texts.replace_strict(distinct, _read_distinct(distinct, reader), default=None, return_dtype=pl.Date)


def _read_distinct(texts: pl.Series, reader: DateReader) -> pl.Series:
    """Read texts that are all different: those of a plain form at once, all others one by one."""
    form = reader.format.text
    if form not in _PLAIN or reader.clock is not None or len(texts) < _MANY:
        return pl.Series("date", reader.read(texts.to_list()), dtype=pl.Date)
    parts = [f"[0-9]{{{_LENGTHS[part[0]]}}}{re.escape(part[1:])}" for part in form.split("%")[1:]]
    pattern = f"^{''.join(parts)}{_TIME}$"
    length = sum(_LENGTHS[part[0]] + len(part) - 1 for part in form.split("%")[1:])
    text = pl.col("text")
    dates = texts.to_frame("text").select(
        date=pl.when(text.str.contains(pattern)).then(text.str.slice(0, length).str.to_date(form, strict=False))
    )
    found = _in_calendar(dates.to_series())
    rest = found.is_null()
    if rest.any():
        found = found.scatter(rest.arg_true(), pl.Series(reader.read(texts.filter(rest).to_list()), dtype=pl.Date))
    return found


def _in_calendar(dates: pl.Series) -> pl.Series:
    """Take away dates whose year has not four digits: a panel has no partition for them."""
    fits = dates.dt.year().is_between(1000, 9999).fill_null(value=False)
    return dates if fits.all() else dates.to_frame("date").select(pl.when(fits).then(pl.col("date"))).to_series()


def _local(moments: pl.Series, reader: DateReader) -> pl.Series:
    zone = moments.dtype.time_zone  # type: ignore[attr-defined]
    if zone is None and reader.clock:
        moments = moments.dt.replace_time_zone(reader.clock, ambiguous="earliest", non_existent="null")
        zone = reader.clock
    if zone is not None and reader.timezone:
        return moments.dt.convert_time_zone(reader.timezone).dt.date()
    if zone is None:
        return moments.dt.date()
    midnight = moments.dt.time() == pl.time(0)
    return moments.dt.date().to_frame("date").select(pl.when(midnight).then(pl.col("date"))).to_series()


def explain_date(text: str, reader: DateReader) -> str:
    """Say why a value means no session."""
    return reader.explain(text) or "is a moment, not a date: say the exchange's --timezone"


def read_prices(column: pl.Series, numbers: NumberFormat) -> tuple[pl.Series, pl.Series]:
    """Give a column's prices, null where there is none, and which of its values are no price at all."""
    if not column.dtype.is_numeric():
        return numbers.read(as_texts(column))
    values = column.cast(pl.Float64).fill_nan(None)
    wrong = values.is_infinite().fill_null(value=False)
    return unscaled(values, numbers.scale), wrong


def explain_price(text: str, numbers: NumberFormat) -> str:
    """Say why a value is no price."""
    return numbers.explain(text) or "is beyond the range of numbers"
