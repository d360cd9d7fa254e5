"""What is told of a run, on every channel: how it went, what changed, what was not processed, and where to look."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from quality.delivery.changes import Changes
from quality.text import counted, visible

_LONGEST_SUBJECT = 180


@dataclass(frozen=True)
class Story:
    """One run, or one that failed, as it is told.

    Attributes:
        panel: The panel's name.
        day: The day that it is about.
        job: "check", "scan" or "ingest".
        summary: The run in numbers; empty where there is none.
        changes: Incidents, compared with the run before.
        unprocessed: What could not be processed, one line each.
        failure: Why there is no run; "" where there is one.
        where: Address of the results.
        commands: Commands that show the same, one line each.
        links: By label, addresses that a browser opens.
        charts: By ticker, a PNG of its price.

    """

    panel: str
    day: dt.date
    job: str
    summary: Mapping[str, Any] = field(default_factory=dict)
    changes: Changes = field(default_factory=Changes)
    unprocessed: Sequence[str] = ()
    failure: str = ""
    where: str = ""
    commands: Sequence[str] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    charts: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def outcome(self) -> str:
        """Tell how it went: "failed", "incomplete", "error", "warning", "info" or "clean"."""
        if self.failure:
            return "failed"
        if self.unprocessed:
            return "incomplete"
        counts = self.severities
        return next((name for name in ("error", "warning", "info") if counts.get(name)), "clean")

    @property
    def severities(self) -> dict[str, int]:
        """The findings that count, by severity, the severe first."""
        counts = self.summary.get("by_severity") or {}
        known = [name for name in ("error", "warning", "info") if counts.get(name)]
        return {name: counts[name] for name in [*known, *(name for name in counts if name not in known)]}

    @property
    def is_news(self) -> bool:
        """Tell whether anything changed since the run before, or went wrong."""
        changes = self.changes.counts()
        return bool(self.failure or self.unprocessed or changes["new"] or changes["resolved"])

    @property
    def counted(self) -> str:
        """Give the counts by severity in words: `3 errors, 11 warnings`."""
        return ", ".join(counted(count, name) for name, count in self.severities.items())

    @property
    def subject(self) -> str:
        """Give the subject of a mail: what, when, and how it went."""
        if self.failure:
            how = f"FAILED: {self.failure}"
        else:
            news = self.changes.counts()["new"]
            fresh = f" ({news:,} new)" if self.changes.since and self.counted else ""
            parts = [f"{self.counted}{fresh}" if self.counted else "" if self.unprocessed else f"clean, {self.extent}"]
            if self.unprocessed:
                parts.append(f"{counted(len(self.unprocessed), 'part')} NOT PROCESSED")
            how = ", ".join(filter(None, parts))
        text = visible(f"[pricewatch] {self.panel} {self.day}: {how}")
        return text if len(text) <= _LONGEST_SUBJECT else text[: _LONGEST_SUBJECT - 1] + "…"

    @property
    def extent(self) -> str:
        """Tell how much was judged."""
        summary = self.summary
        if self.job == "check":
            return f"{counted(summary.get('cells', 0), 'price')} checked"
        if self.job == "ingest":
            return f"{counted(summary.get('rows_written', summary.get('rows', 0)), 'row')} read"
        return (
            f"{counted(summary.get('cells', 0), 'cell')} scanned, "
            f"{summary.get('first_session')} to {summary.get('last_session')}"
        )


def unprocessed_of(summary: Mapping[str, Any]) -> list[str]:
    """Name what a run could not process."""
    lines = [f"year {damage['year']}: {damage['reason']}" for damage in summary.get("damaged") or ()]
    lines += [f"{failed['file']}: {failed['reason']}" for failed in summary.get("failed_files") or ()]
    for key, noun, rest in (("rows_refused", "row", "refused"), ("conflicts", "price", "in conflict with others")):
        count = summary.get(key)
        if isinstance(count, int) and count:
            lines.append(f"{counted(count, noun)} {rest}")
    if summary.get("outcome") not in (None, "complete") and not lines:
        lines.append(f"the run is {summary['outcome']}")
    return lines
