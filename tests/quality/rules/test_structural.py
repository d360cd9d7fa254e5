"""The rules of files and whole days: declared once, described with all others, and their texts for ever the same."""

import pytest

from quality.errors import UsageError
from quality.rules.description import describe
from quality.rules.loading import load_ruleset
from quality.rules.model import Thresholds
from quality.rules.structural import STRUCTURAL_RULES


def test_every_set_has_them_with_severity_message_and_parameters():
    assert {
        name: (rule.severity, rule.message.template, dict(rule.parameters)) for name, rule in STRUCTURAL_RULES.items()
    } == {
        "blank_ticker": ("error", "Unnamed/Blank Ticker Column", {}),
        "duplicate_ticker": ("error", "Duplicate Ticker Name", {}),
        "duplicate_date": ("error", "Duplicate Date Entry ({date})", {}),
        "wrong_date": ("error", "Wrong Date ({reason})", {"longest_break": 10}),
        "incomplete_day": (
            "error",
            "Incomplete Day ({arrived} tickers, {expected} the session before)",
            {"share": 0.8, "few": 5},
        ),
        "missing_session": ("error", "Missing Session ({weekday} {date} is a session of {calendar})", {}),
        "closed_day": ("warning", "Prices on a Closed Day ({weekday} {date} is no session of {calendar})", {}),
    }
    for name in ("notebook", "robust"):
        assert set(load_ruleset(name).structural) == set(STRUCTURAL_RULES)


def test_they_are_described_with_where_their_values_come_from():
    given = {"robust": {"incomplete_day": Thresholds({"share": 0.5}, path="own.toml")}}
    described = {rule.name: rule for rule in describe("robust", [], given)}
    assert set(STRUCTURAL_RULES) < set(described)
    values = {value.name: (value.default, value.value, value.origin) for value in described["incomplete_day"].values}
    assert values["share"] == (0.8, 0.5, "own.toml: rules.robust.incomplete_day.share")
    assert values["few"] == (5, 5, "every check")
    assert described["missing_session"].source == "--calendar"


@pytest.mark.parametrize(
    ("thresholds", "says"),
    [
        (
            Thresholds({"shar": 0.5}),
            "incomplete_day.shar: no such parameter; the rule has share, few; did you mean share?",
        ),
        (Thresholds({}, {"A": {"share": 0.5}}), "rules.robust.incomplete_day.tickers: the rule is of files"),
    ],
)
def test_what_they_have_not_is_refused(thresholds, says):
    with pytest.raises(UsageError) as raised:
        load_ruleset("robust", [], {"incomplete_day": thresholds})
    assert says in str(raised.value)


def test_a_rule_of_ones_own_cannot_take_their_names(tmp_path):
    (tmp_path / "closed_day.sql").write_text(
        "-- name: closed_day\n-- severity: info\n-- message: x\n-- parameters: none\n-- look-back: 0\n"
        "select date, ticker, price, null as expected, null as deviation from metrics\n"
    )
    with pytest.raises(UsageError, match="is the name of a rule that comes with every set"):
        load_ruleset("robust", [tmp_path])


def test_they_decide_the_fingerprint():
    changed = load_ruleset("robust", [], {"incomplete_day": Thresholds({"share": 0.5})})
    assert changed.fingerprint != load_ruleset("robust").fingerprint
