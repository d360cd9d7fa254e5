"""The table of contents of a panel: sessions, tickers, who was there when, and what is damaged."""

import datetime as dt

import polars as pl
import pytest

from quality.errors import InputError
from quality.panel.panel_files import panel_files
from quality.panel.partitions import SCHEMA, list_years

ROWS = [
    (dt.date(2021, 12, 31), "ST10", 1.0),
    (dt.date(2021, 12, 31), "ST2", None),
    (dt.date(2022, 1, 3), "ST10", 1.0),
    (dt.date(2022, 1, 5), "ST10", 1.0),
    (dt.date(2022, 1, 5), "ST1", 1.0),
]


def catalogue_of(panel):
    with panel_files(panel, list_years(panel)) as files:
        return files.catalogue(threads=2)


def add_file(panel, key, rows):
    with panel.writing(key) as path:
        pl.DataFrame(rows, schema=SCHEMA, orient="row").write_parquet(path)


def test_sessions_are_the_dates_that_the_panel_holds(make_panel):
    catalogue = catalogue_of(make_panel(ROWS))
    assert [str(day) for day in catalogue.sessions] == ["2021-12-31", "2022-01-03", "2022-01-05"]
    assert catalogue.first_numbers == {2021: 1, 2022: 2}


def test_tickers_are_known_with_the_number_of_their_first_session(make_panel):
    catalogue = catalogue_of(make_panel(ROWS))
    assert list(catalogue.first_seen.items()) == [("ST1", 3), ("ST10", 1), ("ST2", 1)]
    assert catalogue.natural_tickers == ["ST1", "ST2", "ST10"]


def test_a_damaged_file_is_named_and_the_rest_is_read(make_panel):
    panel = make_panel(ROWS)
    panel.write("year=2020/prices.parquet", b"PAR1 no parquet PAR1")
    catalogue = catalogue_of(panel)
    assert [damage.year for damage in catalogue.damaged] == [2020]
    assert catalogue.damaged_in(2020)
    assert list(catalogue.by_year) == [2021, 2022]


@pytest.mark.parametrize("stray", [dt.date(2021, 1, 4), None])
def test_a_year_with_dates_of_another_or_none_is_named(make_panel, stray):
    panel = make_panel(ROWS)
    add_file(panel, "year=2023/prices.parquet", [(dt.date(2023, 1, 2), "ST1", 1.0), (stray, "ST1", 1.0)])
    (damage,) = catalogue_of(panel).damaged
    assert damage.year == 2023
    assert f"such as {stray}" in damage.reason


def test_a_panel_of_nothing_but_damage_is_refused(make_panel):
    panel = make_panel(ROWS[:2])
    panel.write("year=2021/prices.parquet", b"no parquet")
    with pytest.raises(InputError, match="year=2021"):
        catalogue_of(panel)


def test_a_panel_without_rows_is_refused(make_panel):
    panel = make_panel(ROWS[:2])
    add_file(panel, "year=2021/prices.parquet", [])
    with pytest.raises(InputError, match="no rows"):
        catalogue_of(panel)
