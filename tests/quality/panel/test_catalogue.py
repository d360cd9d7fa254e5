"""The table of contents of a panel: sessions, tickers, who was there when, and what is damaged."""

import datetime as dt

import polars as pl
import pytest

from quality.engine.connection import EngineOptions, open_engine
from quality.errors import InputError
from quality.panel.catalogue import read_catalogue
from quality.panel.partitions import SCHEMA, list_years
from quality.storage import local_copies

ROWS = [
    (dt.date(2021, 12, 31), "ST10", 1.0),
    (dt.date(2021, 12, 31), "ST2", None),
    (dt.date(2022, 1, 3), "ST10", 1.0),
    (dt.date(2022, 1, 5), "ST10", 1.0),
    (dt.date(2022, 1, 5), "ST1", 1.0),
]


def catalogue_of(panel):
    years = list_years(panel)
    with (
        local_copies(panel, [key for year in years for key in year.keys]) as paths,
        open_engine(EngineOptions(files=list(paths.values()))) as engine,
    ):
        return read_catalogue(engine, years, paths)


def add_file(panel, key, rows):
    with panel.writing(key) as path:
        pl.DataFrame(rows, schema=SCHEMA, orient="row").write_parquet(path)


def test_sessions_are_the_dates_that_the_panel_holds(make_panel):
    sessions = catalogue_of(make_panel(ROWS)).sessions
    assert sessions.select("date", "part", "session").rows() == [
        (dt.date(2021, 12, 31), 2021, 1),
        (dt.date(2022, 1, 3), 2022, 2),
        (dt.date(2022, 1, 5), 2022, 3),
    ]


def test_tickers_are_numbered_in_natural_order_with_their_first_date(make_panel):
    tickers = catalogue_of(make_panel(ROWS)).tickers
    assert tickers.rows() == [
        ("ST1", 1, dt.date(2022, 1, 5)),
        ("ST2", 2, dt.date(2021, 12, 31)),
        ("ST10", 3, dt.date(2021, 12, 31)),
    ]


def test_rows_are_counted_by_year(make_panel):
    assert catalogue_of(make_panel(ROWS)).rows == {2021: 2, 2022: 3}


def test_a_damaged_file_is_named_and_the_rest_is_read(make_panel):
    panel = make_panel(ROWS)
    panel.write("year=2020/prices.parquet", b"PAR1 no parquet PAR1")
    catalogue = catalogue_of(panel)
    assert [damage.year for damage in catalogue.damaged] == [2020]
    assert len(catalogue.damaged[0].reason.splitlines()) == 1
    assert catalogue.sessions.height == 3


def test_a_file_without_the_columns_is_damaged(make_panel):
    panel = make_panel(ROWS)
    with panel.writing("year=2020/prices.parquet") as path:
        pl.DataFrame({"day": [1]}).write_parquet(path)
    assert [damage.year for damage in catalogue_of(panel).damaged] == [2020]


@pytest.mark.parametrize("stray", [dt.date(2021, 1, 4), None])
def test_a_year_with_dates_of_another_or_none_is_named(make_panel, stray):
    panel = make_panel(ROWS)
    add_file(panel, "year=2023/prices.parquet", [(dt.date(2023, 1, 2), "ST1", 1.0), (stray, "ST1", 1.0)])
    catalogue = catalogue_of(panel)
    (damage,) = catalogue.damaged
    assert damage.year == 2023
    assert f"such as {stray}" in damage.reason
    assert catalogue.sessions.get_column("part").unique().sort().to_list() == [2021, 2022]


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
