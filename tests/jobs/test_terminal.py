"""How wide texts are on a terminal, and when they may be coloured."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.terminal import columns_of, cut, padded, painted, width_of, wrapped


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("text", "columns"), [("ST01", 4), ("株価", 4), ("e\u0301", 1), ("📅", 2), ("", 0)])
def test_wide_letters_take_two_columns_and_marks_none(text, columns):
    assert columns_of(text) == columns


def test_what_is_cut_ends_with_a_mark():
    assert [cut("ST0001", columns) for columns in (6, 5, 1)] == ["ST0001", "ST00…", "…"]
    assert cut("株価株価", 5) == "株価…"


@given(st.text(), st.integers(1, 50))
def test_a_cut_text_fits(text, columns):
    assert columns_of(cut(text, columns)) <= columns


def test_prose_is_broken_between_words():
    assert wrapped("  most findings: ST0059 176, ST0013 140", 24) == ["  most findings: ST0059", "    176, ST0013 140"]
    assert wrapped("a/very/long/path", 5) == ["a/very/long/path"]
    assert wrapped("two  words", None) == ["two  words"]


def test_padding_counts_columns():
    assert padded("株", 4) == "株  "
    assert padded("1", 4, right=True) == "   1"


@pytest.mark.parametrize(
    ("stream", "environment", "painted_as"),
    [
        (Terminal(), {"TERM": "xterm"}, "\x1b[31mbad\x1b[0m"),
        (Terminal(), {"TERM": "xterm", "NO_COLOR": "1"}, "bad"),
        (Terminal(), {"TERM": "dumb"}, "bad"),
        (io.StringIO(), {"TERM": "xterm"}, "bad"),
    ],
)
def test_colour_is_for_terminals_that_want_it(monkeypatch, stream, environment, painted_as):
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert painted("bad", "error", stream) == painted_as
    assert painted("bad", "no such style", stream) == "bad"


def test_only_a_terminal_has_a_width(monkeypatch):
    monkeypatch.setenv("COLUMNS", "77")
    assert (width_of(Terminal()), width_of(io.StringIO())) == (77, None)
