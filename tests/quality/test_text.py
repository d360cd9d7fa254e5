"""Untrusted text as it may be printed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.text import quoted, visible


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
