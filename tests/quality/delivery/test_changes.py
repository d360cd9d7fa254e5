"""What is new, what goes on, what has ended: since the run before."""

import datetime as dt

import polars as pl
import pytest

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
