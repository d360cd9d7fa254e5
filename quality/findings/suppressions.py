"""The file of suppressions: which findings are known and do not count, why, who says so, and until when."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from quality.digests import digest_of
from quality.findings.columns import SUPPRESSED
from quality.findings.table import Codes, codes_of
from quality.panel.grid import Days, Integers
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

    def in_force(self, first: dt.date, last: dt.date) -> tuple[Suppression, ...]:
        """Give the entries that hold today and are for any date of a range."""
        return tuple(entry for entry in self.entries if entry.expires >= self.today and entry.concerns(first, last))

    def digest(self, year: int) -> str:
        """Digest what the suppressions do to a year's findings."""
        ids = {entry.id for entry in self.in_force(dt.date(year, 1, 1), dt.date(year, 12, 31))}
        return digest_of(sorted(ids))


NO_SUPPRESSIONS = Suppressions()


def mark(findings: pa.Table, suppressions: Suppressions) -> tuple[pa.Table, Counter[str]]:
    """Mark the findings that do not count.

    Args:
        findings: The findings' columns.
        suppressions: The entries.

    Returns:
        The findings in their order with a last column `suppressed`, and by entry (its id) how many it
        matches; where several match one finding, each counts it.

    """
    is_suppressed, counted = np.zeros(len(findings), dtype=np.bool_), Counter[str]()
    if len(findings) and suppressions.entries:
        keys = _Keys.of(findings)
        entries = suppressions.in_force(*keys.range)
        for entry in {entry.id: entry for entry in entries}.values():
            if len(rows := keys.matching(entry)):
                is_suppressed[rows] = True
                counted[entry.id] += len(rows)
    return findings.append_column(SUPPRESSED, pa.array(is_suppressed)), counted


@dataclass(frozen=True)
class _Keys:
    """The dates, rules and tickers of some findings, and where each ticker's findings lie."""

    dates: Days
    rules: Codes
    rule_names: list[str]
    tickers: Mapping[str, Integers]

    @classmethod
    def of(cls, findings: pa.Table) -> "_Keys":
        rules, rule_names = codes_of(findings.column("rule"))
        tickers, names = codes_of(findings.column("ticker"))
        order = np.argsort(tickers, kind="stable")
        ends = np.searchsorted(tickers[order], np.arange(len(names) + 1))
        rows = {
            name: order[ends[position] : ends[position + 1]]
            for position, name in enumerate(names)
            if ends[position] < ends[position + 1]
        }
        return cls(findings.column("date").to_numpy().astype("datetime64[D]"), rules, rule_names, rows)

    @property
    def range(self) -> tuple[dt.date, dt.date]:
        ascending = np.sort(self.dates)
        first, last = ascending[0].item(), ascending[-1].item()
        return first, last

    def matching(self, entry: Suppression) -> Integers:
        """Give the rows that an entry is for."""
        rules = fitting(entry.rule, self.rule_names)
        tickers = fitting(entry.ticker, self.tickers) if rules else ()
        rows = np.concatenate([np.empty(0, dtype=np.int64), *(self.tickers[ticker] for ticker in tickers)])
        is_rule = np.array([name in rules for name in self.rule_names], dtype=np.bool_)
        dates = self.dates[rows]
        first, last = np.datetime64(entry.start or dt.date.min), np.datetime64(entry.end or dt.date.max)
        return np.asarray(rows[is_rule[self.rules[rows]] & (dates >= first) & (dates <= last)])


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
