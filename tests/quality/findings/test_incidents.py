"""Incidents: maximal series of sessions on which one family of rules finds one ticker."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.findings.incidents import SCHEMA, find_incidents

START = dt.date(2022, 1, 3)
RULES = {
    "price_spike": ("level", "warning"),
    "unit_error": ("level", "error"),
    "level_shift": ("level", "info"),
    "frozen_price": ("stale", "warning"),
    "missing_price": ("gap", "error"),
    "missing_ticker": ("gap", "error"),
    "zero_price": ("invalid", "error"),
    "my_rule": ("my_rule", "info"),
    "closed_day": ("closed_day", "warning"),
}
SILENCE = {"gap": (), "invalid": ("gap",), "level": ("gap", "invalid"), "stale": ("gap", "invalid"), "my_rule": ()}


def day(number):
    return START + dt.timedelta(days=number)


def found(number, rule="price_spike", ticker="AAA", **more):
    return {"date": day(number), "ticker": ticker, "rule": rule, "severity": RULES[rule][1], **more}


def incidents(*rows, sessions=10):
    findings = pl.DataFrame(rows, schema_overrides={"first_date": pl.Date, "last_date": pl.Date})
    missing = [pl.lit(None, dtype=pl.String).alias("message"), pl.lit(None, dtype=pl.Float64).alias("deviation")]
    findings = findings.with_columns(column for column in missing if column.meta.output_name() not in findings.columns)
    return find_incidents(findings, [day(number) for number in range(sessions)])


def spans(frame):
    return [
        (row["ticker"], row["family"], (row["first_date"] - START).days, (row["last_date"] - START).days)
        for row in frame.iter_rows(named=True)
    ]


def test_sessions_in_a_row_are_one_incident_and_a_session_without_a_finding_ends_it():
    found_on = incidents(found(1), found(2, "unit_error"), found(4), found(2, ticker="BBB"))
    assert spans(found_on) == [("AAA", "level", 1, 2), ("BBB", "level", 2, 2), ("AAA", "level", 4, 4)]
    assert found_on.get_column("sessions").to_list() == [2, 1, 1]
    assert found_on.schema == SCHEMA


def test_a_session_without_a_price_neither_ends_nor_extends():
    found_on = incidents(found(1), found(2, "missing_price"), found(3, "zero_price"), found(4), found(5, "zero_price"))
    level = found_on.filter(family="level")
    assert spans(level) == [("AAA", "level", 1, 4)]
    assert level.item(0, "sessions") == 2


def test_a_day_that_is_wrong_as_a_whole_is_no_session_for_the_tickers():
    found_on = incidents(found(1), found(2, "closed_day", "__SESSION__"), found(3), sessions=5)
    assert spans(found_on) == [("AAA", "level", 1, 3), ("__SESSION__", "closed_day", 2, 2)]
    days = [found(number, "closed_day", "__SESSION__") for number in (1, 2, 4)]
    assert spans(incidents(*days))[0] == ("__SESSION__", "closed_day", 1, 2)


def test_a_wrong_day_may_be_no_session_of_the_panel_at_all():
    findings = pl.DataFrame([found(1), found(2, "closed_day", "__SESSION__"), found(3)]).with_columns(
        message=pl.lit(None, dtype=pl.String), deviation=pl.lit(None, dtype=pl.Float64)
    )
    assert spans(find_incidents(findings, [day(number) for number in (0, 1, 3, 4)]))[0] == ("AAA", "level", 1, 3)


def test_the_leading_finding_gives_rule_severity_and_message():
    (row,) = incidents(
        found(1, message="up", deviation=0.5, suppressed=False),
        found(2, "unit_error", message="pence", deviation=-0.99, suppressed=False),
        found(3, "unit_error", message="more pence", deviation=float("inf"), suppressed=False),
    ).iter_rows(named=True)
    assert (row["rule"], row["severity"], row["message"]) == ("unit_error", "error", "pence")
    assert (row["worst_deviation"], row["findings"]) == (-0.99, 3)


def test_a_stretch_is_one_incident_from_its_first_date_to_its_last():
    whole = {"first_date": day(2), "last_date": day(6), "factor": 100.0, "message": "times 100", "covered": False}
    lead = found(2, "unit_error", **whole)
    tail = [found(number, "unit_error", **{**whole, "covered": True}) for number in (3, 5)]
    (row,) = incidents(lead, *tail).iter_rows(named=True)
    assert (row["first_date"], row["last_date"], row["sessions"]) == (day(2), day(6), 5)
    assert (row["factor"], row["findings"]) == (100.0, 1)


def test_status_is_open_on_the_last_session_judged():
    rows = [found(9), found(8, ticker="BBB"), found(8, ticker="CCC"), found(9, "missing_price", "CCC")]
    status = {(row["ticker"], row["family"]): row["status"] for row in incidents(*rows).iter_rows(named=True)}
    assert status == {
        ("AAA", "level"): "open",
        ("BBB", "level"): "resolved",
        ("CCC", "level"): "open",  # nobody could judge it since
        ("CCC", "gap"): "open",
    }


def test_an_incident_is_suppressed_where_all_its_findings_are():
    rows = [found(1, suppressed=True), found(2, suppressed=True), found(4, suppressed=True), found(5, suppressed=False)]
    found_on = incidents(*rows)
    assert found_on.get_column("status").to_list() == ["suppressed", "resolved"]
    assert found_on.get_column("findings").to_list() == [0, 1]


def test_the_id_depends_on_ticker_family_and_first_date_alone():
    before = incidents(found(5), sessions=6)
    after = incidents(found(1, ticker="BBB"), found(5), found(6, "unit_error"), sessions=10)
    assert before.item(0, "incident") == after.filter(ticker="AAA").item(0, "incident")
    assert after.get_column("incident").n_unique() == 2


def test_no_findings_are_no_incidents():
    nothing = pl.DataFrame(schema={name: SCHEMA.get(name, pl.String) for name in ("ticker", "rule", "severity")})
    empty = nothing.with_columns(
        date=pl.lit(None, dtype=pl.Date), deviation=pl.lit(None, dtype=pl.Float64), message=pl.lit("")
    )
    assert find_incidents(empty, []).schema == SCHEMA
    assert not find_incidents(empty, [START]).height


# What the text of the contract says, ticker by ticker and session by session.
def by_hand(cells, sessions):
    wrong = {number for number, ticker, _ in cells if ticker == "__SESSION__"}
    for ticker, family in sorted({(ticker, RULES[rule][0]) for _, ticker, rule in cells}):
        on = {number for number, other, rule in cells if (other, RULES[rule][0]) == (ticker, family)}
        silent = {
            number for number, other, rule in cells if other == ticker and RULES[rule][0] in SILENCE.get(family, ())
        }
        silent |= set() if ticker == "__SESSION__" else wrong
        span = []
        for number in range(sessions):
            if number in on:
                span.append(number)
            elif number not in silent and span:
                yield ticker, family, span[0], span[-1]
                span = []
        if span:
            yield ticker, family, span[0], span[-1]


SESSIONS = 8
CELLS = st.tuples(
    st.integers(0, SESSIONS - 1), st.sampled_from(["AAA", "BBB", "CCC", "DDD"]), st.sampled_from([*RULES][:-1])
) | st.tuples(st.integers(0, SESSIONS - 1), st.just("__SESSION__"), st.just("closed_day"))


@settings(max_examples=25, deadline=None)
@given(st.sets(CELLS, min_size=1, max_size=60))
def test_incidents_are_what_the_contract_says(cells):
    rows = [found(number, rule, ticker) for number, ticker, rule in cells]
    assert sorted(spans(incidents(*rows, sessions=SESSIONS))) == sorted(by_hand(cells, SESSIONS))


@pytest.mark.parametrize("family", ["gap", "invalid", "level", "stale"])
def test_the_families_hold_rules_that_exist(family):
    from quality.engine.statements import sql_root, statement  # noqa: PLC0415 - only this test looks at files

    text = statement("incidents/incidents")
    named = [line.split("'")[1] for line in text.split("silenced")[0].splitlines() if line.endswith(f"'{family}'),")]
    there = {file.stem for file in (sql_root() / "rules").rglob("*.sql")}
    assert named
    assert len(set(named) & there) >= len(named) - 4  # some rules of the contract are still to come
