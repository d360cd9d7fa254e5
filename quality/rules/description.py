"""The rules in force: a set with all settings checked, and where each of its values comes from."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from quality.engine.statements import sql_root
from quality.rules.loading import by_name, load_ruleset, rules_in_force
from quality.rules.model import DEFAULT_SENSITIVITY, Rule, Thresholds
from quality.rules.thresholds import lines_of


@dataclass(frozen=True)
class Value:
    """One value that is in force.

    Attributes:
        name: The parameter, "severity" or "enabled".
        tickers: The ticker or the pattern that it is for, "" for all others.
        default: The rule file's value.
        value: What is in force.
        origin: The rule file (with the sensitivity that chose the value), or file, line and key of the setting.
        explanation: What the parameter does, in a sentence; "" where its file says nothing.

    """

    name: str
    tickers: str
    default: float | str | bool
    value: float | str | bool
    origin: str
    explanation: str = ""


@dataclass(frozen=True)
class Described:
    """A rule as it is in force; `as_dict` is what programs read."""

    name: str
    enabled: bool
    severity: str
    look_back: int
    message: str
    source: str
    values: tuple[Value, ...]

    def as_dict(self) -> dict[str, Any]:
        """Give the rule for JSON."""
        return asdict(self)


def describe(
    name: str,
    folders: Sequence[str | Path],
    thresholds: Mapping[str, Mapping[str, Thresholds]],
    sensitivity: str = DEFAULT_SENSITIVITY,
) -> list[Described]:
    """Say of each rule of a set what is in force, and where each value comes from; errors as `rules_in_force`."""
    chosen = rules_in_force(name, folders, thresholds, sensitivity)
    defaults = by_name(load_ruleset(name, [Path(folder) for folder in folders]))
    given = thresholds.get(name, {})
    lines = {path: _lines(path) for path in {values.path for values in given.values()}}
    off = {rule.name for rule in chosen.disabled}
    described = [
        Described(
            rule.name,
            rule.name not in off,
            rule.severity,
            rule.look_back,
            rule.message.template,
            _shown(rule.source),
            tuple(_values(_Origins(name, rule.name, given, lines), rule, defaults[rule.name], sensitivity)),
        )
        for rule in (*chosen.rules, *chosen.structural.values(), *chosen.disabled)
    ]
    return sorted(described, key=lambda rule: rule.name)


def _shown(source: str) -> str:
    """Name a rule's file: `sql/rules/…` for one that comes with the job."""
    home = sql_root().parent
    return str(Path(source).relative_to(home)) if Path(source).is_relative_to(home / "sql") else source


def _lines(path: str) -> dict[tuple[str, ...], int]:
    try:
        return lines_of(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):  # it has been read before; without it, the key alone says where
        return {}


@dataclass(frozen=True)
class _Origins:
    """What settings say of one rule, and in which lines."""

    ruleset: str
    rule: str
    given: Mapping[str, Thresholds]
    lines: Mapping[str, Mapping[tuple[str, ...], int]]

    @property
    def thresholds(self) -> Thresholds:
        return self.given.get(self.rule, Thresholds())

    def origin(self, *keys: str) -> str:
        """Give file, line and key of a setting; the line where it is known."""
        path = ("rules", self.ruleset, self.rule, *keys)
        file = self.thresholds.path
        line = self.lines.get(file, {}).get(path)
        return f"{file}:{line}: {'.'.join(path)}" if line else f"{file}: {'.'.join(path)}"

    def of_rule(self, default: str, severity: str, source: str) -> list[Value]:
        """Give the values that every rule has: whether it is evaluated, where that was set, and its severity."""
        turned = [] if self.thresholds.enabled else [Value("enabled", "", True, False, self.origin("enabled"))]  # noqa: FBT003
        where = self.origin("severity") if self.thresholds.severity else source
        return [*turned, Value("severity", "", default, severity, where)]


def _values(origins: _Origins, rule: Rule, default: Rule, sensitivity: str) -> list[Value]:
    file, given = _shown(rule.source), origins.thresholds
    preset = rule.presets.get(sensitivity, {})
    values = origins.of_rule(default.severity, rule.severity, file)
    for name, value in rule.parameters.items():
        own_file = f"{file} ({sensitivity})" if name in preset else file
        where = origins.origin(name) if name in given.values else own_file
        values.append(Value(name, "", default.parameters[name], value, where, rule.explanations.get(name, "")))
        values += [
            Value(name, ticker, default.parameters[name], own[name], origins.origin("tickers", ticker, name))
            for ticker, own in given.by_ticker.items()
            if name in own
        ]
    return values
