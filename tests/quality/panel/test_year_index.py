"""A year's index: sessions, tickers and who has rows when, from files in any order; prices are laid out by it."""

import datetime as dt
import io
import math

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from quality.errors import InputError
from quality.panel.partitions import SCHEMA
from quality.panel.year_files import read_cells, read_prices
from quality.panel.year_index import index_year, lay_out

ROWS = [
    (dt.date(2024, 1, 2), "A", 1.0),
    (dt.date(2024, 1, 3), "A", None),
    (dt.date(2024, 12, 31), "A", 3.0),
    (dt.date(2024, 1, 3), "B", -0.0),
    (dt.date(2024, 1, 2), "ö", math.nan),
]
LAID = [[1, math.nan, 3], [math.nan, 0, math.nan], [math.nan] * 3]


def parquet(rows, schema=SCHEMA, **options) -> bytes:
    file = io.BytesIO()
    pl.DataFrame(rows, schema=schema, orient="row").write_parquet(file, **options)
    return file.getvalue()


def laid(index, files):
    prices = np.full((len(index.tickers), len(index.sessions)), np.nan)
    sources = [pa.BufferReader(data) for data in files]
    cells = () if index.is_sorted else read_cells(sources, index.year)[1]
    lay_out(index, read_prices([pa.BufferReader(data) for data in files]), prices, cells)
    return prices


@pytest.mark.parametrize(
    ("files", "is_sorted"),
    [
        ([ROWS], True),
        ([ROWS[:2], ROWS[2:]], True),
        ([ROWS[2:], ROWS[:2]], False),
        ([ROWS[::-1]], False),
        ([sorted(ROWS, key=lambda row: row[:2])], False),
        ([[], ROWS], True),
    ],
)
def test_files_in_any_order_are_indexed_and_laid_out_alike(files, is_sorted):
    data = [parquet(rows) for rows in files]
    index = index_year(2024, data)
    assert [str(day) for day in index.sessions] == ["2024-01-02", "2024-01-03", "2024-12-31"]
    assert index.tickers == ("A", "B", "ö")
    assert (index.rows, index.is_sorted) == (5, is_sorted)
    assert index.present.tolist() == [[True, True, True], [False, True, False], [True, False, False]]
    assert index.first_session.tolist() == [0, 1, 0]
    assert index.rows_by_session.tolist() == [2, 2, 1]
    np.testing.assert_array_equal(laid(index, data), LAID)


def test_small_row_groups_are_one_column():
    data = [parquet(ROWS, row_group_size=2)]
    np.testing.assert_array_equal(laid(index_year(2024, data), data), LAID)


def test_a_year_without_gaps_keeps_no_mask():
    rows = [(dt.date(2024, 1, day), ticker, 1.0) for ticker in "AB" for day in (1, 2)]
    index = index_year(2024, [parquet(rows)])
    assert index.packed is None
    assert index.present.all()


@pytest.mark.parametrize(
    "types",
    [
        {"date": pl.Datetime("ms")},
        {"ticker": pl.Categorical},
        {"price": pl.Float32},
        {"price": pl.Int64},
    ],
)
def test_other_types_that_hold_the_same_are_read(types):
    rows = [(dt.date(2024, 1, 2), "A", 1.0), (dt.date(2024, 1, 3), "B", 2.0)]
    file = io.BytesIO()
    pl.DataFrame(rows, schema=SCHEMA, orient="row").cast(types).write_parquet(file)
    index = index_year(2024, [file.getvalue()])
    np.testing.assert_array_equal(laid(index, [file.getvalue()]), [[1, math.nan], [math.nan, 2]])


@pytest.mark.parametrize("again", [0, 3])
def test_doubled_keys_are_refused_with_their_number_and_an_example(again):
    with pytest.raises(InputError, match=r"^2 rows repeat .* such as 2024-01-0\d '[AB]';"):
        index_year(2024, [parquet([*ROWS, ROWS[again], ROWS[again]])])


@pytest.mark.parametrize("stray", [dt.date(2023, 12, 31), dt.date(2025, 1, 1), dt.date(1, 1, 1), None])
def test_rows_of_another_year_are_refused(stray):
    with pytest.raises(InputError, match=f"^rows of 1 dates are not of 2024, such as {stray};"):
        index_year(2024, [parquet([*ROWS, (stray, "A", 1.0)])])


def test_rows_without_a_ticker_are_refused():
    with pytest.raises(InputError, match="rows without a ticker"):
        index_year(2024, [parquet([*ROWS, (dt.date(2024, 2, 1), None, 1.0)])])


@pytest.mark.parametrize("damage", [b"", b"PAR1 no parquet PAR1", parquet(ROWS)[:-100], parquet(ROWS)[20:]])
def test_a_damaged_file_is_an_error_of_one_line(damage):
    with pytest.raises(InputError, match="cannot be read as part of a panel") as refused:
        index_year(2024, [damage])
    assert "\n" not in str(refused.value)


def test_a_file_without_the_columns_is_damaged():
    with pytest.raises(InputError, match="cannot be read as part of a panel"):
        index_year(2024, [parquet([(1,)], ["day"])])


def test_prices_that_are_not_as_many_as_the_rows_are_refused():
    index = index_year(2024, [parquet(ROWS)])
    with pytest.raises(InputError, match="changed while they were read"):
        laid(index, [parquet(ROWS[:3])])
