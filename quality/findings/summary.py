"""A run in numbers: counts by rule, severity, year and ticker, what went in, and how it ended."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import polars as pl

from quality.errors import InputError
from quality.findings.schema import SUPPRESSED, counting
from quality.storage import Store

KEY = "summary.json"
_COUNTED = ("rule", "severity", "year", "ticker", "date")


@dataclass
class Tally:
    """Findings counted while they are written, so that a summary needs no second pass.

    Attributes:
        by: By rule, severity, year, ticker and date: the findings that count.
        findings: How many they are.
        suppressed: The findings that a suppression makes not count.
        covered: The others that another finding speaks for: further cells of a fault that lasts.
        by_suppression: By entry, what it matches.

    """

    by: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in _COUNTED})
    findings: int = 0
    suppressed: int = 0
    covered: int = 0
    by_suppression: Counter[str] = field(default_factory=Counter)

    def add(self, findings: pl.DataFrame, by_suppression: Mapping[str, int] | None = None) -> None:
        """Count some findings (the findings' columns, with `suppressed` or without)."""
        counted, suppressed = counting(findings), 0
        if SUPPRESSED in findings.columns:
            suppressed = int(findings.get_column(SUPPRESSED).sum())
        self.findings += counted.height
        self.suppressed += suppressed
        self.covered += findings.height - counted.height - suppressed
        self.by_suppression.update(by_suppression or {})
        labelled = counted.with_columns(pl.col("date").cast(pl.String), year=pl.col("date").dt.year().cast(pl.String))
        for name in _COUNTED:
            self.by[name].update(dict(labelled.get_column(name).value_counts().iter_rows()))

    def merge(self, other: "Tally") -> None:
        """Add the counts of another tally."""
        self.findings += other.findings
        self.suppressed += other.suppressed
        self.covered += other.covered
        self.by_suppression.update(other.by_suppression)
        for name in _COUNTED:
            self.by[name].update(other.by[name])

    def as_dict(self) -> dict[str, Any]:
        """Give the counts for a summary: rules and tickers by falling count, years and dates ascending."""
        return {
            "findings": self.findings,
            "by_rule": _falling(self.by["rule"]),
            "by_severity": _falling(self.by["severity"]),
            "by_year": dict(sorted(self.by["year"].items())),
            "by_date": dict(sorted(self.by["date"].items())),
            "by_ticker": _falling(self.by["ticker"]),
            "suppressed": self.suppressed,
            "by_suppression": _falling(self.by_suppression),
            "covered": self.covered,
        }

    @classmethod
    def from_dict(cls, counts: Mapping[str, Any]) -> "Tally":
        """Read what `as_dict` gave."""
        by = {name: Counter({str(key): int(count) for key, count in counts[f"by_{name}"].items()}) for name in _COUNTED}
        by_suppression = Counter({str(key): int(count) for key, count in counts["by_suppression"].items()})
        return cls(by, int(counts["findings"]), int(counts["suppressed"]), int(counts["covered"]), by_suppression)


def _falling(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def versions() -> dict[str, str]:
    """Give the versions of the job and of what decides its results."""
    return {
        "pricewatch": version("pricewatch-panel"),
        **{name: version(name) for name in ("duckdb", "polars", "numpy")},
    }


def encode(summary: Mapping[str, Any]) -> bytes:
    """Give a summary as the bytes of `summary.json`."""
    return (json.dumps(summary, indent=2, ensure_ascii=False, default=str) + "\n").encode()


def read(run: Store) -> dict[str, Any]:
    """Read the summary of a finished run.

    Raises:
        InputError: There is no run at the address, it is not finished, or its summary is damaged.

    """
    if not run.exists(KEY):
        raise InputError(f"no finished run at {run.address}: it has no {KEY}; run `pricewatch scan` or `check` first")
    try:
        summary = json.loads(run.read(KEY))
    except ValueError as error:
        raise InputError(f"{run.url(KEY)} is not a summary: {error}") from error
    if not isinstance(summary, dict):
        raise InputError(f"{run.url(KEY)} is not a summary: it holds no JSON object")
    return summary


def reaches(by_severity: Iterable[str], fail_on: str) -> bool:
    """Tell whether findings of these severities reach the one that a run fails on."""
    failing = {"error": {"error"}, "warning": {"error", "warning"}}[fail_on]
    return not failing.isdisjoint(by_severity)
