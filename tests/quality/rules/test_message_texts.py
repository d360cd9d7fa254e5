"""Many messages at once are those that Python writes one by one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.rules.message_texts import TwoDecimals

ODD = [
    0.0,
    -0.0,
    np.nan,
    np.inf,
    -np.inf,
    0.005,
    -0.005,
    0.125,
    1.005,
    2.675,
    655.36,
    655.355,
    -163.845,
    5e-324,
    1e300,
]
TIES = np.arange(-400, 400) / 200


def texts_of(numbers, factor=1.0):
    return TwoDecimals("Up (", "%)").of(np.array(numbers, dtype=np.float64), factor)


@pytest.mark.parametrize("numbers", [ODD, TIES, np.nextafter(TIES, 9), np.nextafter(TIES, -9), []])
def test_texts_are_those_of_python(numbers):
    assert texts_of(numbers).to_pylist() == [f"Up ({number:.2f}%)" for number in numbers]


@settings(deadline=None)
@given(st.lists(st.one_of(st.floats(), st.floats(-20, 20), st.integers(-4000, 4000).map(lambda n: n / 200))))
def test_texts_of_any_numbers_are_those_of_python(numbers):
    assert texts_of(numbers).to_pylist() == [f"Up ({number:.2f}%)" for number in numbers]


def test_shares_are_written_in_per_cent():
    shares = [1.2054, -0.2323, 0.2, 1e-9, 0.00005]
    assert texts_of(shares, 100.0).to_pylist() == [f"Up ({share:.2%})" for share in shares]


def test_each_text_stands_once_in_the_dictionary():
    texts = texts_of([*ODD, *TIES, *TIES]).dictionary.to_pylist()
    assert len(set(texts)) == len(texts)


def test_texts_stay_the_same_when_the_table_grows():
    table = TwoDecimals("", "")
    small = table.of(np.array([1.5])).to_pylist()
    assert table.of(np.array([900.25, -300.5])).to_pylist() == ["900.25", "-300.50"]
    assert table.of(np.array([1.5])).to_pylist() == small == ["1.50"]
