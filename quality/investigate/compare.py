"""Compares two runs: the findings and the incidents that are new, gone or changed."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import polars as pl

from quality.engine.connection import EngineOptions, frame, open_engine, register
from quality.engine.statements import statement
from quality.errors import UsageError
from quality.findings.runs import Run
from quality.investigate.sources import Sources
from quality.investigate.views import Limits, open_views
from quality.storage import S3Options

CHANGES = ("new", "gone", "changed")
# A list of differences that is longer is cut; the counts are of all.
MOST_LISTED = 100_000
_SETTINGS = (
    "job",
    "outcome",
    "panel",
    "first_session",
    "last_session",
    "ruleset",
    "sensitivity",
    "calendar",
    "ruleset_fingerprint",
    "input_fingerprint",
    "versions",
)


@dataclass(frozen=True)
class Comparison:
    """What became of the findings and incidents of a run in another one.

    Attributes:
        before: The earlier run's address.
        after: The later run's.
        counts: change, findings, beyond: of these, on days that the other run did not look at.
        by_rule: rule, new, gone, changed.
        findings: The differences, the latest first; 100,000 at most.
        incidents: Those of incidents, likewise.
        settings: What the runs differ in: rule set, parameters, panel and input, versions.

    """

    before: str
    after: str
    counts: pl.DataFrame
    by_rule: pl.DataFrame
    findings: pl.DataFrame
    incidents: pl.DataFrame
    settings: dict[str, tuple[Any, Any]]

    @property
    def is_same(self) -> bool:
        """Whether the runs found the same."""
        return not self.counts.height and not self.incidents.height

    def as_dict(self) -> dict[str, Any]:
        """Give it for JSON."""
        return {
            "before": self.before,
            "after": self.after,
            "settings": {name: {"before": pair[0], "after": pair[1]} for name, pair in self.settings.items()},
            "counts": {
                "findings": {row["change"]: row["findings"] for row in self.counts.iter_rows(named=True)},
                "beyond": {row["change"]: row["beyond"] for row in self.counts.iter_rows(named=True)},
                "incidents": dict(self.incidents.get_column("change").value_counts().iter_rows()),
            },
            "by_rule": self.by_rule.to_dicts(),
            "findings": self.findings.to_dicts(),
            "incidents": self.incidents.to_dicts(),
        }


def compare_runs(before: str, after: str, s3: S3Options | None = None, limits: Limits | None = None) -> Comparison:
    """Compare two runs.

    Args:
        before: The earlier run's address.
        after: The later run's.
        s3: How S3 is reached.
        limits: What the engine may take.

    Raises:
        UsageError: An address is a folder of several runs.
        InputError: There is no run at one.

    """
    limits = limits or Limits()
    one, other = _single(before, s3), _single(after, s3)
    incidents = [_incidents(address, s3, limits) for address in (before, after)]
    names = {"before": one.name, "after": other.name}
    spans = {**_span("before", one), **_span("after", other)}
    with open_views(Sources(runs=(before, after), s3=s3), {"findings"}, limits) as engine:
        engine.execute(statement("compare/findings"), {**names, **spans})
        counts, by_rule = (frame(engine, statement(f"compare/{name}")) for name in ("counts", "by_rule"))
        findings = frame(engine, statement("compare/list"), {"most": MOST_LISTED})
    with open_engine(EngineOptions(limits.threads, f"{limits.memory >> 20}MiB")) as engine:
        for name, rows in zip(("incidents_before", "incidents_after"), incidents, strict=True):
            register(engine, name, rows)
        changed = frame(engine, statement("compare/incidents"))
    return Comparison(one.name, other.name, counts, by_rule, findings, changed, _settings(one, other))


def _single(address: str, s3: S3Options | None) -> Run:
    runs = Sources(runs=(address,), s3=s3).known_runs
    if len(runs) > 1:
        raise UsageError(f"{address} holds {len(runs)} runs, such as {runs[-1].name}: name one of them")
    return runs[0]


def _incidents(address: str, s3: S3Options | None, limits: Limits) -> pl.DataFrame:
    with open_views(Sources(runs=(address,), s3=s3), {"incidents"}, limits) as engine:
        return frame(engine, "select * from incidents")


def _span(name: str, run: Run) -> dict[str, dt.date | None]:
    return {f"{name}_first": run.first_session, f"{name}_last": run.last_session}


def _settings(one: Run, other: Run) -> dict[str, tuple[Any, Any]]:
    """Say what the runs differ in beside their findings: it may be why they do."""
    pairs = {name: (one.summary.get(name), other.summary.get(name)) for name in _SETTINGS}
    rules = [run.summary.get("rules") or {} for run in (one, other)]
    # A rule of one set only is told by the sets' names.
    pairs |= {f"rules.{rule}": (rules[0][rule], rules[1][rule]) for rule in sorted(set(rules[0]) & set(rules[1]))}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
