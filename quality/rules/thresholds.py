"""Reads what `pricewatch.toml` says of rules: their parameters, severity, and values of single tickers."""

import math
import tomllib
from collections.abc import Mapping
from typing import Any

from quality.errors import UsageError
from quality.rules.files import RESERVED
from quality.rules.loading import ruleset_names
from quality.rules.model import Thresholds
from quality.rules.severities import SEVERITIES, Severity


def read_thresholds(table: object, path: str) -> dict[str, dict[str, Thresholds]]:
    """Read `[rules.SET.RULE]` with its values and `[rules.SET.RULE.tickers.TICKER]` with a ticker's own.

    Rules and parameters are checked where the rules are loaded; everything else here.

    Args:
        table: What the file holds under `rules`.
        path: The file, for messages.

    Returns:
        By rule set and rule, what replaces the rule's own.

    Raises:
        UsageError: No such rule set, or a value of the wrong kind; the message names file and key.

    """
    found: dict[str, dict[str, Thresholds]] = {}
    for ruleset, rules in sections(table, "rules", path):
        if ruleset not in ruleset_names():
            raise UsageError(f"{path}: rules.{ruleset}: no such rule set; there is {', '.join(ruleset_names())}")
        found[ruleset] = {
            rule: _of_rule(values, f"rules.{ruleset}.{rule}", path)
            for rule, values in sections(rules, f"rules.{ruleset}", path)
        }
    return found


def lines_of(text: str) -> dict[tuple[str, ...], int]:
    """Find the line in which each key and section of a TOML text first stands, for messages.

    Each line is read on its own; what only makes sense together with other lines is not found.
    """
    lines: dict[tuple[str, ...], int] = {}
    section: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            path = _path_of(tomllib.loads(line))
        except tomllib.TOMLDecodeError:
            continue
        if line.lstrip().startswith("["):
            section = path
            lines.setdefault(section, number)
        elif path:
            lines.setdefault((*section, *path), number)
    return lines


def _path_of(value: object) -> tuple[str, ...]:
    """Give the keys that lead to the one value that a line sets; an inline table is a value."""
    path: tuple[str, ...] = ()
    while isinstance(value, dict) and len(value) == 1:
        ((key, value),) = value.items()
        path = (*path, key)
    return path


def _of_rule(values: Mapping[str, Any], where: str, path: str) -> Thresholds:
    by_ticker = {}
    for ticker, own in sections(values.get("tickers", {}), f"{where}.tickers", path):
        for key in ("enabled", "severity"):
            if key in own:
                raise UsageError(
                    f"{path}: {where}.tickers.{ticker}.{key}: only a whole rule has {key}; "
                    "to silence a rule for a ticker, enter it in a file of suppressions"
                )
        by_ticker[ticker] = _numbers(own, f"{path}: {where}.tickers.{ticker}")
    general = {key: value for key, value in values.items() if key not in RESERVED}
    return Thresholds(
        _numbers(general, f"{path}: {where}"),
        by_ticker,
        severity=_severity(values.get("severity"), f"{path}: {where}.severity"),
        enabled=_flag(values.get("enabled", True), f"{path}: {where}.enabled"),
        path=path,
    )


def sections(table: object, where: str, path: str) -> list[tuple[str, dict[str, Any]]]:
    """Give the sections that a section holds; anything else in it is an error that names file and key."""
    if not isinstance(table, dict):
        raise UsageError(f"{path}: {where} must be a section [{where}.…]")
    for key, value in table.items():
        if not isinstance(value, dict):
            raise UsageError(f"{path}: {where}.{key} must be a section [{where}.{key}]")
    return list(table.items())


def _numbers(values: Mapping[str, Any], where: str) -> dict[str, float]:
    for key, value in values.items():
        if isinstance(value, dict):
            raise UsageError(f'{where}.{key} is a section of its own; quote a ticker that holds a dot: tickers."BRK.B"')
        if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
            raise UsageError(f"{where}.{key}: {value!r} is not a number")
    return {key: float(value) for key, value in values.items()}


def _severity(value: object, where: str) -> Severity | None:
    if value is None:
        return None
    known = next((severity for severity in SEVERITIES if severity == value), None)
    if known is None:
        raise UsageError(f"{where}: {value!r} is not {', '.join(SEVERITIES)}")
    return known


def _flag(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise UsageError(f"{where}: {value!r} is not true or false")
    return value
