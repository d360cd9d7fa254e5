"""Reads rule files strictly: header, parameters, message and the one SELECT."""

import math
import re
from collections.abc import Mapping
from pathlib import Path

from quality.errors import UsageError
from quality.rules.messages import parse_message
from quality.rules.model import Rule
from quality.rules.severities import SEVERITIES
from quality.text import quoted, shortened

_KEYS = ("name", "severity", "message", "parameters", "look-back")


# Only for rules that look ahead: the daily check leaves them out.
_RETROSPECTIVE_KEYS = ("look-ahead", "retrospective", "reclassifies")


# What the parameters are instead where a run is more, or less, sensitive.
_PRESET_KEYS = ("high", "low")


_HEADER_LINE = re.compile(r"--\s*([a-z-]+)\s*:\s*(.*?)\s*")


# A sentence about a parameter, named as the SELECT names it.
_EXPLANATION = re.compile(r"--\s*\$([a-z][a-z0-9_]*)\s*:\s*(.*?)\s*")


_NAME = re.compile(r"[a-z][a-z0-9_]*")


_SESSIONS = re.compile(r"[0-9]{1,6}")


_PARAMETER = re.compile(r"(?!rule_|scope_)([a-z][a-z0-9_]*)\s*=\s*(\S+)")


# What a rule sees: the cells, and in the set `robust` the sessions; no setting, no file, nothing of the engine's own.
_RELATIONS = ("metrics", "days")


# What a settings file says of a rule beside its parameters, so no parameter can be named so.
RESERVED = ("tickers", "severity", "enabled")


def read_rule(path: Path, *, is_known: bool = False) -> Rule:
    """Read and check one rule file.

    Args:
        path: The file.
        is_known: Whether its SELECT need not be parsed: a test has done so for the rules that come with the job.

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
        raise _bad(path, lines["name"][1], f"name {quoted(header['name'])} must be the file's name, in a-z, 0-9 and _")
    severity = next((known for known in SEVERITIES if known == header["severity"]), None)
    if severity is None:
        raise _bad(path, lines["severity"][1], f"severity {quoted(header['severity'])} is not {', '.join(SEVERITIES)}")
    look_back = _sessions(path, "look-back", *lines["look-back"])
    parameters = _parameters(path, *lines["parameters"])
    explanations = _explanations(path, text, parameters)
    presets = {key: _preset(path, lines[key], parameters) for key in _PRESET_KEYS if key in lines}
    sql, first_line = _body(text)
    if not is_known:
        _check_select(path, first_line, sql, parameters)
    try:
        message = parse_message(header["message"])
    except UsageError as error:
        raise _bad(path, lines["message"][1], str(error)) from error
    look_ahead, reclassifies, is_causal = _hindsight(path, lines)
    return Rule(
        header["name"],
        severity,
        message,
        parameters,
        look_back,
        sql,
        str(path),
        look_ahead=look_ahead,
        reclassifies=reclassifies,
        is_causal=is_causal,
        explanations=explanations,
        presets=presets,
    )


def _hindsight(path: Path, lines: Mapping[str, tuple[str, int]]) -> tuple[int, tuple[str, ...], bool]:
    """Read the keys of a retrospective rule: how far it looks ahead, what it explains, and if it speaks on the day."""
    given = [key for key in _RETROSPECTIVE_KEYS if key in lines]
    if not given:
        return 0, (), True
    mark, line = lines.get("retrospective", ("", lines[given[0]][1]))
    if mark not in ("yes", "also"):
        raise _bad(path, line, f"{given[0]!r} is for a rule with '-- retrospective: yes' (or 'also': on the day too)")
    if "look-ahead" not in lines:
        raise _bad(path, line, "a retrospective rule says how many sessions it needs: '-- look-ahead: 10'")
    look_ahead = _sessions(path, "look-ahead", *lines["look-ahead"])
    if not look_ahead:
        raise _bad(path, lines["look-ahead"][1], "look-ahead '0' is not a number of sessions above 0")
    named, line = lines.get("reclassifies", ("", line))
    names = tuple(part.strip() for part in named.split(",")) if "reclassifies" in lines else ()
    if not all(_NAME.fullmatch(name) for name in names):
        raise _bad(path, line, f"reclassifies {quoted(named)} is not a list of rule names")
    return look_ahead, names, mark == "also"


def _sessions(path: Path, key: str, text: str, line: int) -> int:
    if not _SESSIONS.fullmatch(text):
        raise _bad(path, line, f"{key} {quoted(text)} is not a number of sessions")
    return int(text)


def _header_lines(path: Path, text: str) -> dict[str, tuple[str, int]]:
    lines: dict[str, tuple[str, int]] = {}
    keys = (*_KEYS, *_RETROSPECTIVE_KEYS, *_PRESET_KEYS)
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.startswith("--"):
            break
        if _EXPLANATION.fullmatch(line):
            continue
        match = _HEADER_LINE.fullmatch(line)
        if not match or match[1] not in keys:
            known = ", ".join(keys)
            raise _bad(path, number, f"{quoted(line)} is not a header line '-- key: value' with one of {known}")
        if match[1] in lines:
            raise _bad(path, number, f"{quoted(match[1])} is already in line {lines[match[1]][1]}")
        lines[match[1]] = (match[2], number)
    missing = [key for key in _KEYS if key not in lines]
    if missing:
        raise _bad(path, _body(text)[1], f"the header lacks {', '.join(missing)}")
    return lines


def _explanations(path: Path, text: str, parameters: Mapping[str, float]) -> dict[str, str]:
    """Read the sentences about parameters: `-- $limit: How far is too far.`."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        match = _EXPLANATION.fullmatch(line)
        if not match:
            continue
        name, sentence = match[1], match[2]
        if name not in parameters:
            raise _bad(path, number, f"explains ${name}, which the header does not declare")
        if name in found or not sentence:
            raise _bad(path, number, f"${name} is explained {'twice' if name in found else 'by nothing'}")
        found[name] = sentence
    return found


def _preset(path: Path, given: tuple[str, int], parameters: Mapping[str, float]) -> dict[str, float]:
    """Read what the parameters are at another sensitivity."""
    text, line = given
    values = _parameters(path, text, line)
    if unknown := [name for name in values if name not in parameters]:
        raise _bad(path, line, f"sets {', '.join(unknown)}, which the header does not declare")
    return values


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
            raise _bad(path, line, f"{quoted(part.strip())} is not 'name = number' (or 'none' for no parameters)")
        if match[1] in parameters:
            raise _bad(path, line, f"parameter {quoted(match[1])} is declared twice")
        if match[1] in RESERVED:
            raise _bad(path, line, f"no parameter can be named {quoted(match[1])}: settings say something else by it")
        try:
            default = float(match[2])
        except ValueError:
            raise _bad(path, line, f"the default of {quoted(match[1])} is not a number: {quoted(match[2])}") from None
        if not math.isfinite(default):
            raise _bad(path, line, f"the default of {quoted(match[1])} is not finite: {quoted(match[2])}")
        parameters[match[1]] = default
    return parameters


def _check_select(path: Path, line: int, sql: str, parameters: Mapping[str, float]) -> None:
    # Who has rules of their own pays for what looks into them.
    from quality.engine.reach import check_reach  # noqa: PLC0415
    from quality.engine.syntax import parameters_of  # noqa: PLC0415

    try:
        used = parameters_of(sql)
        check_reach(sql, _RELATIONS)
    except UsageError as error:
        raise _bad(path, line, str(error)) from error
    undeclared, unused = sorted(used - set(parameters)), sorted(set(parameters) - used)
    if undeclared:
        raise _bad(path, line, f"uses {shortened('$' + ', $'.join(undeclared))}, which the header does not declare")
    if unused:
        raise _bad(path, line, f"declares {shortened(', '.join(unused))}, which the SELECT does not use")


def _bad(path: Path, line: int, what: str) -> UsageError:
    return UsageError(f"{path}:{line}: {what}")
