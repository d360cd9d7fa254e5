"""Tables for a terminal."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from jobs.tables import table
from jobs.terminal import columns_of


def test_numbers_stand_to_the_right_and_text_to_the_left():
    rows = pl.DataFrame({"ticker": ["A", "BBBB"], "n": [1, 1000], "share": [0.5, None]})
    assert list(table(rows)) == [
        "ticker     n  share",
        "------  ----  -----",
        "A          1    0.5",
        "BBBB    1000   null",
    ]


def test_no_rows_are_a_heading():
    assert list(table(pl.DataFrame(schema={"a": pl.Int64, "bcd": pl.String}))) == ["a  bcd", "-  ---"]


def test_cells_are_printable():
    assert list(table(pl.DataFrame({"text": ["a\nb\x1b[2J\u202e"]})))[2] == r"a\nb\x1b[2J\u202e"


def test_without_a_width_everything_is_whole():
    assert list(table(pl.DataFrame({"text": ["x " * 500 + "."]})))[2] == "x " * 500 + "."


def test_long_texts_are_folded_between_words():
    rows = pl.DataFrame({"ticker": ["ST1"], "price": [80.5], "message": ["Price Decrease < 20% (-23.23%)"]})
    laid_out = table(rows, 34)
    assert list(laid_out) == [
        "ticker  price  message",
        "------  -----  -------------------",
        "ST1      80.5  Price Decrease <",
        "               20% (-23.23%)",
    ]
    assert laid_out.cut == ""


def test_a_word_that_is_too_long_is_cut_and_said():
    laid_out = table(pl.DataFrame({"ticker": ["T" * 40], "n": [1]}), 20)
    assert laid_out.lines[2] == "T" * 16 + "…  1"
    assert laid_out.cut == "1 value cut (…)"


def test_texts_are_folded_before_words_are_cut():
    rows = pl.DataFrame({"rule": ["invalid_moving_average"], "message": ["Invalid Moving Average of a Price"]})
    laid_out = table(rows, 40)
    assert [line.split("  ")[0] for line in laid_out][2] == "invalid_moving_average"
    assert laid_out.cut == ""


def test_paths_are_folded_behind_slashes():
    laid_out = table(pl.DataFrame({"file": ["sql/rules/notebook/price.sql"], "n": [1]}), 22)
    assert [line.split()[0] for line in list(laid_out)[2:]] == ["sql/rules/notebook/", "price.sql"]


def test_columns_without_space_are_named():
    rows = pl.DataFrame({"date": ["2022-09-26"], "price": [80.5], "lower": [1.25], "upper": [2.25]})
    laid_out = table(rows, 20)
    assert laid_out.lines[0] == "date        price"
    assert laid_out.cut == "columns not shown: lower, upper"


def test_wide_letters_keep_the_columns_straight():
    assert list(table(pl.DataFrame({"name": ["株価", "ab"], "n": [1, 2]})))[2:] == ["株価  1", "ab    2"]


ROWS = st.tuples(st.text(max_size=60), st.floats(), st.integers(0, 2**63 - 1), st.text(max_size=200))


@given(st.lists(ROWS, max_size=5), st.integers(1, 140))
def test_no_line_is_wider_than_the_terminal(rows, width):
    frame = pl.DataFrame(rows, schema={"a": pl.String, "b": pl.Float64, "c": pl.Int64, "d": pl.String}, orient="row")
    laid_out = table(frame, width)
    assert all(columns_of(line) <= width for line in laid_out)
    assert len(laid_out.rows) == len(rows)
