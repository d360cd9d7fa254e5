"""A run's story as plain text: for the mail's plain part, and for chats."""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from quality.delivery.changes import Changes
from quality.delivery.story import Story
from quality.text import counted, visible

MOST_LINES = 20
HEADINGS = {"new": "New", "ongoing": "Ongoing", "resolved": "Resolved"}


def as_text(story: Story) -> str:
    """Give the story as lines of text."""
    return "\n".join(visible(line) for line in _lines(story)).rstrip() + "\n"


def headline(story: Story) -> str:
    """Tell in one sentence how it went."""
    if story.failure:
        return f"{story.panel} {story.day}: The batch failed. {story.failure}"
    if story.outcome == "clean":
        return f"{story.panel} {story.day}: clean. {story.extent}, nothing found."
    found = f"{story.counted}; {story.extent}" if story.counted else f"nothing found in what was read; {story.extent}"
    return f"{story.panel} {story.day}: {found}."


def command_heading(story: Story) -> str:
    """Say what the commands of a story are for."""
    return "To run it again" if story.failure else "To see the same"


def compared(changes: Changes) -> str:
    """Tell how incidents stand to the run before; nothing where there are none."""
    counts = changes.counts()
    if not any(counts.values()):
        return ""
    if changes.since is None:
        return f"{counted(counts['new'], 'open incident')}; there is no run before to compare with."
    parts = [f"{count:,} {name}" for name, count in counts.items() if count]
    return f"Incidents since the run of {changes.since}: {', '.join(parts)}."


def incident_line(incident: Mapping[str, Any], kind: str) -> str:
    """Give what one incident is, without its ticker and severity."""
    first, last, sessions = incident["first_date"], incident["last_date"], incident["sessions"]
    text = str(incident["message"] or incident["rule"])
    if kind == "resolved":
        return f"{text}; {first} to {last}" if last > first else f"{text}; on {first}"
    if kind == "ongoing" or sessions > 1:
        return f"{text}; since {first}, {counted(sessions, 'session')}"
    return text


def shown(incidents: pl.DataFrame) -> tuple[list[dict[str, Any]], int]:
    """Give the incidents that are listed, and how many more there are."""
    return incidents.head(MOST_LINES).to_dicts(), max(incidents.height - MOST_LINES, 0)


def _lines(story: Story) -> Iterator[str]:
    yield headline(story)
    if line := compared(story.changes):
        yield line
    if story.unprocessed:
        yield ""
        yield f"NOT PROCESSED ({len(story.unprocessed):,})"
        yield from (f"  {line}" for line in story.unprocessed)
    for kind, heading in HEADINGS.items():
        yield from _section(getattr(story.changes, kind), heading.upper(), kind)
    if story.changes.suppressed.height:
        yield ""
        yield f"Suppressed, and not counted: {counted(story.changes.suppressed.height, 'incident')}"
    yield from _ranking("Findings by rule", story.summary.get("by_rule"))
    if story.job == "scan":
        yield from _ranking("Worst tickers", story.summary.get("by_ticker"))
    yield ""
    if story.where:
        yield f"Results: {story.where}"
    yield from (f"{label}: {address}" for label, address in story.links.items())
    if story.commands:
        yield f"{command_heading(story)}:"
        yield from (f"  {command}" for command in story.commands)


def _section(incidents: pl.DataFrame, heading: str, kind: str) -> Iterator[str]:
    rows, more = shown(incidents)
    if not rows:
        return
    width = max(len(str(row["ticker"])) for row in rows)
    yield ""
    yield f"{heading} ({incidents.height:,})"
    for row in rows:
        yield f"  {row['severity']:<7}  {row['ticker']:<{width}}  {incident_line(row, kind)}"
    if more:
        yield f"  … {more:,} more: see the results"


def _ranking(title: str, counts: object, most: int = 8) -> Iterator[str]:
    if not isinstance(counts, Mapping) or not counts:
        return
    ranked = list(counts.items())[:most]
    width = max(len(f"{count:,}") for _, count in ranked)
    yield ""
    yield title
    for name, count in ranked:
        yield f"  {count:>{width},}  {name}"
