"""Values of configurations: what each reader takes, what it refuses, and that no message repeats a secret."""

import datetime as dt
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality import values
from quality.errors import UsageError

DAY = dt.date(2022, 9, 26)


@pytest.mark.parametrize(
    ("reader", "value", "found"),
    [
        (values.text, " a ", " a "),
        (values.stripped, " a ", "a"),
        (values.address, "s3://bucket/a ", "s3://bucket/a"),
        (values.flag, False, False),
        (values.flag, "true", True),
        (values.whole(), "7", 7),
        (values.whole(least=0), 0, 0),
        (values.number, -1, -1.0),
        (values.positive, "10000", 10000.0),
        (values.seconds, 2.5, 2.5),
        (values.size(), "1GiB", 1 << 30),
        (values.size(), "512 mb", 512 * 10**6),
        (values.size(), "1.5KiB", 1536),
        (values.size(), " 7B ", 7),
        (values.date, DAY, DAY),
        (values.date, "2022-09-26", DAY),
        (values.choice("a", "b"), "b", "b"),
        (values.listed(values.text, "names"), "a, b", ("a", "b")),
        (values.listed(values.whole(), "numbers"), [1, 2], (1, 2)),
        (values.pattern("ticker"), "{ticker}.csv", "{ticker}.csv"),
    ],
)
def test_readers_take(reader, value, found):
    assert reader(value) == found


@pytest.mark.parametrize(
    ("reader", "value", "reason"),
    [
        (values.text, 5, "is not text"),
        (values.text, " ", "is empty"),
        (values.text, "a\0", "holds a NUL"),
        (values.flag, 1, "is not true or false"),
        (values.flag, "yes", "is not true or false"),
        (values.whole(), True, "is not a whole number of at least 1"),
        (values.whole(), 2.0, "is not a whole number of at least 1"),
        (values.whole(), "9" * 5000, "is not a whole number of at least 1"),
        (values.whole(0, 5), 6, "is not a whole number from 0 to 5"),
        (values.number, "1", "is not a number"),
        (values.number, math.inf, "is not a finite number"),
        (values.number, math.nan, "is not a finite number"),
        (values.number, 10**400, "is not a finite number"),
        (values.positive, 0, "is not a number above 0"),
        (values.seconds, "inf", "is not a number of seconds above 0"),
        (values.size(), "lots", "is not a size such as 1GiB or 512MiB"),
        (values.size(least=1024), "1B", "is not a size from 1KiB to 1048576TiB"),
        (values.date, dt.datetime(2022, 9, 26, tzinfo=dt.UTC), "is not a date YYYY-MM-DD"),
        (values.date, "26.9.2022", "is not a date YYYY-MM-DD"),
        (values.choice("error", "warning", "info"), "eror", "is not error, warning or info; did you mean error?"),
        (values.listed(values.text, "names"), "a,,b", "is not a list of names: number 2 is empty"),
        (values.listed(values.text, "names"), [], "is an empty list of names"),
        (values.listed(values.text, "names"), 5, "is not a list of names"),
        (values.pattern("ticker"), "a.csv", "does not hold {ticker} once, as '{ticker}.csv' does"),
    ],
)
def test_readers_refuse(reader, value, reason):
    with pytest.raises(ValueError) as raised:
        reader(value)
    assert str(raised.value) == reason


READERS = [
    values.text, values.flag, values.whole(), values.number, values.positive, values.seconds, values.size(),
    values.date, values.choice("a"), values.listed(values.whole(), "numbers"), values.pattern("ticker"),
]  # fmt: skip


def refusal(call, *arguments, **named):
    """Give the message with which something is refused, None where it is not."""
    try:
        call(*arguments, **named)
    except UsageError as error:
        return str(error)
    return None


@settings(deadline=None)
@given(st.sampled_from(READERS), st.text(min_size=1).map(lambda text: f"{text}hunter2"))
def test_no_message_repeats_what_may_be_a_secret(reader, value):
    message = refusal(values.read, reader, value, "mail.key", is_private=True)
    if message is not None:
        assert "hunter2" not in message
        assert message.startswith("mail.key: what is given ")


@settings(deadline=None)
@given(
    st.sampled_from(READERS),
    st.one_of(st.text(), st.integers(), st.floats(), st.dates(), st.lists(st.text()), st.none()),
)
def test_whatever_is_given_is_read_or_refused_in_one_harmless_line(reader, value):
    message = refusal(values.read, reader, value, "file: key")
    if message is not None:
        assert message.isprintable()
        assert len(message) < 250


def test_a_key_that_does_not_exist_is_named_with_what_was_perhaps_meant():
    with pytest.raises(UsageError) as raised:
        values.read_section({"therads": 1}, {"threads": values.whole()}, "own.toml", "engine")
    assert str(raised.value) == "own.toml: no setting engine.therads; there is threads; did you mean threads?"


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_whatever_a_toml_file_holds_it_is_parsed_or_refused(data):
    message = refusal(values.parse_toml, data, "own.toml")
    if message is not None:
        assert message.startswith("own.toml: is not TOML: ")
