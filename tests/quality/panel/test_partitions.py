"""The panel: rows to blocks and back, partitions listed, written, read and refused."""

import datetime as dt
import math
import os
from contextlib import suppress

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.errors import InputError, UsageError
from quality.panel.block import Block, to_table
from quality.panel.parquet import decode, encode
from quality.panel.partitions import (
    ROWS_A_GROUP,
    SCHEMA,
    list_years,
    new_panel,
    partition_key,
    read_year,
    write_year,
)
from quality.storage import open_store

# In the order of their numbers: not the order of their letters, in which rows are sorted.
TICKERS = ["ST9999", "ST10000", "AAA", "ö", "A'B"]


def frame_of(*rows):
    return pl.DataFrame(
        [(dt.date.fromisoformat(date), ticker, price) for date, ticker, price in rows],
        schema=SCHEMA,
        orient="row",
    )


def days(*texts):
    return np.array(texts, dtype="datetime64[D]")


YEAR = frame_of(("2020-01-01", "AAA", 1.25), ("2020-12-31", "AAA", None), ("2020-01-01", "ö", -0.0))


def rows_of(year):
    return frame_of((f"{year}-01-01", "AAA", 1.0))


@st.composite
def blocks(draw):
    """A block of distinct sessions and some tickers, where a cell is a price, empty or absent."""
    sessions = sorted(draw(st.sets(st.dates(dt.date(1950, 1, 1), dt.date(2050, 1, 1)), max_size=6)))
    tickers = draw(st.permutations(TICKERS))[: draw(st.integers(0, len(TICKERS)))]
    shape = (len(sessions), len(tickers))
    cell = st.one_of(st.floats(allow_nan=False), st.just(math.nan), st.just("absent"))
    cells = draw(st.lists(cell, min_size=math.prod(shape), max_size=math.prod(shape)))
    absent = np.array([cell == "absent" for cell in cells], dtype=bool).reshape(shape)
    prices = np.array([math.nan if cell == "absent" else cell for cell in cells], dtype=float).reshape(shape)
    return Block(np.array(sessions, dtype="datetime64[D]"), prices, absent), tickers


def written(block, tickers):
    """Give the rows of a block as files of a panel hold them."""
    return decode(encode(to_table(block, tickers), ROWS_A_GROUP), list(SCHEMA), "prices.parquet")


class TestTable:
    @settings(deadline=None)
    @given(blocks())
    def test_a_table_has_the_panels_types_and_a_sorted_row_for_each_cell_that_is_not_absent(self, made):
        block, tickers = made
        frame = written(block, tickers)
        assert frame.schema == SCHEMA
        assert frame.height == np.count_nonzero(~block.absent)
        keys = frame.select("ticker", "date").rows()
        assert keys == sorted(keys)
        assert frame.get_column("price").null_count() == np.count_nonzero(np.isnan(block.prices) & ~block.absent)
        assert not frame.get_column("price").is_nan().any()

    def test_rows_are_sorted_by_ticker_then_date_and_show_absent_and_empty_cells_apart(self):
        block = Block(
            days("2020-12-31", "2021-01-04"),
            np.array([[1.0, 2.0, math.nan], [4.0, math.nan, 6.0]]),
            np.array([[False, False, False], [False, True, False]]),
        )
        assert written(block, ["ST9999", "ST10000", "AAA"]).equals(
            frame_of(
                ("2020-12-31", "AAA", None),
                ("2021-01-04", "AAA", 6.0),
                ("2020-12-31", "ST10000", 2.0),
                ("2020-12-31", "ST9999", 1.0),
                ("2021-01-04", "ST9999", 4.0),
            ),
            null_equal=True,
        )

    def test_a_row_group_lists_the_tickers_of_its_own_rows_and_no_others(self):
        days_a_ticker, tickers = 200, [f"T{number:03d}" for number in range(700)]
        sessions = np.datetime64("2021-01-01") + np.arange(days_a_ticker)
        absent = np.zeros((days_a_ticker, len(tickers)), dtype=bool)
        absent[:, 5] = True
        pieces = to_table(Block(sessions, np.ones(absent.shape), absent), tickers).column("ticker").chunks
        assert len(pieces) == 3
        for piece in pieces:
            assert sorted(piece.dictionary.to_pylist()) == sorted(set(piece.to_pylist()))
        assert "T005" not in pieces[0].dictionary.to_pylist()

    def test_a_file_says_that_tickers_are_texts_and_has_a_dictionary_of_them_alone(self):
        block = Block(days("2020-12-30", "2020-12-31"), np.array([[1.0], [math.nan]]), np.zeros((2, 1), dtype=bool))
        file = pq.ParquetFile(pa.BufferReader(encode(to_table(block, ["ö"]))))
        assert list(file.schema_arrow) == [
            pa.field("date", pa.date32()),
            pa.field("ticker", pa.string()),
            pa.field("price", pa.float64()),
        ]
        group = file.metadata.row_group(0)
        assert [group.column(number).has_dictionary_page for number in range(3)] == [False, True, False]
        assert {group.column(number).compression for number in range(3)} == {"ZSTD"}


class TestListYears:
    def test_gives_the_years_oldest_first_with_all_their_files(self, tmp_path):
        store = open_store(tmp_path)
        for key in [
            "year=2021/b.parquet",
            "year=2021/a.parquet",
            "year=0999/x.parquet",
            "year=2020/prices.parquet",
        ]:
            store.write(key, b"")
        years = list_years(store)
        assert [(year.year, year.keys) for year in years] == [
            (999, ["year=0999/x.parquet"]),
            (2020, ["year=2020/prices.parquet"]),
            (2021, ["year=2021/a.parquet", "year=2021/b.parquet"]),
        ]

    JUNK = (
        "README.md",
        "prices.parquet",
        "year=2020.parquet",
        "year=20/prices.parquet",
        "year=20200/prices.parquet",
        "year=abcd/prices.parquet",
        "month=2020/prices.parquet",
        "year=2020/prices.csv",
        "year=2020/prices.parquet.bak",
        "year=2020/.prices.parquet",
        "year=2020/old/prices.parquet",
        "old/year=2020/prices.parquet",
    )

    def test_ignores_what_is_no_partition(self, tmp_path):
        store = open_store(tmp_path)
        for key in (*self.JUNK, "year=2019/prices.parquet"):
            store.write(key, b"")
        assert [year.keys for year in list_years(store)] == [["year=2019/prices.parquet"]]

    @pytest.mark.parametrize("keys", [(), JUNK])
    def test_says_what_is_missing_where_and_what_to_do_when_there_is_no_panel(self, tmp_path, keys):
        store = open_store(tmp_path / "panel")
        for key in keys:
            store.write(key, b"")
        with pytest.raises(InputError) as refused:
            list_years(store)
        for part in (f"no panel at {tmp_path / 'panel'}", "year=YYYY/*.parquet", "`pricewatch generate`"):
            assert part in str(refused.value)


class TestNewPanel:
    @pytest.mark.parametrize("overwrite", [True, False])
    def test_accepts_a_place_without_a_panel_and_leaves_other_files_alone(self, tmp_path, overwrite):
        store = open_store(tmp_path)
        store.write("notes/README.md", b"mine")
        with new_panel(store, overwrite=overwrite):
            pass
        assert store.read("notes/README.md") == b"mine"

    def test_refuses_an_old_panel_and_leaves_it_alone(self, tmp_path):
        store = open_store(tmp_path)
        store.write("year=2019/a.parquet", b"old")
        store.write("year=2020/b.parquet", b"old")
        with pytest.raises(UsageError) as refused, new_panel(store, overwrite=False):
            pass
        for part in (str(tmp_path), "2 files", "--overwrite"):
            assert part in str(refused.value)
        assert [entry.key for entry in store.entries()] == ["year=2019/a.parquet", "year=2020/b.parquet"]

    def test_removes_an_old_panel_and_nothing_else_to_overwrite_it(self, tmp_path):
        store = open_store(tmp_path)
        for key in ["year=2019/a.parquet", "year=2020/b.parquet", "year=2020/notes.txt", "README.md"]:
            store.write(key, b"")
        with new_panel(store, overwrite=True):
            pass
        assert [entry.key for entry in store.entries()] == ["README.md", "year=2020/notes.txt"]

    @pytest.mark.parametrize("place", ["local", "s3"])
    def test_one_whose_writer_was_killed_is_no_panel(self, tmp_path, request, place):
        store = open_store(tmp_path / "panel" if place == "local" else f"{request.getfixturevalue('bucket')}/panel")
        self.write_half(store)
        with pytest.raises(InputError, match="is not complete"):
            list_years(store)
        with new_panel(store, overwrite=True) as digests:
            digests.update([write_year(store, rows_of(2021))])
        assert [year.year for year in list_years(store)] == [2021]

    def write_half(self, store):
        with suppress(KeyboardInterrupt), new_panel(store, overwrite=False):
            write_year(store, rows_of(2020))
            raise KeyboardInterrupt


class TestWriteAndRead:
    def test_a_year_comes_back_as_it_was_with_the_panels_types(self, tmp_path):
        store = open_store(tmp_path)
        write_year(store, YEAR)
        (year,) = list_years(store)
        assert (year.year, year.keys) == (2020, ["year=2020/prices.parquet"])
        frame = read_year(store, year)
        assert frame.schema == {"date": pl.Date, "ticker": pl.String, "price": pl.Float64}
        assert frame.equals(YEAR, null_equal=True)
        assert math.copysign(1, frame.item(2, "price")) == -1

    def test_a_year_is_read_by_plain_polars_as_it_was_written(self, tmp_path):
        write_year(open_store(tmp_path), YEAR)
        frame = pl.read_parquet(tmp_path / "year=2020" / "prices.parquet", hive_partitioning=False)
        assert frame.schema == {"date": pl.Date, "ticker": pl.String, "price": pl.Float64}
        assert frame.equals(YEAR, null_equal=True)

    def test_a_year_is_read_by_duckdb_as_it_was_written(self, tmp_path):
        write_year(open_store(tmp_path), YEAR)
        path = str(tmp_path / "year=2020" / "prices.parquet")
        with duckdb.connect() as connection:
            rows = connection.execute("from read_parquet(?, hive_partitioning = false)", [path])
            assert [(name, str(kind)) for name, kind, *_ in rows.description] == [
                ("date", "DATE"),
                ("ticker", "VARCHAR"),
                ("price", "DOUBLE"),
            ]
            assert rows.fetchall() == YEAR.rows()
            compression = connection.execute("select distinct compression from parquet_metadata(?)", [path])
            assert compression.fetchall() == [("ZSTD",)]

    def test_a_year_written_again_replaces_the_old_one(self, tmp_path):
        store = open_store(tmp_path)
        write_year(store, YEAR)
        write_year(store, YEAR.head(1))
        (year,) = list_years(store)
        assert read_year(store, year).equals(YEAR.head(1))

    def test_an_early_year_is_padded_to_four_digits(self, tmp_path):
        store = open_store(tmp_path)
        write_year(store, frame_of(("0987-01-01", "AAA", 1.0)))
        assert [entry.key for entry in store.entries()] == [partition_key(987)] == ["year=0987/prices.parquet"]

    def test_a_year_without_rows_is_refused_and_leaves_nothing(self, tmp_path):
        store = open_store(tmp_path)
        with pytest.raises(InputError, match="without rows"):
            write_year(store, YEAR.clear())
        assert store.entries() == []

    def test_several_files_of_a_year_are_read_in_the_order_of_their_names(self, tmp_path):
        (tmp_path / "year=2020").mkdir()
        YEAR.tail(1).write_parquet(tmp_path / "year=2020" / "b.parquet")
        YEAR.head(2).write_parquet(tmp_path / "year=2020" / "a.parquet")
        store = open_store(tmp_path)
        assert read_year(store, list_years(store)[0]).equals(YEAR, null_equal=True)

    def test_only_the_columns_asked_for_are_read_in_that_order(self, tmp_path):
        store = open_store(tmp_path)
        write_year(store, YEAR)
        assert read_year(store, list_years(store)[0], ["ticker", "date"]).equals(YEAR.select("ticker", "date"))

    def test_other_number_types_and_more_columns_are_read_as_a_panel(self, tmp_path):
        (tmp_path / "year=2020").mkdir()
        foreign = pl.DataFrame(
            {"volume": [7], "price": [5], "ticker": ["AAA"], "date": [dt.datetime(2020, 1, 1)]},  # noqa: DTZ001
            schema_overrides={"price": pl.Int32, "ticker": pl.Categorical},
        )
        foreign.write_parquet(tmp_path / "year=2020" / "x.parquet")
        store = open_store(tmp_path)
        assert read_year(store, list_years(store)[0]).equals(frame_of(("2020-01-01", "AAA", 5.0)))

    def test_a_folder_whose_name_looks_like_a_pattern_is_read(self, tmp_path):
        store = open_store(tmp_path / "panel [1]*?")
        write_year(store, YEAR)
        assert read_year(store, list_years(store)[0]).equals(YEAR, null_equal=True)


class TestReadingADamagedYear:
    @pytest.fixture
    def store(self, tmp_path):
        return open_store(tmp_path)

    def assert_refused(self, store, tmp_path, *parts):
        (year,) = list_years(store)
        with pytest.raises(InputError) as refused:
            read_year(store, year)
        path = tmp_path / "year=2020" / "prices.parquet"
        assert str(refused.value).startswith(f"{path} cannot be read as part of a panel: ")
        for part in parts:
            assert part in str(refused.value)

    @pytest.mark.parametrize("content", [b"", b"PAR1", b"date,ticker,price\n", b"PAR1" + bytes(100) + b"PAR1"])
    def test_refuses_what_is_no_parquet_and_names_the_file(self, store, tmp_path, content):
        store.write("year=2020/prices.parquet", content)
        self.assert_refused(store, tmp_path)

    @pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.999])
    def test_refuses_a_file_that_was_cut_and_names_it(self, store, tmp_path, kept):
        write_year(store, YEAR)
        content = store.read("year=2020/prices.parquet")
        store.write("year=2020/prices.parquet", content[: int(len(content) * kept)])
        self.assert_refused(store, tmp_path)

    def test_refuses_a_page_that_was_overwritten_and_names_the_file(self, store, tmp_path):
        write_year(store, YEAR)
        content = store.read("year=2020/prices.parquet")
        store.write("year=2020/prices.parquet", content[:4] + b"\xff" * 40 + content[44:])
        self.assert_refused(store, tmp_path)

    @pytest.mark.parametrize("column", ["date", "ticker", "price"])
    def test_refuses_a_file_without_a_column_and_names_both(self, store, tmp_path, column):
        with store.writing("year=2020/prices.parquet") as path:
            YEAR.drop(column).write_parquet(path)
        self.assert_refused(store, tmp_path, column)

    def test_refuses_prices_that_are_text_and_names_the_file(self, store, tmp_path):
        with store.writing("year=2020/prices.parquet") as path:
            YEAR.with_columns(price=pl.lit("n/a")).write_parquet(path)
        self.assert_refused(store, tmp_path, "n/a")


class TestWhatIsNoPartition:
    """A year that only looks like one is not passed over: it has a problem, and the others are read."""

    @pytest.fixture
    def panel(self, tmp_path):
        write_year(open_store(tmp_path), rows_of(2020))
        return tmp_path

    @pytest.mark.parametrize(
        ("make", "says"),
        [
            (lambda year: (year.mkdir(), (year / "a.parquet").symlink_to("nothing")), "a.parquet is a link to nothing"),
            (lambda year: (year.mkdir(), os.mkfifo(year / "a.parquet")), "a.parquet is a pipe, not a file"),
            (lambda year: (year.mkdir(), (year / "a.parquet").mkdir()), "a.parquet is a folder, not a file"),
            (lambda year: year.symlink_to("nothing"), "year=2021 is a link to nothing"),
            (lambda year: year.write_bytes(b""), "year=2021 is a file, not a folder"),
        ],
    )
    def test_it_is_named(self, panel, make, says):
        make(panel / "year=2021")
        good, bad = list_years(open_store(panel))
        assert (good.year, good.problem, bad.year) == (2020, "", 2021)
        assert bad.problem.endswith(says)
        with pytest.raises(InputError, match=says):
            read_year(open_store(panel), bad)

    def test_a_good_file_beside_a_bad_one_does_not_make_the_year_good(self, panel):
        (panel / "year=2020" / "more.parquet").symlink_to("nothing")
        (year,) = list_years(open_store(panel))
        assert year.keys == ["year=2020/prices.parquet"]
        assert "link to nothing" in year.problem

    def test_folders_that_lead_in_circles_are_walked_once(self, panel):
        (panel / "again").symlink_to(panel)
        (panel / "self").symlink_to("self")
        assert [year.keys for year in list_years(open_store(panel))] == [["year=2020/prices.parquet"]]
