"""The report of a check: its lines, in order; in the notebook's own, a missing ticker is a position."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from quality.check.structure import Reported
from quality.findings.columns import COVERED, SUPPRESSED
from quality.findings.notebook_report import NOT_IN_NOTEBOOK_REPORT

Line = tuple[str, str]


@dataclass(frozen=True)
class Report:
    """The findings of a day as pairs of key and issue.

    Attributes:
        issues: The report's own lines.
        outside: What counts and is no line of the report.
        suppressed: What a suppression makes not count.

    """

    issues: tuple[Line, ...]
    outside: tuple[Line, ...]
    suppressed: tuple[Line, ...]


def make_report(reported: Sequence[Reported], findings: pa.Table, *, by_position: bool) -> Report:
    """Sort findings into the report's lines and what stands outside of it.

    Args:
        reported: The findings, in the order of the report.
        findings: The same as a table, in the same order, with `suppressed` and `covered`.
        by_position: Whether it is the notebook's own, which has keys of its own and knew some of the rules only.

    """
    issues: list[Line] = []
    outside: list[Line] = []
    suppressed: list[Line] = []
    marks = zip(*(findings.column(name).to_pylist() for name in (SUPPRESSED, COVERED)), strict=True)
    for item, (is_suppressed, is_covered) in zip(reported, marks, strict=True):
        line = (item.key if by_position else item.finding["ticker"], item.finding["message"])
        if is_suppressed:
            suppressed.append(line)
        elif not is_covered:
            (outside if _is_outside(item, by_position=by_position) else issues).append(line)
    return Report(tuple(issues), tuple(outside), tuple(suppressed))


def _is_outside(item: Reported, *, by_position: bool) -> bool:
    if by_position:
        return item.finding["rule"] in NOT_IN_NOTEBOOK_REPORT
    return bool(item.finding["severity"] == "info")
