"""The plan of a scan: which years go together, what they look back on, which sessions must be sorted."""

import datetime as dt

import polars as pl
import pytest

from quality.panel.catalogue import Catalogue
from quality.scan.plan import Chunk, chunk_sessions, plan_chunks


def catalogue(sessions_by_year: dict[int, int], rows_a_session: int = 1) -> Catalogue:
    dates = [
        (year, dt.date(year, 1, 1) + dt.timedelta(days=day), rows_a_session)
        for year, count in sessions_by_year.items()
        for day in range(count)
    ]
    presence = [
        (year, "A", dt.date(year, 1, 1), dt.date(year, 1, count), count * rows_a_session)
        for year, count in sessions_by_year.items()
    ]
    return Catalogue(
        pl.DataFrame(dates, schema=["year", "date", "row_count"], orient="row"),
        pl.DataFrame(presence, schema=["year", "ticker", "first_date", "last_date", "row_count"], orient="row"),
    )


class TestPlan:
    def test_years_go_together_up_to_the_rows_of_a_chunk(self):
        panel = catalogue({2020: 10, 2021: 10, 2022: 10, 2023: 10})
        chunks = plan_chunks(panel, [2020, 2021, 2022, 2023], look_back=7, rows=20)
        assert [chunk.years for chunk in chunks] == [(2020, 2021), (2022, 2023)]

    def test_a_year_above_the_limit_is_a_chunk_of_its_own(self):
        panel = catalogue({2020: 10, 2021: 30, 2022: 5})
        assert [chunk.years for chunk in plan_chunks(panel, [2020, 2021, 2022], 7, rows=20)] == [
            (2020,),
            (2021,),
            (2022,),
        ]

    def test_looks_back_over_as_many_years_as_it_takes(self):
        panel = catalogue({2018: 10, 2019: 3, 2020: 2, 2021: 10})
        (chunk,) = plan_chunks(panel, [2021], look_back=7)
        assert chunk == Chunk((2021,), (2018, 2019, 2020))

    def test_the_first_year_looks_back_on_nothing(self):
        (chunk,) = plan_chunks(catalogue({2020: 10}), [2020], look_back=7)
        assert chunk.look_back_years == ()


class TestSessions:
    def marks(self, *, in_file_order: bool, counts=None) -> pl.DataFrame:
        chunk = Chunk((2021, 2022), (2020,))
        panel = catalogue(counts or {2020: 20, 2021: 20, 2022: 20})
        return chunk_sessions(panel, chunk, 7, in_file_order=in_file_order)

    def test_the_first_sessions_of_each_year_are_sorted_and_the_others_stream(self):
        marks = self.marks(in_file_order=True)
        assert marks.filter("is_sorted").get_column("session").to_list() == [*range(21, 28), *range(41, 48)]
        assert marks.filter("is_filed").get_column("session").to_list() == [*range(28, 41), *range(48, 61)]

    def test_near_a_turn_of_years_is_what_its_sessions_look_back_on(self):
        near = self.marks(in_file_order=True).filter("is_near").get_column("session").to_list()
        assert near == [*range(14, 28), *range(34, 48)]

    def test_files_in_no_order_are_sorted_whole(self):
        marks = self.marks(in_file_order=False)
        assert not marks.get_column("is_filed").any()
        assert marks.filter("is_sorted").get_column("session").to_list() == list(range(21, 61))
        assert marks.filter("is_near").get_column("session").to_list() == list(range(14, 61))

    @pytest.mark.parametrize("in_file_order", [True, False])
    def test_each_judged_session_is_judged_once(self, in_file_order):
        marks = self.marks(in_file_order=in_file_order, counts={2020: 3, 2021: 4, 2022: 12})
        judged = marks.filter(pl.col("part") != 2020)
        assert (judged.get_column("is_filed") != judged.get_column("is_sorted")).all()
