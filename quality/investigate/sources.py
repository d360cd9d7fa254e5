"""Where the views come from: a panel, runs or folders of runs, and the truth; what is not said, the runs say."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from quality.errors import InputError, MixedVersionsError, UsageError
from quality.findings.quarantine import SCHEMA as REFUSED
from quality.findings.run_files import BOOKS
from quality.findings.runs import Run, find_runs
from quality.findings.schema import FILED_SCHEMA
from quality.investigate.files import File, Relation
from quality.panel.partitions import FULL_SCHEMA as FULL_PANEL
from quality.panel.partitions import SCHEMA as PANEL
from quality.panel.version import one_version
from quality.storage import S3Options, open_store, split_address

_REFUSED_KEY, _CONFLICTS_KEY = "refused.parquet", "conflicts.parquet"
TRUTH = pl.Schema(
    {
        "date": pl.Date,
        "ticker": pl.String,
        "anomaly_type": pl.String,
        "original_value": pl.Float64,
        "new_value": pl.Float64,
    }
)
CONFLICTS = pl.Schema(
    {
        "date": pl.Date,
        "ticker": pl.String,
        "kept_price": pl.Float64,
        "kept_file": pl.String,
        "kept_line": pl.UInt32,
        "other_price": pl.Float64,
        "other_file": pl.String,
        "other_line": pl.UInt32,
    }
)


@dataclass(frozen=True)
class Sources:
    """Where the views come from.

    Attributes:
        panel: For `panel` and `sessions`; None for the panel of the latest run.
        runs: Runs, or folders of runs, for `findings`, `incidents`, `runs`, `refused` and `conflicts`.
        truth: For `truth`.
        s3: How S3 is reached.

    """

    panel: str | None = None
    runs: Sequence[str] = ()
    truth: str | None = None
    s3: S3Options | None = None

    @cached_property
    def known_runs(self) -> list[Run]:
        """All runs, the earliest first (errors as `find_runs`)."""
        if isinstance(self.runs, str):
            raise UsageError(f"runs is a list of addresses, not one text: {self.runs}")
        found = {run.store.address: run for address in self.runs for run in find_runs(address, self.s3)}
        return sorted(found.values(), key=lambda run: run.order)

    @cached_property
    def panel_address(self) -> str | None:
        """The panel that was given, or that the latest run read; None where nobody says."""
        if self.panel is not None or not self.runs:
            return self.panel
        named = [str(run.summary["panel"]) for run in self.known_runs if run.summary.get("panel")]
        return named[-1] if named else None

    @property
    def offers(self) -> set[str]:
        """The views that can be made."""
        offered = {"panel", "sessions"} if self.panel_address else set()
        offered |= {"truth"} if self.truth else set()
        return offered | ({"findings", "incidents", "runs", "refused", "conflicts"} if self.runs else set())

    def panel_relation(self, stack: ExitStack, extras: Sequence[str] = ()) -> Relation:
        """Give the panel's files; that they are of one version is made sure before, and when the stack is closed.

        Args:
            stack: What is opened until the relation is no longer wanted.
            extras: The optional columns that are wanted, where any of the files has them.

        Raises:
            InputError: There is no panel; where a run named it, the message says so.
            MixedVersionsError: The panel is half replaced.

        """
        address = self.panel_address
        if address is None:
            raise UsageError("no panel: give one with --panel")
        store = open_store(address, self.s3)
        try:
            years = stack.enter_context(one_version(store))
        except InputError as error:
            if self.panel is not None or isinstance(error, MixedVersionsError):
                raise
            raise InputError(f"{error}; the run says that this is its panel, --panel names another place") from error
        files = [File(store, entry.key, entry.size, year.year) for year in years for entry in year.entries]
        return Relation(files, PANEL, stack, pl.Schema({name: FULL_PANEL[name] for name in extras}))

    def findings_relation(self, stack: ExitStack) -> Relation:
        """Give the files of all runs' findings."""
        files = [
            File(run.store, key, run.sizes[key], year, run.name)
            for run in self.known_runs
            for key, year in run.findings.items()
        ]
        return Relation(files, FILED_SCHEMA, stack)

    def truth_relation(self, stack: ExitStack) -> Relation:
        """Give the file of the truth."""
        if self.truth is None:
            raise UsageError("no truth: give it with --truth")
        folder, name = split_address(self.truth)
        store = open_store(folder, self.s3)
        entry = next((entry for entry in store.entries(name) if entry.key == name), None)
        if entry is None:
            raise InputError(f"no truth at {store.url(name)}: `pricewatch inject` writes it; check the address")
        return Relation([File(store, name, entry.size)], TRUTH, stack)

    def list_relation(self, name: str, stack: ExitStack) -> Relation:
        """Give the files of `refused` or `conflicts`, of the ingests among the runs, and within the scans of a file."""
        key, schema = {"refused": (_REFUSED_KEY, REFUSED), "conflicts": (_CONFLICTS_KEY, CONFLICTS)}[name]
        found = {
            run.store.url(place): File(run.store, place, run.sizes[place], None, run.name)
            for run in self.known_runs
            for place in (f"{BOOKS}/{key}", key)
            if place in run.sizes
        }
        return Relation(list(found.values()), schema, stack)


def runs_frame(runs: Sequence[Run]) -> pl.DataFrame:
    """Give the view `runs`: what each run's summary says, a row a run."""
    return pl.DataFrame([_row(run) for run in runs], schema=_RUNS)


_RUNS = pl.Schema(
    {
        "run": pl.String,
        "job": pl.String,
        "outcome": pl.String,
        "first_session": pl.Date,
        "last_session": pl.Date,
        "cells": pl.Int64,
        "findings": pl.Int64,
        "errors": pl.Int64,
        "warnings": pl.Int64,
        "suppressed": pl.Int64,
        "ruleset": pl.String,
        "panel": pl.String,
        "started": pl.String,
        "ended": pl.String,
        "seconds": pl.Float64,
        "run_id": pl.String,
    }
)


def _row(run: Run) -> dict[str, object]:
    summary = run.summary
    counts = summary.get("by_severity") or {}
    plain = {name: summary.get(name) for name in _RUNS}
    return {
        **plain,
        "run": run.name,
        "outcome": summary.get("outcome") if run.is_finished else "stopped",
        "first_session": run.first_session,
        "last_session": run.last_session,
        "errors": counts.get("error", 0) if "by_severity" in summary else None,
        "warnings": counts.get("warning", 0) if "by_severity" in summary else None,
        "started": None if summary.get("started") is None else str(summary["started"]),
    }


def spans_frame(runs: Sequence[Run]) -> pl.DataFrame:
    """Say which dates each run looked at: run, place, first_date, last_date; null where it was stopped: any."""
    rows = [(run.name, place, run.first_session, run.last_session) for place, run in enumerate(runs)]
    kinds = {"run": pl.String, "place": pl.Int64, "first_date": pl.Date, "last_date": pl.Date}
    return pl.DataFrame(rows, schema=kinds, orient="row")
