"""Frames of other libraries as one table."""

import datetime as dt
from decimal import Decimal

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from quality.direct.frames import as_polars
from quality.errors import UsageError

DAYS = [dt.date(2022, 1, 3), dt.date(2022, 1, 4)]
LONG = pl.DataFrame({"date": DAYS, "ticker": ["A", "A"], "price": [1.0, 2.0]})


@pytest.mark.parametrize(
    "frame",
    [
        LONG,
        LONG.lazy(),
        LONG.to_arrow(),
        LONG.to_arrow().to_batches()[0],
        pa.RecordBatchReader.from_batches(LONG.to_arrow().schema, LONG.to_arrow().to_batches()),
        LONG.to_pandas(),
    ],
    ids=lambda frame: type(frame).__name__,
)
def test_every_kind_is_the_same_table(frame):
    assert as_polars(frame).with_columns(pl.col("date").cast(pl.Date)).rows() == LONG.rows()


def test_dates_in_an_index_are_a_column():
    wide = pd.DataFrame({"A": [1.0, 2.0]}, index=pd.to_datetime(DAYS))
    assert as_polars(wide).columns == ["date", "A"]
    assert as_polars(wide.rename_axis("Session")).columns == ["Session", "A"]


def test_a_series_with_dates_and_tickers_in_its_index_is_long():
    prices = LONG.to_pandas().set_index(["date", "ticker"])["price"]
    assert as_polars(prices).columns == ["date", "ticker", "price"]


def test_a_counted_index_is_no_column():
    assert as_polars(pd.DataFrame({"A": [1.0]})).columns == ["A"]


def test_the_frame_that_was_given_stays_as_it_is():
    wide = pd.DataFrame({1: [1.0]}, index=pd.to_datetime(DAYS[:1]))
    as_polars(wide)
    assert list(wide.columns) == [1]


def test_columns_of_two_levels_are_refused_with_the_way_out():
    frame = pd.DataFrame([[1.0]], columns=pd.MultiIndex.from_tuples([("Close", "A")]))
    with pytest.raises(UsageError, match=r"2 levels, such as \['Close', 'A'\]: choose one price"):
        as_polars(frame)


def test_categories_and_decimals_are_what_a_file_would_hold():
    frame = pl.DataFrame({"ticker": pl.Series(["A"], dtype=pl.Categorical), "price": [Decimal("1.50")]})
    assert as_polars(frame).schema == {"ticker": pl.String, "price": pl.Float64}


@pytest.mark.parametrize("thing", [[1], {"date": 1}, 7, None])
def test_what_is_no_frame_is_refused(thing):
    with pytest.raises(UsageError, match="give a frame of Polars, pandas or Arrow, or the address of a file"):
        as_polars(thing)
