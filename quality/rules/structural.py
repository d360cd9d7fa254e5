"""The rules that no cell can break: what only a file can have, and whole days; declared here, once."""

from collections.abc import Mapping

from quality.rules.messages import parse_message
from quality.rules.model import Rule
from quality.rules.severities import Severity

# Where such rules come from, in place of a file: from every check, or from a calendar other than the panel's own.
_CHECK, _CALENDAR = "every check", "--calendar"


_EXPLANATIONS = {
    "longest_break": "How many days after the last session a date may be.",
    "share": "The share of the tickers of the session before below which a day is incomplete.",
    "few": "How many tickers fewer it must also be.",
}


def _rule(name: str, severity: Severity, message: str, source: str = _CHECK, **parameters: float) -> Rule:
    explanations = {key: _EXPLANATIONS[key] for key in parameters}
    text = parse_message(message)
    return Rule(name, severity, text, parameters, look_back=0, sql="", source=source, explanations=explanations)


BLANK_TICKER = _rule("blank_ticker", "error", "Unnamed/Blank Ticker Column")
DUPLICATE_TICKER = _rule("duplicate_ticker", "error", "Duplicate Ticker Name")
DUPLICATE_DATE = _rule("duplicate_date", "error", "Duplicate Date Entry ({date})")
# The file's name gives another date; a weekend, where history has none; or more than `longest_break` days after the
# last session, which proves nothing and is a warning at most.
WRONG_DATE = _rule("wrong_date", "error", "Wrong Date ({reason})", longest_break=10)
# Fewer than `share` of the tickers of the session before, and at least `few` fewer.
INCOMPLETE_DAY = _rule(
    "incomplete_day", "error", "Incomplete Day ({arrived} tickers, {expected} the session before)", share=0.8, few=5
)
MISSING_SESSION = _rule(
    "missing_session", "error", "Missing Session ({weekday} {date} is a session of {calendar})", _CALENDAR
)
CLOSED_DAY = _rule(
    "closed_day", "warning", "Prices on a Closed Day ({weekday} {date} is no session of {calendar})", _CALENDAR
)

STRUCTURAL_RULES: Mapping[str, Rule] = {
    rule.name: rule
    for rule in (
        BLANK_TICKER,
        DUPLICATE_TICKER,
        DUPLICATE_DATE,
        WRONG_DATE,
        INCOMPLETE_DAY,
        MISSING_SESSION,
        CLOSED_DAY,
    )
}
