"""How bad a finding is."""

from typing import Literal

from quality.values import either

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


def severity_of(value: object) -> Severity:
    """Read a severity; ValueError where it is none."""
    for known in SEVERITIES:
        if known == value:
            return known
    raise ValueError(f"is not {either(SEVERITIES)}")
