"""Rules of the set `robust` as questions: to which tickers, on which evening, and how the findings are described."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from quality.engine.statements import sql_root
from quality.evaluation.robust.evidence import evidence_of
from quality.findings.columns import OPTIONAL
from quality.patterns import best_fits
from quality.rules.messages import Message
from quality.rules.model import Rule

# Beside what every finding has, a message of the set is made of so many numbers and texts; one of more is written at
# once, with the others where it is known which findings remain.
NUMBERS, TEXTS = ("number_1", "number_2", "number_3"), ("text_1", "text_2", "text_3", "text_4")
# The columns of what is found; `rule_number` is the position among the rules that were asked, and `in_hindsight` tells
# what a rule says in the light of later days from what it says on the day: some do both. `question` tells by which
# message it is described, from what columns; a message that is there is described already.
FOUND = pa.schema(
    {
        "date": pa.date32(),
        "ticker": pa.string(),
        "rule_number": pa.int32(),
        "in_hindsight": pa.bool_(),
        "price": pa.float64(),
        "expected": pa.float64(),
        "deviation": pa.float64(),
        "message": pa.string(),
        "lower": pa.float64(),
        "upper": pa.float64(),
        "first_date": pa.date32(),
        "last_date": pa.date32(),
        "factor": pa.float64(),
        "covered": pa.bool_(),
        "question": pa.int32(),
        **dict.fromkeys(NUMBERS, pa.float64()),
        **dict.fromkeys(TEXTS, pa.string()),
    }
)
_EVERY_FINDING = ("date", "ticker", "price", "expected", "deviation", *OPTIONAL)
# Which findings are wanted, by what the scope says of them.
WANTED = {
    "scope_start": "date >= $scope_start",
    "scope_end": "date <= $scope_end",
    "scope_only": "list_contains($scope_only, ticker)",
    "scope_but": "not list_contains($scope_but, ticker)",
}


@dataclass(frozen=True)
class Scope:
    """What findings are wanted of.

    Attributes:
        tickers: All tickers that there are.
        start: The first date, None for the first that there is.
        end: The last date, None for the last that there is.

    """

    tickers: Sequence[str]
    start: dt.date | None = None
    end: dt.date | None = None


def is_of_set(rule: Rule) -> bool:
    """Tell whether a rule is of the set, not the user's own."""
    return rule.source.startswith(str(sql_root()))


@dataclass(frozen=True)
class Question:
    """A rule with its values for a group of tickers, asked on the day or in the light of later days.

    Attributes:
        rule: The rule.
        number: Its position among the rules that are asked.
        in_hindsight: Whether it is asked in the light of later days.
        pattern: The tickers that the values are for; None for all that have no values of their own.
        parameters: The values.

    """

    rule: Rule
    number: int
    in_hindsight: bool
    pattern: str | None
    parameters: Mapping[str, float]

    @property
    def sees_all(self) -> bool:
        """Whether it sees later days: a rule of the set that looks ahead says so, or a test fails; others may not."""
        return self.in_hindsight or (is_of_set(self.rule) and not self.rule.look_ahead)

    def wanted(self, scope: Scope) -> Mapping[str, object] | None:
        """Give which of its findings are wanted, as values of `WANTED`; None where there is no ticker of its group."""
        own = best_fits(self.rule.by_ticker, scope.tickers) if self.rule.by_ticker else {}
        dates = {"scope_start": scope.start, "scope_end": scope.end}
        wanted: dict[str, object] = {name: value for name, value in dates.items() if value is not None}
        if self.pattern is not None:
            group = [ticker for ticker, best in own.items() if best == self.pattern]
            return {**wanted, "scope_only": group} if group else None
        return {**wanted, "scope_but": list(own)} if own else wanted

    @property
    def described(self) -> "Description | None":
        """Say how its findings are described once it is known which of them remain; None for at once."""
        evidence = evidence_of(self.rule.sql)
        return _description(self.rule.message, self.parameters, evidence.gives) if evidence else None


@dataclass(frozen=True)
class Description:
    """A message over the columns of `FOUND`, and what stands in those of `NUMBERS` and `TEXTS`, as expressions."""

    message: Message
    arguments: Mapping[str, str]


def questions_of(rules: Sequence[Rule]) -> list[Question]:
    """Give rules as questions: of most tickers, and of each group that has values of its own, each in its views."""
    return [
        Question(rule, number, in_hindsight, pattern, parameters)
        for number, rule in enumerate(rules)
        for pattern, parameters in ((None, rule.parameters), *rule.by_ticker.items())
        for in_hindsight in [False] * rule.is_causal + [True] * rule.is_retrospective
    ]


def _description(message: Message, parameters: Mapping[str, float], columns: Collection[str]) -> Description | None:
    """Let a message name columns of `FOUND`; None where it takes more of them than there are, or says what is not."""
    free = {True: list(NUMBERS), False: list(TEXTS)}
    places, arguments = [], dict[str, str]()
    for place in message.places:
        if place.name in parameters or (place.name in _EVERY_FINDING and not place.is_count):
            places.append(place)
            continue
        left = free[place.is_number]
        if not left or place.name not in columns:
            return None
        name = left.pop(0)
        arguments[name] = place.name if place.is_number else place.as_text
        places.append(replace(place, name=name, spec=place.spec if place.is_number else ""))
    return Description(replace(message, places=tuple(places)), arguments)
