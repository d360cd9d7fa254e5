"""Rule files: header, parameters, message, discovery, thresholds in force, and their fingerprint."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from quality.engine.statements import sql_root
from quality.errors import UsageError
from quality.rules.files import read_rule
from quality.rules.model import DEFAULT_RULESET, DEFAULT_SENSITIVITY, SENSITIVITIES, Rule, RuleSet, Thresholds
from quality.rules.structural import STRUCTURAL_RULES
from quality.text import similar

_UNSET = Thresholds()


def ruleset_names() -> list[str]:
    """List the rule sets that come with the job."""
    return sorted(folder.name for folder in (sql_root() / "rules").iterdir() if folder.is_dir())


def load_ruleset(
    name: str = DEFAULT_RULESET,
    folders: Sequence[Path] = (),
    thresholds: Mapping[str, Thresholds] | None = None,
    sensitivity: str = DEFAULT_SENSITIVITY,
) -> RuleSet:
    """Load a rule set, the user's own rules beside it, and the thresholds that are in force.

    Args:
        name: One of `ruleset_names()`.
        folders: Folders with more rule files.
        thresholds: By rule, what replaces the defaults of its parameters.
        sensitivity: Of `SENSITIVITIES`: which defaults of the rule files are meant.

    Raises:
        UsageError: No such set, a file that breaks the format (with file and line), two rules of one
            name, or a threshold for a rule, parameter or value that does not exist.

    """
    if sensitivity not in SENSITIVITIES:
        raise UsageError(f"no sensitivity {sensitivity!r}; there is {', '.join(SENSITIVITIES)}")
    if name not in ruleset_names():
        raise UsageError(f"no rule set {name!r}; there is {', '.join(ruleset_names())}{similar(name, ruleset_names())}")
    rules: dict[str, Rule] = {}
    for path in _rule_files([sql_root() / "rules" / name, *folders]):
        rule = read_rule(path, is_known=path.is_relative_to(sql_root()))
        if rule.name in STRUCTURAL_RULES:
            raise UsageError(f"{path}: {rule.name!r} is the name of a rule that comes with every set; choose another")
        if rule.name in rules:
            raise UsageError(f"{path}: a rule named {rule.name!r} is already in {rules[rule.name].source}")
        rules[rule.name] = replace(rule, parameters={**rule.parameters, **rule.presets.get(sensitivity, {})})
    given = thresholds or {}
    in_force = apply_thresholds(name, rules, given)
    on = {rule_name: rule for rule_name, rule in sorted(in_force.items()) if given.get(rule_name, _UNSET).enabled}
    return RuleSet(
        name,
        tuple(rule for rule_name, rule in on.items() if rule_name not in STRUCTURAL_RULES),
        tuple(rule for rule_name, rule in sorted(in_force.items()) if rule_name not in on),
        {rule_name: rule for rule_name, rule in on.items() if rule_name in STRUCTURAL_RULES},
        sensitivity,
    )


def rules_in_force(
    name: str,
    folders: Sequence[str | Path],
    thresholds: Mapping[str, Mapping[str, Thresholds]],
    sensitivity: str = DEFAULT_SENSITIVITY,
) -> RuleSet:
    """Load a rule set with the settings of all sets checked, whichever is used.

    Args:
        name: The rule set.
        folders: Folders with rules of one's own.
        thresholds: By rule set and rule, what settings say.
        sensitivity: Of `SENSITIVITIES`.

    Raises:
        UsageError: As `load_ruleset`; or settings of another set speak of what does not exist.

    """
    paths = [Path(folder) for folder in folders]
    chosen = load_ruleset(name, paths, thresholds.get(name), sensitivity)
    own = by_name(load_ruleset(name, paths)) if paths else {}
    for other in ruleset_names():
        if other != name and thresholds.get(other):
            apply_thresholds(other, {**own, **by_name(load_ruleset(other))}, thresholds[other])
    return chosen


def by_name(ruleset: RuleSet) -> dict[str, Rule]:
    """Give the rules of a set that are in force, the structural ones too, by their names."""
    return {rule.name: rule for rule in (*ruleset.rules, *ruleset.structural.values())}


def apply_thresholds(ruleset: str, rules: Mapping[str, Rule], thresholds: Mapping[str, Thresholds]) -> dict[str, Rule]:
    """Give the rules, and the structural ones, with what settings say of them.

    Raises:
        UsageError: Settings speak of a rule or a parameter that does not exist; the message names file and key.

    """
    in_force = {**rules, **STRUCTURAL_RULES}
    for name, values in thresholds.items():
        where = f"{values.path}: rules.{ruleset}.{name}" if values.path else f"rules.{ruleset}.{name}"
        if name not in in_force:
            known = sorted(in_force)
            raise UsageError(
                f"{where}: no such rule; there is {', '.join(known)} (rules of your own come with --rules DIR)"
                f"{similar(name, known)}"
            )
        if name in STRUCTURAL_RULES and values.by_ticker:
            raise UsageError(f"{where}.tickers: the rule is of files and whole days; it has no thresholds of tickers")
        in_force[name] = _in_force(in_force[name], values, where)
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
            raise UsageError(
                f"{where}.{key}: no such parameter; the rule has {', '.join(known) or 'none'}{similar(name, known)}"
            )


def _in_force(rule: Rule, thresholds: Thresholds, where: str) -> Rule:
    _check_parameters(rule.parameters, thresholds, where)
    parameters = {**rule.parameters, **thresholds.values}
    by_ticker = {ticker: {**parameters, **values} for ticker, values in thresholds.by_ticker.items()}
    severity = thresholds.severity or rule.severity
    return replace(rule, severity=severity, parameters=parameters, by_ticker=by_ticker)
