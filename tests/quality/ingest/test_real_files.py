"""Real files, where there are some: a folder named by PRICEWATCH_TEST_DATA, or shared/data beside the checkout."""

import os
from pathlib import Path

import polars as pl
import pytest

DATA = Path(os.environ.get("PRICEWATCH_TEST_DATA") or Path(__file__).parents[4] / "shared" / "data")
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="there are no real files: set PRICEWATCH_TEST_DATA")


def test_zips_of_one_ticker_each_without_header_and_with_integers_are_read_without_a_word(desk):
    folder = next(DATA.glob("*/Data/equity/usa/daily"))
    summary = desk.ingest(str(folder), ticker_case="upper")
    assert (summary["rows_read"], summary["rows_written"], summary["files_read"]) == (70_025, 70_025, 21)
    rows = {row[:2]: row[2] for row in desk.rows()}
    assert rows["1998-01-02", "AAPL"] == 16.25
    assert rows["2002-05-23", "AAA"] == 54.9
    assert len({ticker for _, ticker in rows}) == 21


@pytest.mark.parametrize(
    ("name", "rows", "blanks"),
    [
        ("pypfopt_tests_stock_prices.csv", 7126 * 20, 35_589),
        ("pypfopt_cookbook_stock_prices.csv", 8796 * 19, 31_461),
        ("skfolio_sp500_dataset.csv.gz", 8313 * 20, 0),
    ],
)
def test_blanks_of_wide_sheets_before_a_listing_are_no_rows_and_every_price_is_pythons(desk, name, rows, blanks):
    file = DATA / "wide_panels" / name
    summary = desk.ingest(str(file))
    assert (summary["rows_read"], summary["not_listed"]) == (rows - blanks, blanks)
    sheet = pl.read_csv(file, infer_schema=False)
    listed = sheet.unpivot(index=sheet.columns[0], variable_name="ticker").drop_nulls("value")
    expected = {(date, ticker): float(text) for date, ticker, text in listed.iter_rows()}
    assert {row[:2]: row[2] for row in desk.rows()} == expected
