"""The file of suppressions: which findings are known and do not count, why, who says so, and until when."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from quality.digests import digest_of
from quality.findings.schema import FILED_SCHEMA, SUPPRESSED, complete
from quality.patterns import fitting


@dataclass(frozen=True)
class Suppression:
    """One entry of a file of suppressions.

    Attributes:
        rule: A rule, or a pattern of rules.
        ticker: A ticker or another key of findings, or a pattern of them.
        start: The first date that it is for, None for any.
        end: The last date that it is for, None for any.
        reason: Why such findings do not count.
        author: Who says so.
        expires: The last day on which it holds.
        line: Where it stands in its file.

    """

    rule: str
    ticker: str
    start: dt.date | None
    end: dt.date | None
    reason: str
    author: str
    expires: dt.date
    line: int

    @property
    def id(self) -> str:
        """A digest of what it matches: the same wherever in the file it stands."""
        return digest_of(self.rule, self.ticker, str(self.start), str(self.end))[:12]

    def concerns(self, first: dt.date, last: dt.date) -> bool:
        """Tell whether it is for any date of a range."""
        return (self.start or dt.date.min) <= last and first <= (self.end or dt.date.max)


@dataclass(frozen=True)
class Suppressions:
    """Suppressions as of one day.

    Attributes:
        source: The file's address; "" for no suppressions at all.
        entries: All entries, in the order of the file.
        today: The day as of which entries hold or have expired.

    """

    source: str = ""
    entries: tuple[Suppression, ...] = ()
    today: dt.date = dt.date.min

    @property
    def expired(self) -> tuple[Suppression, ...]:
        """The entries that suppress nothing any more."""
        return tuple(entry for entry in self.entries if entry.expires < self.today)

    def in_force(self, first: dt.date, last: dt.date) -> tuple[Suppression, ...]:
        """Give the entries that hold today and are for any date of a range."""
        return tuple(entry for entry in self.entries if entry.expires >= self.today and entry.concerns(first, last))

    def digest(self, year: int) -> str:
        """Digest what the suppressions do to a year's findings."""
        ids = {entry.id for entry in self.in_force(dt.date(year, 1, 1), dt.date(year, 12, 31))}
        return digest_of(sorted(ids))


NO_SUPPRESSIONS = Suppressions()


def mark(findings: pl.DataFrame, suppressions: Suppressions) -> tuple[pl.DataFrame, Counter[str]]:
    """Mark the findings that do not count.

    Args:
        findings: The findings' columns.
        suppressions: The entries.

    Returns:
        The findings in their order with a last column `suppressed`, and by entry (its id) how many it
        matches; where several match one finding, each counts it.

    """
    if not findings.height or not suppressions.entries:
        return complete(findings, FILED_SCHEMA), Counter()
    dates = findings.get_column("date")
    entries = suppressions.in_force(dates.min(), dates.max())  # type: ignore[arg-type]
    numbered = findings.select("date", "rule", "ticker").with_row_index("row")
    matched = numbered.join(_pairs(numbered, entries), on=["rule", "ticker"]).filter(
        pl.col("date").is_between(pl.col("start"), pl.col("end"))
    )
    counted = Counter(dict(matched.get_column("id").value_counts().iter_rows()))
    rows = matched.get_column("row").unique().to_list()
    suppressed = numbered.get_column("row").is_in(rows).alias(SUPPRESSED)
    return findings.with_columns(suppressed), counted


def _pairs(findings: pl.DataFrame, entries: Sequence[Suppression]) -> pl.DataFrame:
    """Spell out which rules and tickers of some findings each entry is for."""
    rules = set(findings.get_column("rule").unique().to_list())
    tickers = set(findings.get_column("ticker").unique().to_list())
    pairs = [
        (entry.id, rule, ticker, entry.start or dt.date.min, entry.end or dt.date.max)
        for entry in {entry.id: entry for entry in entries}.values()
        for rule in fitting(entry.rule, rules)
        for ticker in fitting(entry.ticker, tickers)
    ]
    kinds = {"id": pl.String, "rule": pl.String, "ticker": pl.String, "start": pl.Date, "end": pl.Date}
    return pl.DataFrame(pairs, schema=kinds, orient="row")


def suppression_report(
    suppressions: Suppressions, matched: Mapping[str, int], first: dt.date, last: dt.date
) -> list[dict[str, Any]]:
    """Say what came of each entry in a run from one date to another.

    Its `state` is "used"; "unused" where it could have matched and did not; "expired"; or "elsewhere" where
    it is for other dates than the run's.
    """
    return [
        {
            "id": entry.id,
            "line": entry.line,
            "rule": entry.rule,
            "ticker": entry.ticker,
            "from": str(entry.start or ""),
            "to": str(entry.end or ""),
            "reason": entry.reason,
            "author": entry.author,
            "expires": str(entry.expires),
            "state": _state(entry, suppressions, matched, first, last),
            "findings": 0 if entry.expires < suppressions.today else matched.get(entry.id, 0),
        }
        for entry in suppressions.entries
    ]


def _state(
    entry: Suppression, suppressions: Suppressions, matched: Mapping[str, int], first: dt.date, last: dt.date
) -> str:
    if entry.expires < suppressions.today:
        return "expired"
    if matched.get(entry.id):
        return "used"
    return "unused" if entry.concerns(first, last) else "elsewhere"
