"""What is new, what goes on, what has ended: since the run before."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.delivery import changes as changes_module
from quality.delivery.changes import find_changes
from quality.findings.schema import FILED_SCHEMA, complete

SESSIONS = [dt.date(2022, 1, number) for number in range(3, 8)]
MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = SESSIONS


@pytest.fixture
def findings():
    rows = [
        (MONDAY, "OLD", "price_spike", "warning", 0.5, False),
        (WEDNESDAY, "BACK", "price_spike", "warning", 0.5, False),
        (THURSDAY, "BACK", "price_spike", "warning", 0.5, False),
        (THURSDAY, "STAYS", "zero_price", "error", None, False),
        (FRIDAY, "STAYS", "zero_price", "error", None, False),
        (FRIDAY, "SMALL", "price_spike", "warning", 0.4, False),
        (FRIDAY, "LARGE", "price_spike", "warning", -0.8, False),
        (FRIDAY, "WORST", "missing_price", "error", None, False),
        (FRIDAY, "KNOWN", "price_spike", "warning", 0.5, True),
    ]
    columns = ["date", "ticker", "rule", "severity", "deviation", "suppressed"]
    frame = pl.DataFrame(rows, schema=columns, orient="row").with_columns(pl.col("deviation").cast(pl.Float64))
    return complete(frame, FILED_SCHEMA)


def tickers(frame):
    return frame.get_column("ticker").to_list()


def test_incidents_are_told_apart_and_the_severe_come_first(findings):
    changes = find_changes(findings, SESSIONS, FRIDAY, THURSDAY)
    assert tickers(changes.new) == ["WORST", "LARGE", "SMALL"]
    assert tickers(changes.ongoing) == ["STAYS"]
    assert tickers(changes.resolved) == ["BACK"]
    assert tickers(changes.suppressed) == ["KNOWN"]
    assert changes.counts() == {"new": 3, "ongoing": 1, "resolved": 1, "suppressed": 1}


def test_without_a_run_before_what_is_open_is_new(findings):
    changes = find_changes(findings, SESSIONS, FRIDAY, None)
    assert tickers(changes.new) == ["STAYS", "WORST", "LARGE", "SMALL"]
    assert changes.resolved.is_empty()


def test_after_a_pause_all_that_began_since_is_new(findings):
    changes = find_changes(findings, SESSIONS, FRIDAY, TUESDAY)
    assert set(tickers(changes.new)) == {"WORST", "LARGE", "SMALL", "STAYS", "BACK"}


def test_a_clean_history_has_none():
    nothing = pl.DataFrame(schema=FILED_SCHEMA)
    assert find_changes(nothing, SESSIONS, FRIDAY, THURSDAY).counts() == dict.fromkeys(
        ("new", "ongoing", "resolved", "suppressed"), 0
    )


@settings(deadline=None, max_examples=25)
@given(
    st.lists(
        st.tuples(st.sampled_from(SESSIONS), st.sampled_from("ABC"), st.sampled_from(["zero_price", "price_spike"])),
        max_size=12,
        unique=True,
    ),
    st.sampled_from([None, *SESSIONS[:-1]]),
)
def test_leaving_out_tickers_without_recent_findings_changes_nothing(rows, since):
    frame = pl.DataFrame(rows, schema={"date": pl.Date, "ticker": pl.String, "rule": pl.String}, orient="row")
    frame = complete(frame.with_columns(severity=pl.lit("error")).sort("date", "ticker", "rule"), FILED_SCHEMA)
    filtered = find_changes(frame, SESSIONS, FRIDAY, since)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(changes_module, "_of_recent_tickers", lambda findings, _: findings)
        whole = find_changes(frame, SESSIONS, FRIDAY, since)
    for name in ("new", "ongoing", "resolved", "suppressed"):
        assert getattr(filtered, name).equals(getattr(whole, name))
