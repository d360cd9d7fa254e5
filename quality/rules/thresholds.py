"""Reads the thresholds in `pricewatch.toml`: the rules' parameters, severity, and values of single tickers."""

from collections.abc import Mapping
from typing import Any

from quality.errors import UsageError
from quality.rules.files import RESERVED
from quality.rules.loading import ruleset_names
from quality.rules.model import Thresholds
from quality.rules.severities import severity_of
from quality.values import check_key, flag, number, read, subsections


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
    for ruleset, rules in subsections(table, path, "rules"):
        check_key(ruleset, ruleset_names(), f"{path}: rules.{ruleset}: no such rule set")
        found[ruleset] = {
            rule: _of_rule(given, f"rules.{ruleset}.{rule}", path)
            for rule, given in subsections(rules, path, f"rules.{ruleset}")
        }
    return found


def lines_of(text: str) -> dict[tuple[str, ...], int]:
    """Find the line in which each key and section of a TOML text first stands, for messages.

    Each line is read on its own; what only makes sense together with other lines is not found.
    """
    import tomllib  # noqa: PLC0415 - only a description of rules names lines

    lines: dict[tuple[str, ...], int] = {}
    section: tuple[str, ...] = ()
    for line_number, line in enumerate(text.splitlines(), start=1):
        try:
            path = _path_of(tomllib.loads(line))
        except tomllib.TOMLDecodeError:
            continue
        if line.lstrip().startswith("["):
            section = path
            lines.setdefault(section, line_number)
        elif path:
            lines.setdefault((*section, *path), line_number)
    return lines


def _path_of(value: object) -> tuple[str, ...]:
    """Give the keys that lead to the one value that a line sets; an inline table is a value."""
    path: tuple[str, ...] = ()
    while isinstance(value, dict) and len(value) == 1:
        ((key, value),) = value.items()
        path = (*path, key)
    return path


def _of_rule(given: Mapping[str, Any], where: str, path: str) -> Thresholds:
    by_ticker = {}
    for ticker, own in subsections(given.get("tickers", {}), path, f"{where}.tickers"):
        for key in ("enabled", "severity"):
            if key in own:
                raise UsageError(
                    f"{path}: {where}.tickers.{ticker}.{key}: only a whole rule has {key}; "
                    "to silence a rule for a ticker, enter it in a file of suppressions"
                )
        by_ticker[ticker] = _numbers(own, f"{path}: {where}.tickers.{ticker}")
    general = {key: value for key, value in given.items() if key not in RESERVED}
    severity = given.get("severity")
    return Thresholds(
        _numbers(general, f"{path}: {where}"),
        by_ticker,
        severity=None if severity is None else read(severity_of, severity, f"{path}: {where}.severity"),
        enabled=read(flag, given.get("enabled", True), f"{path}: {where}.enabled"),
        path=path,
    )


def _numbers(given: Mapping[str, Any], where: str) -> dict[str, float]:
    for key, value in given.items():
        if isinstance(value, dict):
            raise UsageError(f'{where}.{key} is a section of its own; quote a ticker that holds a dot: tickers."BRK.B"')
    return {key: read(number, value, f"{where}.{key}") for key, value in given.items()}
