"""The grid of some years: the judged sessions, as many around them as are wanted, and the tickers known by then."""

import datetime as dt
import pickle

import numpy as np
import pytest

from quality.panel.grid_files import load_grid, section_of
from quality.panel.panel_files import panel_files
from quality.panel.partitions import list_years

DAYS = [dt.date(2020, 12, 29) + dt.timedelta(days=day) for day in range(800)]


def rows_of(**spans: tuple[int, int]):
    """Rows of tickers from one day to another; a price tells its ticker and its day."""
    return [
        (DAYS[day], ticker, 1000.0 * number + day)
        for number, (ticker, (first, last)) in enumerate(spans.items())
        for day in range(first, last)
    ]


@pytest.fixture
def panel(make_panel):
    return make_panel(rows_of(A=(0, 800), C=(0, 2), B=(500, 800)))


def grid_of(panel, judged, look_back=7, look_ahead=0, *, remembers=True):
    with panel_files(panel, list_years(panel)) as files:
        section = section_of(files.catalogue(2), judged, look_back, look_ahead, remembers=remembers)
        return load_grid(pickle.loads(pickle.dumps(section)), files)  # noqa: S301 - what another process would get


def test_look_back_comes_first_and_look_ahead_last(panel):
    grid = grid_of(panel, (2021,), look_back=2, look_ahead=3)
    assert grid.sessions[grid.judged].tolist() == [day for day in DAYS if day.year == 2021]
    assert [str(day) for day in grid.sessions[: grid.judged.start]] == ["2020-12-30", "2020-12-31"]
    assert [str(day) for day in grid.sessions[grid.judged.stop :]] == ["2022-01-01", "2022-01-02", "2022-01-03"]
    assert grid.first_number == 2
    assert grid.history[0] == 1


def test_cells_hold_their_own_price(panel):
    grid = grid_of(panel, (2021, 2022))
    days = np.array([DAYS.index(day) for day in grid.sessions.tolist()])
    for ticker, base, (first, last) in (("A", 0, (0, 800)), ("B", 2000, (500, 800)), ("C", 1000, (0, 2))):
        row = grid.tickers.index(ticker)
        is_there = (days >= first) & (days < last)
        np.testing.assert_array_equal(grid.present[row], is_there)
        np.testing.assert_array_equal(grid.prices[row], np.where(is_there, base + days, np.nan))


def test_tickers_are_those_seen_up_to_the_end_with_their_first_session(panel):
    assert grid_of(panel, (2021,)).tickers == ("A", "C")
    grid = grid_of(panel, (2022,))
    assert (grid.tickers, grid.first_seen.tolist()) == (("A", "B", "C"), [1, 501, 1])


def test_a_set_that_does_not_remember_leaves_out_who_stopped_before(panel):
    grid = grid_of(panel, (2022,), remembers=False)
    assert (grid.tickers, grid.first_seen.tolist()) == (("A", "B"), [1, 501])


def test_the_panels_first_year_looks_back_on_nothing(panel):
    grid = grid_of(panel, (2020,))
    assert (grid.judged.start, grid.first_number) == (0, 1)


def test_looks_back_over_as_many_years_as_it_takes(make_panel):
    days = [dt.date(year, 1, day) for year in (2018, 2019, 2020, 2021) for day in (1, 2, 3)]
    grid = grid_of(make_panel([(day, "A", 1.0) for day in days]), (2021,), look_back=7)
    assert grid.sessions[: grid.judged.start].tolist() == days[2:9]


def test_the_section_of_one_year_of_several_is_that_of_the_year_alone(panel):
    with panel_files(panel, list_years(panel)) as files:
        catalogue = files.catalogue(2)
        whole = section_of(catalogue, (2020, 2021, 2022), 7, 2, remembers=True)
        for year in (2020, 2021, 2022):
            alone = section_of(catalogue, (year,), 7, 2, remembers=True)
            part = whole.of_years([year])
            assert [index.year for index in part.indexes] == [index.year for index in alone.indexes]
            assert (part.tickers, part.first_number) == (alone.tickers, alone.first_number)
            assert part.first_seen.tolist() == alone.first_seen.tolist()
