"""What is remembered of a panel's earlier years holds exactly as long as their files do."""

import pytest

from quality.panel import universe
from quality.panel.partitions import list_years
from quality.storage import open_store


@pytest.fixture
def panel(tmp_path):
    (tmp_path / "year=2020").mkdir()
    (tmp_path / "year=2020" / "prices.parquet").write_bytes(b"one")
    return open_store(tmp_path)


def test_tickers_are_read_once_while_the_files_stay(panel):
    assert universe.tickers_of(panel, list_years(panel), lambda: {"B", "A"}) == {"A", "B"}
    assert universe.tickers_of(panel, list_years(panel), lambda: pytest.fail("read again")) == {"A", "B"}


def test_a_changed_file_is_read_again(panel):
    universe.tickers_of(panel, list_years(panel), lambda: {"A"})
    panel.write("year=2020/prices.parquet", b"two")
    assert universe.tickers_of(panel, list_years(panel), lambda: {"C"}) == {"C"}


@pytest.mark.parametrize("damaged", [b"", b"[]", b'{"files": 1}', b"\xff"])
def test_a_damaged_memory_is_none(panel, damaged):
    universe.tickers_of(panel, list_years(panel), lambda: {"A"})
    panel.write(universe.KEY, damaged)
    assert universe.tickers_of(panel, list_years(panel), lambda: {"D"}) == {"D"}


def test_no_reader_of_the_panel_sees_it(panel):
    universe.tickers_of(panel, list_years(panel), lambda: {"A"})
    assert [entry.key for entry in panel.entries()] == ["year=2020/prices.parquet"]


def test_a_panel_that_cannot_be_written_to_is_read_each_time(panel, tmp_path):
    (tmp_path / universe.KEY).mkdir()
    assert universe.tickers_of(panel, list_years(panel), lambda: {"A"}) == {"A"}
    assert universe.tickers_of(panel, list_years(panel), lambda: {"B"}) == {"B"}
