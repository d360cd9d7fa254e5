"""The plan of a scan: which years go together."""

import numpy as np

from quality.panel.catalogue import Catalogue
from quality.panel.year_index import YearIndex
from quality.scan.plan import group_portions, plan_chunks


def catalogue(sessions_by_year: dict[int, int], tickers: tuple[str, ...] = ("A",)) -> Catalogue:
    return Catalogue(
        tuple(
            YearIndex(
                year,
                "",
                np.datetime64(f"{year}-01-01", "D") + np.arange(count),
                tickers,
                count * len(tickers),
                is_sorted=True,
                packed=None,
            )
            for year, count in sessions_by_year.items()
        )
    )


def test_years_go_together_up_to_the_cells_of_a_chunk():
    panel = catalogue({2020: 10, 2021: 10, 2022: 10, 2023: 10})
    assert plan_chunks(panel, [2020, 2021, 2022, 2023], cells=20) == [(2020, 2021), (2022, 2023)]


def test_a_year_of_more_is_a_chunk_of_its_own():
    panel = catalogue({2020: 10, 2021: 30, 2022: 5})
    assert plan_chunks(panel, [2020, 2021, 2022], cells=20) == [(2020,), (2021,), (2022,)]


def test_cells_are_sessions_times_tickers():
    panel = catalogue({2020: 10, 2021: 10}, tickers=("A", "B", "C"))
    assert plan_chunks(panel, [2020, 2021], cells=20) == [(2020,), (2021,)]


def test_years_that_do_not_follow_one_another_do_not_go_together():
    panel = catalogue({2020: 10, 2021: 10, 2022: 10})
    assert plan_chunks(panel, [2020, 2022], cells=100) == [(2020,), (2022,)]


def test_years_of_a_panel_that_skips_some_go_together():
    panel = catalogue({2020: 10, 2024: 10})
    assert plan_chunks(panel, [2020, 2024], cells=100) == [(2020, 2024)]


def test_portions_are_shared_evenly_among_threads():
    portions = [(year,) for year in range(2000, 2028)]
    units = group_portions(portions, threads=2, most=4)
    assert [len(unit) for unit in units] == [3, 4, 3, 4, 3, 4, 3, 4]
    assert [portion for unit in units for portion in unit] == portions


def test_a_few_portions_leave_no_thread_idle():
    assert group_portions([(2020,), (2021,), (2022,)], threads=2) == [((2020,),), ((2021,), (2022,))]
    assert group_portions([(2020,)], threads=2) == [((2020,),)]
    assert group_portions([], threads=2) == []
