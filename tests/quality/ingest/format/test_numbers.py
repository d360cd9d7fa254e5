"""Prices are rounded correctly, and marks that can mean two things are asked for."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.errors import InputError
from quality.ingest.format.numbers import NotAPriceError, NumberFormat, detect_marks, unscaled

TEXTS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.from_regex(r"[+-]?[0-9]{1,25}\.[0-9]{1,25}", fullmatch=True),
)


@given(st.lists(TEXTS, min_size=1))
def test_a_column_is_read_as_python_reads_each_number(texts):
    values, wrong = NumberFormat().read(pl.Series(texts, dtype=pl.String))
    expected = [float(text) for text in texts]
    for text, value, is_wrong, number in zip(texts, values, wrong, expected, strict=True):
        assert is_wrong == (number in (float("inf"), float("-inf"))), text
        assert is_wrong or value == number, text


@given(st.lists(st.text(max_size=12), min_size=1), st.sampled_from([(".", ""), (",", "."), (".", ","), (",", " ")]))
def test_a_column_is_read_as_each_of_its_texts_alone(texts, marks):
    form = NumberFormat(*marks)
    values, wrong = form.read(pl.Series(texts, dtype=pl.String))
    for text, value, is_wrong in zip(texts, values, wrong, strict=True):
        try:
            assert (value, is_wrong) == (form.price(text), False)
        except NotAPriceError:
            assert is_wrong


@given(st.lists(st.integers(-(2**53), 2**53), min_size=1))
def test_a_scale_is_divided_by_and_not_multiplied_with_its_inverse(numbers):
    assert unscaled(pl.Series(numbers, dtype=pl.Float64), 10_000.0).to_list() == [n / 10_000 for n in numbers]


@pytest.mark.parametrize(
    ("text", "decimal", "thousands", "price"),
    [
        ("1,234.5", ".", ",", 1234.5),
        ("1.234,5", ",", ".", 1234.5),
        ("1 234,5", ",", " ", 1234.5),
        ("1\u00a0234\u202f567,5", ",", " ", 1234567.5),
        ("1'234.5", ".", "'", 1234.5),
        ("-1,5", ",", "", -1.5),
        ("+.5", ".", "", 0.5),
        ("1e3", ".", "", 1000.0),
        ("$218.80", ".", "", 218.8),
        ("-$1,218.80", ".", ",", -1218.8),
        ("€ 1.234,50", ",", ".", 1234.5),
        ("1.234,50\u00a0€", ",", ".", 1234.5),
        ("£-.5", ".", "", -0.5),
        ("12 ₹", ".", "", 12.0),
    ],
)
def test_marks_are_understood(text, decimal, thousands, price):
    form = NumberFormat(decimal, thousands)
    assert form.price(text) == price
    assert form.read(pl.Series([text]))[0].to_list() == [price]


@pytest.mark.parametrize(
    "text", ["1,2,3", "12,34.5", "1,234,56", "1.2.3", "1 2", "--1", "1-", "$", "5 USD", "-$-5", "5$5", "(5)", "5%", "١"]
)
def test_marks_in_the_wrong_places_are_no_number(text):
    form = NumberFormat(".", ",")
    with pytest.raises(NotAPriceError, match="is not a number"):
        form.price(text)
    assert form.read(pl.Series([text]))[1].to_list() == [True]


@pytest.mark.parametrize(
    ("texts", "marks"),
    [
        (["1.5", "2"], (".", "")),
        (["1.234", "2.345"], (".", "")),
        (["1,5", "2"], (",", "")),
        (["0,125"], (",", "")),
        (["1,234.50"], (".", ",")),
        (["1.234,50"], (",", ".")),
        (["1,234,567"], (".", ",")),
        (["1.234.567"], (",", ".")),
        (["1,234", "5.25"], (".", ",")),
        (["1 234,5"], (",", " ")),
        ([], (".", "")),
    ],
)
def test_marks_are_detected(texts, marks):
    assert detect_marks(texts, ",", "x") == marks


@pytest.mark.parametrize(("texts", "delimiter"), [(["1,234"], ";"), (["1,234", "2"], ","), (["1.234"], ";")])
def test_a_mark_that_can_mean_two_things_is_asked_for(texts, delimiter):
    with pytest.raises(InputError, match="say --decimal"):
        detect_marks(texts, delimiter, "x")
