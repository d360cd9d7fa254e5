"""The rules that no cell can break: what only a file can have, and whole days."""

from collections.abc import Mapping

from quality.rules.severities import Severity

# Rules of whole days, which no file holds: they compare the panel's sessions with a calendar.
MISSING_SESSION, CLOSED_DAY = "missing_session", "closed_day"


WHOLE_DAY_RULES: Mapping[str, Severity] = {MISSING_SESSION: "error", CLOSED_DAY: "warning"}
WHOLE_DAY_MESSAGES = {
    MISSING_SESSION: "Missing Session ({weekday} {date} is a session of {calendar})",
    CLOSED_DAY: "Prices on a Closed Day ({weekday} {date} is no session of {calendar})",
}
