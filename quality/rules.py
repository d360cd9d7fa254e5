"""Rule files: header, parameters, message, discovery, thresholds in force, and their fingerprint."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from quality.engine import parameters_of
from quality.errors import UsageError
from quality.messages import Message, parse_message
from quality.queries import sql_root, statement

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
DEFAULT_RULESET = "robust"

_KEYS = ("name", "severity", "message", "parameters", "look-back")
# Only for rules that look ahead: the daily check leaves them out.
_RETROSPECTIVE_KEYS = ("look-ahead", "retrospective", "reclassifies")
# What else decides the findings of a set.
_STATEMENTS = {
    "notebook": (
        "macros",
        "cells",
        "metrics/notebook",
        "chunk/cells",
        "chunk/present",
        "chunk/absent",
        "chunk/metrics",
        "chunk/found",
    ),
    "robust": ("macros", "robust/rows", "metrics/robust", "robust/look_ahead", "robust/found"),
}
_HEADER_LINE = re.compile(r"--\s*([a-z-]+)\s*:\s*(.*?)\s*")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_PARAMETER = re.compile(r"(?!rule_|scope_)([a-z][a-z0-9_]*)\s*=\s*(\S+)")


@dataclass(frozen=True)
class Thresholds:
    """Values for a rule's parameters: for every ticker, and for some tickers instead."""

    values: Mapping[str, float] = field(default_factory=dict)
    by_ticker: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """One rule file: a SELECT of bad cells under a declared header.

    Attributes:
        name: The file's name without its ending.
        severity: error, warning or info.
        message: What a finding says, with places for columns and parameters.
        parameters: The parameters and their values in force for most tickers.
        look_back: Sessions of history that the rule needs; 0 for a rule that needs none.
        look_ahead: Sessions after a cell that the rule needs; 0 for a causal rule.
        reclassifies: Rules whose findings this one explains, in hindsight, by its own.
        sql: The SELECT.
        source: Where the file lies, for messages.
        by_ticker: Values in force for single tickers, complete.

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

    @property
    def is_retrospective(self) -> bool:
        """Whether the rule looks ahead: it serves scans only."""
        return self.look_ahead > 0


@dataclass(frozen=True)
class RuleSet:
    """The rules of a run, by name, over one set of metrics."""

    name: str
    rules: tuple[Rule, ...]

    @property
    def look_back(self) -> int:
        """The sessions before a cell that its findings depend on."""
        return max((rule.look_back for rule in self.rules), default=0)

    @property
    def look_ahead(self) -> int:
        """The sessions after a cell that its findings depend on."""
        return max((rule.look_ahead for rule in self.rules), default=0)

    @property
    def causal(self) -> "RuleSet":
        """The rules that a daily check can evaluate: those that need no later day."""
        return replace(self, rules=tuple(rule for rule in self.rules if not rule.is_retrospective))

    @property
    def fingerprint(self) -> str:
        """A digest of everything that decides the findings: rules, thresholds and metrics."""
        digest = hashlib.sha256()
        for name in _STATEMENTS[self.name]:
            digest.update(statement(name).encode())
        for rule in self.rules:
            digest.update(repr((rule.name, rule.severity, rule.message.template, rule.look_back, rule.sql)).encode())
            digest.update(repr((sorted(rule.parameters.items()), _sorted_items(rule.by_ticker))).encode())
            if rule.is_retrospective:
                digest.update(repr((rule.look_ahead, rule.reclassifies)).encode())
        return digest.hexdigest()[:16]

    def as_dict(self) -> dict[str, object]:
        """Give what a summary says of the rules: the set, its fingerprint, the thresholds in force."""
        return {
            "ruleset": self.name,
            "ruleset_fingerprint": self.fingerprint,
            "rules": {rule.name: dict(rule.parameters) for rule in self.rules},
        }


def _sorted_items(by_ticker: Mapping[str, Mapping[str, float]]) -> list[tuple[str, list[tuple[str, float]]]]:
    return [(ticker, sorted(by_ticker[ticker].items())) for ticker in sorted(by_ticker)]


def ruleset_names() -> list[str]:
    """List the rule sets that come with the job."""
    return sorted(folder.name for folder in (sql_root() / "rules").iterdir() if folder.is_dir())


def load_ruleset(
    name: str = DEFAULT_RULESET,
    folders: Sequence[Path] = (),
    thresholds: Mapping[str, Thresholds] | None = None,
) -> RuleSet:
    """Load a rule set, the user's own rules beside it, and the thresholds that are in force.

    Args:
        name: One of `ruleset_names()`.
        folders: Folders with more rule files.
        thresholds: By rule, what replaces the defaults of its parameters.

    Raises:
        UsageError: No such set, a file that breaks the format (with file and line), two rules of one
            name, or a threshold for a rule, parameter or value that does not exist.

    """
    if name not in ruleset_names():
        raise UsageError(f"no rule set {name!r}; there is {', '.join(ruleset_names())}")
    rules: dict[str, Rule] = {}
    for path in _rule_files([sql_root() / "rules" / name, *folders]):
        rule = read_rule(path)
        if rule.name in rules:
            raise UsageError(f"{path}: a rule named {rule.name!r} is already in {rules[rule.name].source}")
        rules[rule.name] = rule
    for rule_name, values in (thresholds or {}).items():
        if rule_name not in rules:
            raise UsageError(f"rules.{name}.{rule_name}: no such rule; there is {', '.join(sorted(rules))}")
        rules[rule_name] = _in_force(rules[rule_name], values, f"rules.{name}.{rule_name}")
    return RuleSet(name, tuple(rules[rule_name] for rule_name in sorted(rules)))


def _rule_files(folders: Iterable[Path]) -> list[Path]:
    files: list[Path] = []
    for folder in folders:
        found = sorted(folder.glob("*.sql")) if folder.is_dir() else []
        if not found:
            raise UsageError(f"--rules {folder}: no rule files (*.sql) there")
        files += found
    return files


def _in_force(rule: Rule, thresholds: Thresholds, where: str) -> Rule:
    for name in (*thresholds.values, *(name for values in thresholds.by_ticker.values() for name in values)):
        if name not in rule.parameters:
            known = ", ".join(rule.parameters) or "none"
            raise UsageError(f"{where}.{name}: no such parameter; the rule has {known}")
    parameters = {**rule.parameters, **thresholds.values}
    by_ticker = {ticker: {**parameters, **values} for ticker, values in thresholds.by_ticker.items()}
    return replace(rule, parameters=parameters, by_ticker=by_ticker)


def read_rule(path: Path) -> Rule:
    """Read and check one rule file.

    Raises:
        UsageError: With the file and line of what breaks the format.

    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read as a rule: {error}") from error
    lines = _header_lines(path, text)
    header = {key: value for key, (value, _) in lines.items()}
    if header["name"] != path.stem or not _NAME.fullmatch(header["name"]):
        raise _bad(path, lines["name"][1], f"name {header['name']!r} must be the file's name, in a-z, 0-9 and _")
    severity = next((known for known in SEVERITIES if known == header["severity"]), None)
    if severity is None:
        raise _bad(path, lines["severity"][1], f"severity {header['severity']!r} is not {', '.join(SEVERITIES)}")
    if not header["look-back"].isdecimal():
        raise _bad(path, lines["look-back"][1], f"look-back {header['look-back']!r} is not a number of sessions")
    parameters = _parameters(path, *lines["parameters"])
    sql, first_line = _body(text)
    _check_select(path, first_line, sql, parameters)
    try:
        message = parse_message(header["message"])
    except UsageError as error:
        raise _bad(path, lines["message"][1], str(error)) from error
    look_ahead, reclassifies = _hindsight(path, lines)
    return Rule(
        header["name"],
        severity,
        message,
        parameters,
        int(header["look-back"]),
        sql,
        str(path),
        look_ahead=look_ahead,
        reclassifies=reclassifies,
    )


def _hindsight(path: Path, lines: Mapping[str, tuple[str, int]]) -> tuple[int, tuple[str, ...]]:
    """Read the keys of a retrospective rule: how far it looks ahead, and which findings it explains."""
    given = [key for key in _RETROSPECTIVE_KEYS if key in lines]
    if not given:
        return 0, ()
    mark, line = lines.get("retrospective", ("", lines[given[0]][1]))
    if mark != "yes":
        raise _bad(path, line, f"{given[0]!r} is for a rule with '-- retrospective: yes'")
    if "look-ahead" not in lines:
        raise _bad(path, line, "a retrospective rule says how many sessions it needs: '-- look-ahead: 10'")
    sessions, line = lines["look-ahead"]
    if not sessions.isdecimal() or not int(sessions):
        raise _bad(path, line, f"look-ahead {sessions!r} is not a number of sessions")
    named, line = lines.get("reclassifies", ("", line))
    names = tuple(part.strip() for part in named.split(",")) if "reclassifies" in lines else ()
    if not all(_NAME.fullmatch(name) for name in names):
        raise _bad(path, line, f"reclassifies {named!r} is not a list of rule names")
    return int(sessions), names


def _header_lines(path: Path, text: str) -> dict[str, tuple[str, int]]:
    lines: dict[str, tuple[str, int]] = {}
    known = ", ".join((*_KEYS, *_RETROSPECTIVE_KEYS))
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.startswith("--"):
            break
        match = _HEADER_LINE.fullmatch(line)
        if not match or match[1] not in (*_KEYS, *_RETROSPECTIVE_KEYS):
            raise _bad(path, number, f"{line!r} is not a header line '-- key: value' with one of {known}")
        if match[1] in lines:
            raise _bad(path, number, f"{match[1]!r} is already in line {lines[match[1]][1]}")
        lines[match[1]] = (match[2], number)
    missing = [key for key in _KEYS if key not in lines]
    if missing:
        raise _bad(path, len(lines) + 1, f"the header lacks {', '.join(missing)}")
    return lines


def _body(text: str) -> tuple[str, int]:
    lines = text.splitlines()
    start = next((number for number, line in enumerate(lines) if not line.startswith("--")), len(lines))
    return "\n".join(lines[start:]).strip().removesuffix(";"), start + 1


def _parameters(path: Path, text: str, line: int) -> dict[str, float]:
    if text == "none":
        return {}
    parameters: dict[str, float] = {}
    for part in text.split(","):
        match = _PARAMETER.fullmatch(part.strip())
        if not match:
            raise _bad(path, line, f"{part.strip()!r} is not 'name = number' (or 'none' for no parameters)")
        if match[1] in parameters:
            raise _bad(path, line, f"parameter {match[1]!r} is declared twice")
        try:
            parameters[match[1]] = float(match[2])
        except ValueError:
            raise _bad(path, line, f"the default of {match[1]!r} is not a number: {match[2]!r}") from None
    return parameters


def _check_select(path: Path, line: int, sql: str, parameters: Mapping[str, float]) -> None:
    try:
        used = parameters_of(sql)
    except UsageError as error:
        raise _bad(path, line, str(error)) from error
    undeclared, unused = sorted(used - set(parameters)), sorted(set(parameters) - used)
    if undeclared:
        raise _bad(path, line, f"uses ${', $'.join(undeclared)}, which the header does not declare")
    if unused:
        raise _bad(path, line, f"declares {', '.join(unused)}, which the SELECT does not use")


def _bad(path: Path, line: int, what: str) -> UsageError:
    return UsageError(f"{path}:{line}: {what}")
