"""What a check leaves behind: its findings, its report and its summary; and the day itself, added to the panel."""

from typing import Any

import polars as pl

from quality.check.day import Day
from quality.check.run import CheckResult
from quality.errors import InputError
from quality.evaluation.sets import describe
from quality.findings import schema as findings_files
from quality.findings import summary as summaries
from quality.findings.identity import identify
from quality.findings.run_files import clear
from quality.findings.suppressions import suppression_report
from quality.panel.partitions import SCHEMA, append_rows
from quality.rules.model import RuleSet
from quality.storage import Store, holding


def write_run(result: CheckResult, run_store: Store, ruleset: RuleSet, panel: Store, seconds: float) -> dict[str, Any]:
    """Write a check's run: findings, CSV, the notebook's report, and last `summary.json`, which is returned."""
    with holding(run_store):
        clear(run_store)
        for year in {result.day.year, *result.findings.get_column("date").dt.year()}:
            of_year = result.findings.filter(pl.col("date").dt.year() == year)
            run_store.write(findings_files.partition_key(year), findings_files.encode_parquet(of_year))
        with run_store.writing(findings_files.CSV_KEY) as path:
            findings_files.write_csv([result.findings], path)
        run_store.write(findings_files.NOTEBOOK_REPORT_KEY, findings_files.notebook_csv(result.issues))
        summary = summarise(result, ruleset, panel, seconds)
        run_store.write(summaries.KEY, summaries.encode(summary))
    return summary


def summarise(result: CheckResult, ruleset: RuleSet, panel: Store, seconds: float) -> dict[str, Any]:
    """Give a check in numbers."""
    tally = summaries.Tally()
    tally.add(result.findings.to_arrow(), result.matched)
    return {
        **identify(seconds),
        "job": "check",
        "outcome": "complete",
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
        "calendar": result.calendar,
        "suppressions": suppression_report(result.suppressions, result.matched, result.day, result.day),
        **describe(ruleset),
        "versions": summaries.versions(),
        "seconds": round(seconds, 3),
    }


def rows_of(day: Day) -> pl.DataFrame:
    """Give the rows of a day as a panel holds them.

    Raises:
        InputError: The day has blank or doubled tickers: which price counts is not for this job to guess.

    """
    if day.blanks or len(day.layers) > 1:
        raise InputError(f"{day.date} is not appended: it has blank or doubled tickers; mend the file first")
    rows = [(day.date, entry.ticker, entry.price) for entry in day.entries]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def append(day: Day, panel: Store) -> None:
    """Add a checked day to the panel, whole or not at all.

    Raises:
        InputError: The panel holds the day already, or the day has blank or doubled tickers.

    """
    rows = rows_of(day)
    with holding(panel):
        append_rows(panel, rows)
