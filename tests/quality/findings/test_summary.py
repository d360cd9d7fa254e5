"""A run in numbers: what is counted, how it is written and read, and what fails a run."""

import datetime as dt
import json

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.errors import InputError
from quality.findings import summary
from quality.findings.schema import SCHEMA
from quality.storage import open_store


def findings(*rows):
    full = [
        (dt.date(year, 1, 3), ticker, rule, severity, None, None, None, "", *[None] * 7, False)
        for year, ticker, rule, severity in rows
    ]
    return pl.DataFrame(full, schema=SCHEMA, orient="row").to_arrow()


def test_counts_add_up_over_parts_and_threads():
    one, other = summary.Tally(), summary.Tally()
    one.add(findings((2021, "B", "zero_price", "error")))
    one.add(findings())
    other.add(findings((2022, "A", "zero_price", "error"), (2022, "B", "price_increase", "warning")))
    one.merge(other)
    assert one.as_dict() == {
        "findings": 3,
        "by_rule": {"zero_price": 2, "price_increase": 1},
        "by_severity": {"error": 2, "warning": 1},
        "by_date": {"2021-01-03": 1, "2022-01-03": 2},
        "by_year": {"2021": 1, "2022": 2},
        "by_ticker": {"B": 2, "A": 1},
        "suppressed": 0,
        "by_suppression": {},
        "covered": 0,
    }


def test_equal_counts_are_in_order_of_their_names():
    tally = summary.Tally()
    tally.add(findings(*[(2021, ticker, "zero_price", "error") for ticker in "CAB"]))
    assert list(tally.as_dict()["by_ticker"]) == ["A", "B", "C"]


def test_what_is_written_is_read_back(tmp_path):
    run = open_store(tmp_path)
    run.write(summary.KEY, summary.encode({"ticker": "ö\x1b", "day": dt.date(2022, 1, 3)}))
    assert summary.read(run) == {"ticker": "ö\x1b", "day": "2022-01-03"}


@pytest.mark.parametrize(("data", "says"), [(b"{", "is not a summary"), (b"[]", "no JSON object"), (b"\xff", "is not")])
def test_a_damaged_summary_is_named(tmp_path, data, says):
    run = open_store(tmp_path)
    run.write(summary.KEY, data)
    with pytest.raises(InputError, match=says) as raised:
        summary.read(run)
    assert "summary.json" in str(raised.value)


def test_a_run_without_a_summary_is_not_finished(tmp_path):
    with pytest.raises(InputError, match="no finished run"):
        summary.read(open_store(tmp_path))


@pytest.mark.parametrize(
    ("severities", "fail_on", "fails"),
    [
        ([], "warning", False),
        (["info"], "warning", False),
        (["warning"], "warning", True),
        (["warning", "info"], "error", False),
        (["error"], "error", True),
        (["error"], "warning", True),
    ],
)
def test_a_run_fails_at_or_above_a_severity(severities, fail_on, fails):
    assert summary.reaches(severities, fail_on) is fails


def test_versions_name_what_decides_the_results():
    assert set(summary.versions()) >= {"pricewatch", "duckdb", "polars", "numpy"}
    assert json.dumps(summary.versions())


def test_a_stretch_counts_as_one_finding_and_its_other_cells_apart():
    stretch = findings(*[(2021, "A", "block_error", "error")] * 3).drop_columns("covered")
    flags = {"covered": [False, True, True], "suppressed": [False, False, True]}
    tally = summary.Tally()
    for name, values in flags.items():
        stretch = stretch.append_column(name, pa.array(values))
    tally.add(stretch)
    assert (tally.findings, tally.covered, tally.suppressed) == (1, 1, 1)
    assert tally.as_dict()["by_rule"] == {"block_error": 1}
    assert summary.Tally.from_dict(tally.as_dict()) == tally


def test_numbers_that_json_does_not_know_are_texts():
    held = {"parameters": {"limit": float("inf")}, "worst": [float("nan"), 1.5]}
    told = json.loads(summary.encode(held), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert told == {"parameters": {"limit": "inf"}, "worst": ["nan", 1.5]}


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5)),
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    ),
)
def test_a_summary_is_written_as_json_is_with_an_indent(value):
    expected = json.dumps(summary.finite({"value": value}), indent=2, ensure_ascii=False)
    assert summary.encode({"value": value}).decode() == f"{expected}\n"
