"""The optional columns of a panel: read where they are, kept where rows are added, absent where they are not."""

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from quality.errors import InputError
from quality.panel.extras import ADJUSTED_CLOSE, EXTRAS, VOLUME, extras_among
from quality.panel.grid_files import load_grid, section_of
from quality.panel.panel_files import panel_files
from quality.panel.partitions import append_rows, list_years, read_rows, replace_rows, rows_on, write_year
from quality.storage import Store, open_store


def rows(year: int, **extras: list[float | None]) -> pl.DataFrame:
    """Two tickers on two days, sorted."""
    days = [dt.date(year, 1, 5), dt.date(year, 1, 6)]
    columns = {"date": days * 2, "ticker": ["A", "A", "B", "B"], "price": [1.0, 2.0, 3.0, 4.0]}
    return pl.DataFrame(columns | extras)


@pytest.fixture
def panel(tmp_path: Path) -> Store:
    store = open_store(tmp_path / "panel")
    write_year(store, rows(2020))
    write_year(store, rows(2021, volume=[10.0, None, 30.0, 40.0]))
    return store


def test_the_optional_columns_come_in_their_order() -> None:
    assert extras_among(["price", "adjusted_close", "open", "volume"]) == (VOLUME, ADJUSTED_CLOSE)


def test_a_grid_has_the_columns_that_any_year_has_and_that_are_wanted(panel: Store) -> None:
    with panel_files(panel, list_years(panel)) as files:
        catalogue = files.catalogue(1)
        wanted = section_of(catalogue, (2021,), 1, 0, remembers=False, extras=EXTRAS)
        grid = load_grid(wanted, files)
        bare = load_grid(section_of(catalogue, (2021,), 1, 0, remembers=False), files)
    assert set(grid.extras) == {VOLUME}
    expected = [[np.nan, 10.0, np.nan], [np.nan, 30.0, 40.0]]
    assert np.array_equal(grid.extras[VOLUME], expected, equal_nan=True)
    assert bare.extras == {}


def test_rows_out_of_order_and_other_numbers_are_laid_out_as_well(tmp_path: Path) -> None:
    store = open_store(tmp_path / "panel")
    write_year(store, rows(2021, volume=[1, 2, 3, 4]).reverse())
    with panel_files(store, list_years(store)) as files:
        grid = load_grid(section_of(files.catalogue(1), (2021,), 0, 0, remembers=False, extras=EXTRAS), files)
    assert grid.extras[VOLUME].tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_a_column_of_texts_is_damage(tmp_path: Path) -> None:
    store = open_store(tmp_path / "panel")
    write_year(store, rows(2021).with_columns(volume=pl.lit("many")))
    with panel_files(store, list_years(store)) as files, pytest.raises(InputError, match="cannot be read"):
        files.catalogue(1)


@pytest.mark.parametrize("arriving", ["with", "without"])
def test_a_day_that_is_added_or_replaced_loses_no_column(panel: Store, arriving: str) -> None:
    day = pl.DataFrame({"date": [dt.date(2021, 1, 7)], "ticker": ["A"], "price": [5.0]})
    if arriving == "with":
        day = day.with_columns(volume=70.0)
    append_rows(panel, day)
    replace_rows(panel, day.with_columns(price=6.0))
    year = read_rows(panel, list_years(panel)[-1])
    assert year.get_column("volume").to_list() == [10.0, None, 70.0 if arriving == "with" else None, 30.0, 40.0]
    assert rows_on(panel, dt.date(2021, 1, 7)).get_column("price").to_list() == [6.0]


def test_a_day_with_volume_is_added_to_a_year_without(panel: Store) -> None:
    append_rows(panel, rows(2020, volume=[1.0] * 4).head(1).with_columns(date=dt.date(2020, 1, 9)))
    assert read_rows(panel, list_years(panel)[0]).get_column("volume").to_list() == [None, None, 1.0, None, None]
