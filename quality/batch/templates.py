"""Addresses with places to fill: `{date}`, `{date:%Y%m%d}`, `{panel}`, `{job}` and `{run}`."""

import datetime as dt
import re

_PLACE = re.compile(r"\{(date|panel|job|run)(?::([^{}]*))?\}")


def fill(template: str, day: dt.date, **names: str) -> str:
    """Fill an address.

    Args:
        template: The address; a date is ISO, or as its format says (`{date:%Y%m%d}`).
        day: The day of the batch.
        names: What `panel`, `job` and `run` stand for; places without one stay as they are.

    """

    def filled(match: re.Match[str]) -> str:
        if match[1] == "date":
            return day.strftime(match[2]) if match[2] else day.isoformat()
        return names.get(match[1], match[0])

    return _PLACE.sub(filled, template)


def has(template: str, place: str) -> bool:
    """Tell whether an address has a place of a name."""
    return any(match[1] == place for match in _PLACE.finditer(template))


def before(template: str, place: str) -> str:
    """Give the folder of an address above the first part that has a place of a name."""
    kept = []
    for part in template.split("/"):
        if has(part, place):
            break
        kept.append(part)
    return "/".join(kept) or ("/" if template.startswith("/") else ".")


def dated(template: str) -> re.Pattern[str]:
    """Give a pattern of what follows the folder above `{date}`: its first group is the ISO date."""
    rest = template[len(before(template, "date")) :].lstrip("/") if before(template, "date") != "." else template
    parts = []
    position = 0
    for match in _PLACE.finditer(rest):
        parts.append(re.escape(rest[position : match.start()]))
        is_first = match[1] == "date" and not match[2] and not any("(?P<date>" in part for part in parts)
        parts.append(r"(?P<date>\d{4}-\d{2}-\d{2})" if is_first else "[^/]+")
        position = match.end()
    return re.compile("".join(parts) + re.escape(rest[position:]))


def fill_names(template: str, **names: str) -> str:
    """Fill an address but for its dates."""
    return _PLACE.sub(lambda match: names.get(match[1], match[0]), template)


def run_pattern(template: str) -> str:
    """Give a pattern of what follows the folder above `{run}`: its group `run` is a run's id."""
    rest = template[len(before(template, "run")) :].lstrip("/") if before(template, "run") != "." else template
    head, _, tail = rest.partition("{run}")
    return f"{re.escape(head)}(?P<run>[0-9T]{{18}}Z-[0-9a-f]+){re.escape(tail)}"
