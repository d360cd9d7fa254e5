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
# Rules of whole days, which no file holds: they compare the panel's sessions with a calendar (`whole_days`).
MISSING_SESSION, CLOSED_DAY = "missing_session", "closed_day"
WHOLE_DAY_RULES: Mapping[str, Severity] = {MISSING_SESSION: "error", CLOSED_DAY: "warning"}

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
    "robust": ("macros", "robust/rows", "metrics/robust", "robust/look_ahead", "chunk/found"),
}
_HEADER_LINE = re.compile(r"--\s*([a-z-]+)\s*:\s*(.*?)\s*")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_PARAMETER = re.compile(r"(?!rule_|scope_)([a-z][a-z0-9_]*)\s*=\s*(\S+)")
# What a settings file says of a rule beside its parameters, so no parameter can be named so.
RESERVED = ("tickers", "severity", "enabled")


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

    @property
    def is_retrospective(self) -> bool:
        """Whether the rule looks ahead: it serves scans only."""
        return self.look_ahead > 0


@dataclass(frozen=True)
class RuleSet:
    """The rules of a run over one set of metrics.

    Attributes:
        name: Of the set and of its metrics.
        rules: By name, ascending.
        disabled: Those that settings turned off, likewise.
        whole_day: The severities of the rules of whole days that settings did not turn off.

    """

    name: str
    rules: tuple[Rule, ...]
    disabled: tuple[Rule, ...] = ()
    whole_day: Mapping[str, Severity] = field(default_factory=lambda: dict(WHOLE_DAY_RULES))

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
            "disabled_rules": [rule.name for rule in self.disabled],
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
        if rule.name in WHOLE_DAY_RULES:
            raise UsageError(f"{path}: {rule.name!r} is the name of a rule that comes with --calendar; choose another")
        if rule.name in rules:
            raise UsageError(f"{path}: a rule named {rule.name!r} is already in {rules[rule.name].source}")
        rules[rule.name] = rule
    given = thresholds or {}
    in_force = apply_thresholds(name, rules, given)
    off = {rule_name for rule_name, values in given.items() if not values.enabled}
    return RuleSet(
        name,
        tuple(in_force[rule_name] for rule_name in sorted(in_force) if rule_name not in off),
        tuple(in_force[rule_name] for rule_name in sorted(off - set(WHOLE_DAY_RULES))),
        _whole_day(given),
    )


def _whole_day(thresholds: Mapping[str, Thresholds]) -> dict[str, Severity]:
    said = {name: thresholds.get(name, Thresholds()) for name in WHOLE_DAY_RULES}
    return {name: values.severity or WHOLE_DAY_RULES[name] for name, values in said.items() if values.enabled}


def apply_thresholds(ruleset: str, rules: Mapping[str, Rule], thresholds: Mapping[str, Thresholds]) -> dict[str, Rule]:
    """Give the rules with what settings say of them.

    Raises:
        UsageError: Settings speak of a rule or a parameter that does not exist; the message names file and key.

    """
    in_force = dict(rules)
    for name, values in thresholds.items():
        where = f"{values.path}: rules.{ruleset}.{name}" if values.path else f"rules.{ruleset}.{name}"
        if name in WHOLE_DAY_RULES:
            _check_parameters({}, values, where)
            continue
        if name not in rules:
            known = ", ".join(sorted({*rules, *WHOLE_DAY_RULES}))
            raise UsageError(f"{where}: no such rule; there is {known} (rules of your own come with --rules DIR)")
        in_force[name] = _in_force(rules[name], values, where)
    return in_force


def _rule_files(folders: Iterable[Path]) -> list[Path]:
    files: list[Path] = []
    for folder in folders:
        found = sorted(folder.glob("*.sql")) if folder.is_dir() else []
        if not found:
            raise UsageError(f"--rules {folder}: no rule files (*.sql) there")
        files += found
    return files


def _check_parameters(known: Mapping[str, float], thresholds: Thresholds, where: str) -> None:
    named = [(name, name) for name in thresholds.values]
    named += [(name, f"tickers.{ticker}.{name}") for ticker, values in thresholds.by_ticker.items() for name in values]
    for name, key in named:
        if name not in known:
            raise UsageError(f"{where}.{key}: no such parameter; the rule has {', '.join(known) or 'none'}")


def _in_force(rule: Rule, thresholds: Thresholds, where: str) -> Rule:
    _check_parameters(rule.parameters, thresholds, where)
    parameters = {**rule.parameters, **thresholds.values}
    by_ticker = {ticker: {**parameters, **values} for ticker, values in thresholds.by_ticker.items()}
    severity = thresholds.severity or rule.severity
    return replace(rule, severity=severity, parameters=parameters, by_ticker=by_ticker)


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
        if match[1] in RESERVED:
            raise _bad(path, line, f"no parameter can be named {match[1]!r}: settings say something else by it")
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
