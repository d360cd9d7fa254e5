"""Tables for a terminal."""

import polars as pl

from jobs.tables import table


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


def test_cells_are_one_line_printable_and_of_bounded_width():
    lines = list(table(pl.DataFrame({"text": ["a\nb\x1b[2J", "x" * 100]})))
    assert lines[2] == r"a\nb\x1b[2J"
    assert lines[3] == "x" * 59 + "…"
    assert len(lines) == 4
