"""Untrusted text as it may be printed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.text import counted, quoted, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ST0001 × Ünïcode 株", "ST0001 × Ünïcode 株"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("two\r\nlines\t", r"two\r\nlines\t"),
        ("\u202eturned", r"\u202eturned"),
        ("\x9b2J", r"\x9b2J"),
        ("\udcff", r"\udcff"),
        ("", ""),
    ],
)
def test_what_cannot_be_printed_is_shown_as_an_escape(text, shown):
    assert visible(text) == shown


@given(st.text())
def test_the_result_is_always_printable_and_one_line(text):
    assert visible(text).isprintable()
    assert visible(visible(text)) == visible(text)


def test_a_long_text_is_cut_off_in_a_message():
    assert quoted("AAA") == "'AAA'"
    assert quoted("\x1b" * 5000).isprintable()
    assert len(quoted("x" * 5000)) == 81


@pytest.mark.parametrize(
    ("count", "noun", "text"),
    [(1, "task", "1 task"), (1200, "year", "1,200 years"), (2, "first pass", "2 first passes"), (3, "info", "3 info")],
)
def test_a_count_has_its_noun_in_the_right_number(count, noun, text):
    assert counted(count, noun) == text
