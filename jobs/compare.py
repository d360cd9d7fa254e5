"""`pricewatch compare`: what is new, gone and changed from one run to another."""

import argparse

import polars as pl

from jobs.running import DONE, Console, whole_number
from quality.investigate.compare import CHANGES, Comparison, compare_runs
from quality.investigate.queries import Limits
from quality.settings import Settings

SUMMARY = """Compare two runs: findings and incidents that are new, gone or changed, and what the runs differ in.
A finding is the same where date, ticker and the rule of the day are; an incident, where its id is."""
EXAMPLE = """  pricewatch compare demo/runs/scan demo/runs/check
  pricewatch compare demo/runs/scan demo/runs/check --json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("before", metavar="RUN", help="the earlier run")
    parser.add_argument("after", metavar="RUN", help="the later run")
    parser.add_argument("--rows", type=whole_number(0), default=20, metavar="N", help="rows of each list, 0: all (20)")


def run(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Compare, and show tables or JSON."""
    limits = Limits(settings.threads, settings.memory_limit)
    comparison = compare_runs(options.before, options.after, settings.s3, limits)
    console.result(comparison.as_dict())
    if not console.as_json:
        _show(console, comparison, options.rows)
    return DONE


def _show(console: Console, comparison: Comparison, rows: int) -> None:
    if comparison.is_same:
        console.say("both runs found the same")
    else:
        console.say(f"findings: {_counts(comparison)}")
        console.say(f"incidents: {_incident_counts(comparison.incidents)}")
    for name, (before, after) in comparison.settings.items():
        console.say(f"{name}: {before} → {after}")
    _list(console, "by rule", comparison.by_rule, 0)
    _list(console, "incidents", _short(comparison.incidents, "first_date"), rows)
    _list(console, "findings", _short(comparison.findings, "date"), rows)


def _counts(comparison: Comparison) -> str:
    counts = {row["change"]: row for row in comparison.counts.iter_rows(named=True)}
    parts = []
    for change in CHANGES:
        row = counts.get(change, {"findings": 0, "beyond": 0})
        beyond = f" ({row['beyond']:,} on days that only one of the runs looked at)" if row["beyond"] else ""
        parts.append(f"{row['findings']:,} {change}{beyond}")
    return ", ".join(parts)


def _incident_counts(incidents: pl.DataFrame) -> str:
    counts = dict(incidents.get_column("change").value_counts().iter_rows())
    return ", ".join(f"{counts.get(change, 0):,} {change}" for change in CHANGES)


def _short(rows: pl.DataFrame, date: str) -> pl.DataFrame:
    """Put what was before and what is after into one column each."""
    pairs = [name.removesuffix("_after") for name in rows.columns if name.endswith("_after")]
    shown = [name for name in pairs if name in ("rule", "severity", "status", "last_date")]
    both = [
        pl.when((pl.col("change") != "changed") | pl.col(f"{name}_before").eq_missing(pl.col(f"{name}_after")))
        .then(pl.coalesce(pl.col(f"{name}_after").cast(pl.String), pl.col(f"{name}_before").cast(pl.String)))
        .otherwise(
            pl.concat_str(
                pl.col(f"{name}_before").cast(pl.String).fill_null("–"),
                pl.lit(" → "),
                pl.col(f"{name}_after").cast(pl.String).fill_null("–"),
            )
        )
        .fill_null("")
        .alias(name)
        for name in shown
    ]
    return rows.select("change", date, "ticker", *both, "message")


def _list(console: Console, title: str, rows: pl.DataFrame, most: int) -> None:
    if not rows.height:
        return
    console.say(f"\n{title}")
    console.table(rows.head(most) if most else rows, indent="  ")
    if most and rows.height > most:
        console.note(f"{rows.height - most:,} more; say --rows 0 for all, or --json")
