"""Runs sort by time, and say when they were."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from quality.findings.identity import identify, run_id_of

INSTANTS = st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2100, 1, 1), timezones=st.just(dt.UTC))  # noqa: DTZ001


@given(INSTANTS, INSTANTS)
def test_ids_sort_as_the_runs_began(one, other):
    first, second = sorted((one, other))
    if second - first >= dt.timedelta(milliseconds=1):
        assert identify(3.5, first)["run_id"] < identify(3.5, second)["run_id"]


def test_instants_are_utc_whatever_the_clock_says():
    tokyo = dt.timezone(dt.timedelta(hours=9))
    identity = identify(1.5, dt.datetime(2026, 11, 25, 11, 0, tzinfo=tokyo))
    assert (identity["started"], identity["ended"]) == (
        "2026-11-25T01:59:58.500+00:00",
        "2026-11-25T02:00:00.000+00:00",
    )
    assert identity["run_id"].startswith("20261125T015958500Z-")


def test_an_older_run_sorts_by_its_last_session():
    older = run_id_of({"last_session": "2022-09-26"})
    assert older < identify(0)["run_id"]
    assert run_id_of({"run_id": "x"}) == "x"
