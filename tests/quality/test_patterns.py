"""Patterns of names: what fits, and which fits best."""

import pytest

from quality.patterns import best_fits, fitting


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("BRK.*", {"BRK.A", "BRK.B"}),
        ("BRK.?", {"BRK.A", "BRK.B"}),
        ("BRK.[A]", {"BRK.A"}),
        ("*", {"BRK.A", "BRK.B", "BRKX", "brk.a", "A[1]"}),
        ("A[1]", {"A[1]"}),
        ("BRK", set()),
    ],
)
def test_a_pattern_fits_whole_names_and_a_dot_is_a_dot(pattern: str, fits: set[str]):
    assert fitting(pattern, ["BRK.A", "BRK.B", "BRKX", "brk.a", "A[1]"]) == fits


def test_the_exact_name_wins_over_patterns_and_the_longer_pattern_over_the_shorter():
    patterns = ["*", "BRK.*", "BRK.B", "B*", "BRK.????????"]
    best = best_fits(patterns, ["BRK.A", "BRK.B", "BAC", "XOM"])
    assert best == {"BRK.A": "BRK.*", "BRK.B": "BRK.B", "BAC": "B*", "XOM": "*"}


def test_of_two_patterns_as_long_the_first_by_letter_wins_in_any_order():
    assert best_fits(["A*C", "A?C"], ["ABC"]) == best_fits(["A?C", "A*C"], ["ABC"]) == {"ABC": "A*C"}


def test_names_that_nothing_fits_have_no_best():
    assert best_fits(["A*"], ["B"]) == {}
