"""`pricewatch sql`: ad-hoc questions, read-only."""

import argparse
import sys

import polars as pl

from jobs.running import DONE, Console
from quality.errors import UsageError
from quality.findings.schema import plain
from quality.investigate.queries import VIEWS, Sources, ask, saved_questions
from quality.settings import Settings

SUMMARY = """Ask a panel and a run questions in DuckDB SQL, read-only.

QUERY is a SELECT, the name of a saved question, or - to read it from standard input; without it,
the views and the saved questions are listed. Nothing but the views can be read."""
EXAMPLE = """  pricewatch sql worst_tickers --run demo/runs/scan
  pricewatch sql "select * from panel where ticker = 'ST0001' and price > 250" --panel demo/faulty"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("query", nargs="?", metavar="QUERY|NAME", help="a SELECT, a saved question, or - for stdin")
    parser.add_argument("--panel", metavar="PANEL", help="for the views panel and sessions")
    parser.add_argument("--run", metavar="RUN", help="for the views findings and runs")
    parser.add_argument("--truth", metavar="FILE", help="for the view truth")
    parser.add_argument("--rows", type=int, default=40, metavar="N", help="rows to show, 0 for all (default 40)")
    parser.add_argument("--csv", action="store_true", help="print all rows as CSV")


def run(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Answer the question as a table, JSON or CSV."""
    if options.query is None:
        _list(console)
        return DONE
    if options.rows < 0:
        raise UsageError(f"--rows must be at least 0: {options.rows}")
    if options.csv and console.as_json:
        raise UsageError("--csv and --json exclude each other")
    query = sys.stdin.read() if options.query == "-" else options.query
    sources = Sources(options.panel, options.run, options.truth, settings.s3)
    answer = ask(query, sources, threads=settings.threads, memory_limit=settings.memory_limit)
    console.result({"columns": answer.columns, "rows": answer.rows()})
    if options.csv:
        console.data(plain(answer).write_csv())
    else:
        _show(console, answer, options.rows)
    return DONE


def _list(console: Console) -> None:
    questions = saved_questions()
    console.result({"views": VIEWS, "questions": questions})
    console.say("views:")
    for view, columns in VIEWS.items():
        console.say(f"  {view:<14} {columns}")
    console.say("saved questions:")
    for name, what in questions.items():
        console.say(f"  {name:<14} {what}")


def _show(console: Console, answer: pl.DataFrame, rows: int) -> None:
    shown = answer.head(rows) if rows else answer
    console.table(shown)
    if shown.height < answer.height:
        console.note(f"{answer.height - shown.height:,} more rows; say --rows 0 for all, or --csv")
