"""Lines of a CSV: every line end is one, but for a return within a quoted field, wherever the blocks are cut."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.ingest.rows.records import Shape, read_records, whole_lines


def lines(text, size):
    return b"".join(whole_lines([text[at : at + size] for at in range(0, len(text), size)], "in.csv"))


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
@pytest.mark.parametrize(
    ("text", "unix"),
    [
        (b"a,1\r\nb,2\r\n", b"a,1\nb,2\n"),
        (b"a,1\rb,2\r", b"a,1\nb,2\n"),
        (b'"a",1\r"b",2\r', b'"a",1\n"b",2\n'),
        (b'"a\rb",1\nc,2\n', b'"a\rb",1\nc,2\n'),
        (b'x,"a""\r=1"\r\nc,2\r\n', b'x,"a""\r=1"\nc,2\n'),
        (b'5" pipe,1\r6" pipe,2\r', b'5" pipe,1\n6" pipe,2\n'),
        (b'a,"\r\nb,2\r\n', b'a,"\nb,2\n'),
    ],
)
def test_a_return_ends_a_line_unless_it_is_quoted(text, unix, size):
    assert lines(text, size) == unix


@settings(deadline=None)
@given(st.lists(st.text("ab\r,\"'=", min_size=1, max_size=6), min_size=1, max_size=6), st.integers(1, 40))
def test_a_quoted_text_without_a_line_feed_is_read_as_it_is(texts, size):
    quoted = "".join('"{}",7\r\n'.format(text.replace('"', '""')) for text in texts).encode()
    blocks = [quoted[at : at + size] for at in range(0, len(quoted), size)]
    read = [text for batch in read_records(blocks, Shape(",", 2), "in.csv") for text in batch.columns[0]]
    assert read == texts
