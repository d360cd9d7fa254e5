"""What a check leaves behind: its findings, its report and its summary."""

from typing import Any

import numpy as np
import pyarrow as pa

from quality.check.run import CheckResult
from quality.evaluation.sets import describe
from quality.findings import summary as summaries
from quality.findings.columns import CSV_KEY, FILED_COLUMNS, NOTEBOOK_REPORT_KEY, partition_key
from quality.findings.identity import identify
from quality.findings.notebook_report import notebook_csv
from quality.findings.plain_text import csv_of
from quality.findings.run_files import clear
from quality.findings.suppressions import suppression_report
from quality.findings.table import encode_parquet
from quality.rules.model import RuleSet
from quality.storage import Store, holding


def write_run(result: CheckResult, run_store: Store, ruleset: RuleSet, panel: Store, seconds: float) -> dict[str, Any]:
    """Write a check's run: findings, CSV, the notebook's report, and last `summary.json`, which is returned."""
    with holding(run_store):
        clear(run_store)
        years = result.table.column("date").to_numpy().astype("datetime64[Y]").astype(np.int64) + 1970
        for year in sorted({result.day.year, *years.tolist()}):
            is_of_year = years == year
            found = result.table if is_of_year.all() else result.table.filter(pa.array(is_of_year))
            run_store.write(partition_key(year), encode_parquet(found))
        rows = zip(*(column.to_pylist() for column in result.table.columns), strict=True)
        run_store.write(CSV_KEY, csv_of(tuple(FILED_COLUMNS), rows))
        run_store.write(NOTEBOOK_REPORT_KEY, notebook_csv(result.issues))
        summary = summarise(result, ruleset, panel, seconds)
        run_store.write(summaries.KEY, summaries.encode(summary))
    return summary


def summarise(result: CheckResult, ruleset: RuleSet, panel: Store, seconds: float) -> dict[str, Any]:
    """Give a check in numbers."""
    tally = summaries.Tally()
    tally.add(result.table, result.matched)
    return {
        **identify(seconds),
        "job": "check",
        "outcome": "partial" if result.history.damaged else "complete",
        "panel": panel.address,
        "first_session": result.day.isoformat(),
        "last_session": result.day.isoformat(),
        "cells": result.entries,
        "rows": result.entries,
        "sessions": 1,
        "tickers": len(result.history.tickers),
        **tally.as_dict(),
        "report": [{"key": key, "issue": issue} for key, issue in result.issues],
        "outside_report": [{"key": key, "issue": issue} for key, issue in result.outside],
        "suppressed_report": [{"key": key, "issue": issue} for key, issue in result.suppressed],
        "rows_of_other_dates": {date.isoformat(): count for date, count in result.ignored.items()},
        "damaged": [{"year": year, "reason": reason} for year, reason in result.history.damaged],
        "calendar": result.calendars.default,
        "corporate_actions": result.history.actions.as_dict(),
        "calendars": dict(result.calendars.by_pattern),
        "suppressions": suppression_report(result.suppressions, result.matched, result.day, result.day),
        **describe(ruleset),
        "versions": summaries.versions(),
        "seconds": round(seconds, 3),
    }
