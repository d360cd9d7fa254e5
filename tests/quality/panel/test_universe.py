"""What is remembered of a panel's earlier years holds exactly as long as their files do."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.errors import InputError
from quality.panel import universe
from quality.panel.partitions import list_years
from quality.storage import open_store

HELD = {2019: {"A", "B"}, 2020: {"B", "C"}, 2021: {"D"}}


@pytest.fixture
def panel(tmp_path):
    store = open_store(tmp_path)
    for year in HELD:
        store.write(f"year={year}/prices.parquet", b"one")
    return store


class Reader:
    """Gives the tickers of years, and notes which years were read."""

    def __init__(self, held=HELD):
        self.held, self.years = held, []

    def __call__(self, year):
        self.years.append(year.year)
        if self.held[year.year] is None:
            raise InputError("it is damaged")
        return self.held[year.year]


def known(panel, reader, *, upto=2021):
    found = universe.read_universe(panel, [year for year in list_years(panel) if year.year <= upto], reader)
    return found.tickers, dict(found.damaged)


def test_tickers_are_read_once_while_the_files_stay(panel):
    first, again = Reader(), Reader()
    assert known(panel, first) == ({"A", "B", "C", "D"}, {})
    assert known(panel, again) == ({"A", "B", "C", "D"}, {})
    assert (first.years, again.years) == ([2019, 2020, 2021], [])


def test_of_several_years_only_the_one_that_changed_is_read_again(panel):
    known(panel, Reader())
    panel.write("year=2020/prices.parquet", b"two")
    reader = Reader({**HELD, 2020: {"E"}})
    assert known(panel, reader) == ({"A", "B", "D", "E"}, {})
    assert reader.years == [2020]


def test_a_year_that_is_gone_or_not_asked_for_counts_for_nothing(panel):
    known(panel, Reader())
    assert known(panel, Reader({}), upto=2019) == ({"A", "B"}, {})
    panel.delete("year=2019/prices.parquet")
    assert known(panel, Reader({}))[0] == {"B", "C", "D"}


def test_a_damaged_year_is_named_the_others_are_known_and_it_is_tried_again(panel):
    reader = Reader({**HELD, 2020: None})
    assert known(panel, reader) == ({"A", "B", "D"}, {2020: "it is damaged"})
    again = Reader()
    assert known(panel, again) == ({"A", "B", "C", "D"}, {})
    assert again.years == [2020]


@pytest.mark.parametrize(
    "damaged", [b"", b"[]", b'{"years": 1}', b"\xff", b'{"tickers": ["A"], "years": {"2019": {}}}']
)
def test_a_damaged_memory_is_none(panel, damaged):
    known(panel, Reader())
    panel.write(universe.KEY, damaged)
    assert known(panel, Reader())[0] == {"A", "B", "C", "D"}


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([2019, 2020, 2021]), st.sets(st.text(max_size=5)), min_size=3))
def test_what_is_remembered_is_what_was_read(tmp_path_factory, held):
    store = open_store(tmp_path_factory.mktemp("panel"))
    for year in held:
        store.write(f"year={year}/prices.parquet", b"one")
    assert known(store, Reader(held))[0] == set().union(*held.values())
    assert known(store, Reader({}))[0] == set().union(*held.values())


def test_no_reader_of_the_panel_sees_it(panel):
    known(panel, Reader())
    assert [entry.key for entry in panel.entries()] == [f"year={year}/prices.parquet" for year in HELD]


def test_a_panel_that_cannot_be_written_to_is_read_each_time(panel, tmp_path):
    (tmp_path / universe.KEY).mkdir()
    for _ in range(2):
        reader = Reader()
        assert known(panel, reader)[0] == {"A", "B", "C", "D"}
        assert len(reader.years) == 3
