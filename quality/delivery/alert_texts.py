"""What the e-mails say: the notebook's daily alert, and the summary of a full-history scan."""

import datetime as dt
from collections.abc import Mapping, Sequence

from quality.text import counted, visible

_SHOWN_TICKERS = 5


def daily_alert(
    day: dt.date, issues: Sequence[tuple[str, str]], outside: Sequence[tuple[str, str]] = ()
) -> tuple[str, str]:
    r"""Return subject and body of one day's alert.

    `issues` are (key, issue) pairs in the order of the report; each is one line of the body, with its
    unprintable characters shown as escapes such as `\x1b`. What is `outside` of the notebook's report follows
    it: a day that is wrong as a whole must not read as all clear.
    """
    lines = [f"{visible(key)}: {visible(issue)}" for key, issue in issues]
    if outside:
        lines += ["", "Outside of the report:", *(f"{visible(key)}: {visible(issue)}" for key, issue in outside)]
    head = f"📅 Detected {len(issues)} anomalies on {day}:"
    return f"Stock Anomaly Alert - {day}", "\n".join([head, "", *lines]) + "\n"


def scan_alert(summary: Mapping[str, object], results: str = "") -> tuple[str, str]:
    """Return subject and body for a full-history scan.

    `summary` is the run's parsed `summary.json`; what it does not hold is left out. `results` is the
    address of the run, for the reader to go on.
    """
    headline = ", ".join(filter(None, [_counted(summary, "findings", "finding"), _period(summary)]))
    lines = [
        _scan_sentence(summary),
        *_not_scanned(summary.get("damaged")),
        *_facts({"Outcome": summary.get("outcome")}),
        *_ranking("Findings by rule", summary.get("by_rule")),
        *_ranking("Worst tickers", summary.get("by_ticker"), _SHOWN_TICKERS),
        "",
        *_facts({"Rule set": summary.get("ruleset"), "Panel": summary.get("panel"), "Results": results}),
    ]
    subject = " - ".join(filter(None, ["Stock Anomaly Scan", headline]))
    return subject, "\n".join(lines).rstrip() + "\n"


def _not_scanned(damaged: object) -> list[str]:
    """Return a line for each year that could not be read."""
    years = damaged if isinstance(damaged, Sequence) else ()
    return [f"NOT SCANNED: {visible(str(each['year']))}: {visible(str(each['reason']))}" for each in years]


def _counted(summary: Mapping[str, object], key: str, noun: str) -> str:
    """Return the count under `key` with its noun, such as `8,572 findings`; nothing where there is none."""
    count = summary.get(key)
    return counted(count, noun) if isinstance(count, int) else ""


def _period(summary: Mapping[str, object]) -> str:
    """Return `first to last session`; nothing where one is missing."""
    first, last = summary.get("first_session"), summary.get("last_session")
    return visible(f"{first} to {last}") if first and last else ""


def _scan_sentence(summary: Mapping[str, object]) -> str:
    """Return how much was found, in what, and how long it took."""
    findings = _counted(summary, "findings", "finding") or "An unknown number of findings"
    severities = [f"{count:,} {visible(name)}" for name, count in _ranked(summary.get("by_severity"))]
    cells, seconds = _counted(summary, "cells", "cell"), summary.get("seconds")
    sizes = _counted(summary, "sessions", "session"), _counted(summary, "tickers", "ticker")
    extent = ", ".join(filter(None, [*sizes, _period(summary)]))
    parts = [
        findings,
        f" ({', '.join(severities)})" if severities else "",
        f" in {cells}" if cells else "",
        f" ({extent})" if extent else "",
        f", scanned in {seconds:,.1f} s" if isinstance(seconds, int | float) else "",
    ]
    return "".join(parts) + "."


def _ranked(counts: object) -> list[tuple[str, int]]:
    """Return the names and counts of a mapping, largest count first, then by name."""
    if not isinstance(counts, Mapping):
        return []
    pairs = [(str(name), count) for name, count in counts.items() if isinstance(count, int)]
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))


def _ranking(title: str, counts: object, limit: int | None = None) -> list[str]:
    """Return lines of a titled list; the counts stand first, where phones' proportional type aligns them."""
    ranked = _ranked(counts)[:limit]
    width = max((len(f"{count:,}") for _, count in ranked), default=0)
    lines = [f"  {count:>{width},}  {visible(name)}" for name, count in ranked]
    return ["", title, *lines] if lines else []


def _facts(facts: Mapping[str, object]) -> list[str]:
    """Return a `name: value` line for each fact that is known."""
    return [f"{name}: {visible(value)}" for name, value in facts.items() if isinstance(value, str) and value]
