"""What changed since the run before: incidents that are new, that go on, that ended, that are suppressed."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from quality.findings.incidents import SCHEMA, find_incidents

_SEVERITIES = ("error", "warning", "info")
_NOTHING = pl.DataFrame(schema=SCHEMA)


@dataclass(frozen=True)
class Changes:
    """Incidents as the reader of an alert wants them, the severe first.

    Attributes:
        new: Not there in the run before.
        ongoing: There then, and open now.
        resolved: Open then, and no more.
        suppressed: Known, and not counted.
        since: The last session of the run before; None where there is none to compare with.

    """

    new: pl.DataFrame = field(default_factory=lambda: _NOTHING)
    ongoing: pl.DataFrame = field(default_factory=lambda: _NOTHING)
    resolved: pl.DataFrame = field(default_factory=lambda: _NOTHING)
    suppressed: pl.DataFrame = field(default_factory=lambda: _NOTHING)
    since: dt.date | None = None

    def counts(self) -> dict[str, int]:
        """Give how many incidents are of each kind."""
        return {name: getattr(self, name).height for name in ("new", "ongoing", "resolved", "suppressed")}

    def as_dict(self, most: int = 100) -> dict[str, Any]:
        """Give the incidents for machines: the first of each kind, and how many there are."""
        listed = {name: getattr(self, name).head(most).to_dicts() for name in self.counts()}
        return {"since": self.since, "counts": self.counts(), **listed}


def find_changes(
    findings: pl.DataFrame,
    sessions: Sequence[dt.date],
    day: dt.date,
    since: dt.date | None,
    *,
    threads: int = 1,
    memory_limit: int = 1 << 30,
) -> Changes:
    """Compare the incidents on a day with those of the run before.

    Args:
        findings: The findings up to the day: those of a scan, or of a series of checks.
        sessions: The sessions that they are of.
        day: The last session.
        since: The last session of the run before; None for none: then every open incident is new.
        threads: Threads of the engine.
        memory_limit: Bytes of the engine.

    """
    recent = _of_recent_tickers(findings, since or day)
    incidents = find_incidents(recent, sessions, threads=threads, memory_limit=memory_limit)
    incidents = incidents.with_columns(
        order=pl.col("severity").replace_strict(dict(zip(_SEVERITIES, range(3), strict=True)), default=3),
        size=pl.col("worst_deviation").abs().fill_null(0),
    ).sort("order", -pl.col("size"), "ticker", maintain_order=True)
    incidents = incidents.drop("order", "size")
    is_suppressed = pl.col("status") == "suppressed"
    is_open = pl.col("status") == "open"
    is_later = pl.lit(value=True) if since is None else pl.col("first_date") > since
    counting = incidents.filter(~is_suppressed)
    if since is None:
        return Changes(
            new=counting.filter(is_open), suppressed=incidents.filter(is_suppressed, pl.col("last_date") >= day)
        )
    return Changes(
        new=counting.filter(is_later),
        ongoing=counting.filter(~is_later, is_open),
        resolved=counting.filter(~is_later, ~is_open, pl.col("last_date") >= since),
        suppressed=incidents.filter(is_suppressed, pl.col("last_date") > since),
        since=since,
    )


def _of_recent_tickers(findings: pl.DataFrame, since: dt.date) -> pl.DataFrame:
    """Leave out the tickers on which nothing was found of late: nothing of theirs is open, or ended since."""
    until = pl.coalesce("last_date", "date")
    recent = findings.filter(until >= since).get_column("ticker").unique()
    # Days that were found wrong as a whole say on which days tickers were judged.
    return findings.filter(pl.col("ticker").is_in(recent.implode()) | pl.col("ticker").str.starts_with("__"))
