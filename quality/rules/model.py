"""What a rule is, what settings say of it, and what a set of rules decides."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from quality.patterns import best_fits
from quality.rules.messages import Message
from quality.rules.severities import Severity

DEFAULT_RULESET = "robust"
# How easily rules speak: what they find, and how often they are wrong, rises from left to right.
SENSITIVITIES = ("low", "normal", "high")
DEFAULT_SENSITIVITY = "normal"


@dataclass(frozen=True)
class Thresholds:
    """What settings say of a rule instead of its file.

    Attributes:
        values: Parameters, for every ticker.
        by_ticker: Parameters, for a ticker or a pattern of tickers instead.
        severity: None for the rule's own.
        enabled: Whether the rule is evaluated at all.
        path: The settings file, for messages.

    """

    values: Mapping[str, float] = field(default_factory=dict)
    by_ticker: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    severity: Severity | None = None
    enabled: bool = True
    path: str = field(default="", compare=False)


@dataclass(frozen=True)
class Rule:
    """One rule: a SELECT of bad cells under a declared header, or the header of a structural rule, found by code.

    Attributes:
        name: The file's name without its ending.
        severity: error, warning or info.
        message: What a finding says, with places for columns and parameters.
        parameters: The parameters and their values in force for most tickers.
        look_back: Sessions of history that the rule needs; 0 for a rule that needs none.
        look_ahead: Sessions after a cell that the rule needs; 0 for a causal rule.
        reclassifies: Rules whose findings this one explains, in hindsight, by its own.
        is_causal: Whether the rule speaks on the day itself; one that looks ahead may do both.
        is_of_checks: Whether it is asked on the day only, though it could say more later.
        explanations: By parameter, a sentence that says what it does.
        presets: By sensitivity, the parameters that are others then.
        sql: The SELECT; "" for a structural rule.
        source: Where the file lies, for messages.
        by_ticker: Values in force for a ticker or a pattern of tickers, complete; of several that fit a
            ticker, the most specific counts (`globs.best_fits`).

    """

    name: str
    severity: Severity
    message: Message
    parameters: Mapping[str, float]
    look_back: int
    sql: str
    source: str
    by_ticker: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    look_ahead: int = 0
    reclassifies: tuple[str, ...] = ()
    is_causal: bool = True
    is_of_checks: bool = False
    explanations: Mapping[str, str] = field(default_factory=dict)
    presets: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def is_retrospective(self) -> bool:
        """Whether the rule looks ahead: what it says then serves scans only."""
        return self.look_ahead > 0 and not self.is_of_checks

    def for_ticker(self, ticker: str) -> "Rule":
        """Give the rule with the values that are in force for one ticker, in place of those for all."""
        best = best_fits(self.by_ticker, [ticker]).get(ticker)
        return self if best is None else replace(self, parameters=self.by_ticker[best], by_ticker={})


@dataclass(frozen=True)
class RuleSet:
    """The rules of a run over one set of metrics.

    Attributes:
        name: Of the set and of its metrics.
        rules: By name, ascending.
        disabled: Those that settings turned off, likewise.
        structural: By name, the rules of files and of whole days that settings did not turn off.
        sensitivity: Of `SENSITIVITIES`; the parameters are those of it already.

    """

    name: str
    rules: tuple[Rule, ...]
    disabled: tuple[Rule, ...] = ()
    structural: Mapping[str, Rule] = field(default_factory=dict)
    sensitivity: str = DEFAULT_SENSITIVITY

    @property
    def look_back(self) -> int:
        """The sessions before a cell that its findings depend on.

        A rule that is turned off counts: what `metrics` says of a cell must not change with it.
        """
        return max((rule.look_back for rule in (*self.rules, *self.disabled)), default=0)

    @property
    def look_ahead(self) -> int:
        """The sessions after a cell that its findings depend on."""
        return max((rule.look_ahead for rule in self.rules), default=0)

    @property
    def causal(self) -> "RuleSet":
        """The rules that a daily check can evaluate, on the day only: those that need no later one."""
        return replace(self, rules=tuple(replace(rule, is_of_checks=True) for rule in self.rules if rule.is_causal))

    @property
    def fingerprint(self) -> str:
        """A digest of the rules and the thresholds in force; `evaluation.sets.fingerprint` adds the metrics."""
        digest = hashlib.sha256()
        for rule in (*self.rules, *self.structural.values()):
            digest.update(repr((rule.name, rule.severity, rule.message.template, rule.look_back, rule.sql)).encode())
            digest.update(repr((sorted(rule.parameters.items()), _sorted_items(rule.by_ticker))).encode())
            if rule.is_retrospective:
                digest.update(repr((rule.look_ahead, rule.reclassifies, rule.is_causal)).encode())
        return digest.hexdigest()[:16]

    def as_dict(self) -> dict[str, object]:
        """Give the set and the thresholds in force; `evaluation.sets.describe` adds the fingerprint."""
        rules = (*self.rules, *self.structural.values())
        return {
            "ruleset": self.name,
            "sensitivity": self.sensitivity,
            "rules": {rule.name: dict(rule.parameters) for rule in rules},
            "rules_of_tickers": {rule.name: _plain(rule.by_ticker) for rule in rules if rule.by_ticker},
            "rule_severities": {rule.name: rule.severity for rule in rules},
            "disabled_rules": [rule.name for rule in self.disabled],
        }


def _plain(by_ticker: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    return {ticker: dict(values) for ticker, values in by_ticker.items()}


def _sorted_items(by_ticker: Mapping[str, Mapping[str, float]]) -> list[tuple[str, list[tuple[str, float]]]]:
    return [(ticker, sorted(by_ticker[ticker].items())) for ticker in sorted(by_ticker)]
