"""`pricewatch sql`: ad-hoc questions, read-only; without one, a shell to ask them in."""

import argparse
import os
import sys
from collections.abc import Sequence

import polars as pl

from jobs.console import as_json
from jobs.running import DONE, WRONG_USAGE, Console, whole_number
from jobs.tables import cell_text, table
from quality.errors import UsageError
from quality.investigate.answers import (
    FORMATS,
    csv_parts,
    format_of,
    markdown_lines,
    write_csv,
    write_parquet,
    writing,
)
from quality.investigate.catalogue import views
from quality.investigate.queries import Answer, Limits, Sources, StuckError, answering, collect, read_query
from quality.investigate.questions import saved_questions
from quality.settings import Settings

SUMMARY = """Ask a panel and runs questions in DuckDB SQL, read-only.

QUERY is a SELECT, the name of a saved question, or - to read it from standard input; without it, a shell opens on a
terminal, and elsewhere the views and the saved questions are listed. Nothing but the views can be read."""
EXAMPLE = """  pricewatch sql worst_tickers --run demo/runs/scan
  pricewatch sql ticker_history --set ticker=ST0059 --run demo/runs/scan
  pricewatch sql "select * from incidents where status = 'open'" --run demo/runs/scan
  pricewatch sql "select * from findings" --run demo/runs/scan --out findings.parquet"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("query", nargs="?", metavar="QUERY|NAME", help="a SELECT, a saved question, or - for stdin")
    add_sources(parser)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the question")
    parser.add_argument(
        "--questions", action="append", default=[], metavar="DIR", help="a folder with questions of your own"
    )
    parser.add_argument("--format", choices=FORMATS, help="how the answer is given (default table)")
    parser.add_argument("--out", metavar="FILE", help="write the whole answer there; its ending tells the format")
    parser.add_argument("--rows", type=whole_number(0), default=40, metavar="N", help="rows to show, 0: all (40)")
    parser.add_argument("--csv", action="store_true", help="the same as --format csv")
    parser.add_argument(
        "--timeout", type=whole_number(0, 86_400), default=120, metavar="SECONDS", help="0 for none (default 120)"
    )


def add_sources(parser: argparse.ArgumentParser, *, with_run: bool = True) -> None:
    """Declare where the views come from."""
    parser.add_argument("--panel", metavar="PANEL", help="the panel (default: the one that the run says it read)")
    if with_run:
        parser.add_argument(
            "--run", action="append", default=[], metavar="RUN", help="a run, or a folder of runs; can be said again"
        )
    parser.add_argument("--truth", metavar="FILE", help="what `inject` wrote, for the view truth")


def run(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Answer the question as it is wanted."""
    sources = Sources(options.panel, tuple(options.run), options.truth, settings.s3)
    limits = Limits(settings.threads, settings.memory_limit, seconds=options.timeout)
    if options.query is None:
        return _without_query(options, sources, limits, console)
    kind = _format(options, console)
    text = sys.stdin.read() if options.query == "-" else options.query
    query = read_query(text, parameters(options.set), options.questions)
    try:
        with answering(query, sources, limits) as answer:
            if options.out:
                _write(answer, kind, options, settings, console)
            else:
                show_answer(answer, kind, options.rows, limits, console)
    except StuckError as error:
        end_at_once(str(error), console)
    return DONE


def end_at_once(what: str, console: Console) -> None:
    """End the process: a thread of the engine would go on for as long as it does."""
    console.warn(f"pricewatch sql: {what}", "error")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(WRONG_USAGE)


def parameters(texts: Sequence[str]) -> dict[str, str]:
    """Read `--set name=value`."""
    given = {}
    for text in texts:
        name, found, value = text.partition("=")
        if not found or not name.isidentifier():
            raise UsageError(f"--set {text}: must be NAME=VALUE")
        given[name] = value
    return given


def _format(options: argparse.Namespace, console: Console) -> str:
    formats = {options.format, "csv" if options.csv else None, "json" if console.as_json else None} - {None}
    if len(formats) > 1:
        raise UsageError(f"--format {' and '.join(sorted(map(str, formats)))}: they exclude each other")
    if formats:
        return str(formats.pop())
    return format_of(options.out) if options.out else "table"


def show_answer(answer: Answer, kind: str, rows: int, limits: Limits, console: Console) -> None:
    """Show an answer; as a table or Markdown, the first rows of it."""
    if kind == "parquet":
        raise UsageError("--format parquet needs --out FILE")
    if kind == "csv":
        for part in csv_parts(answer):
            console.data(part)
        return
    whole = collect(answer, limits.memory)
    if kind == "json":
        console.data(_text(whole, kind))
        return
    shown = whole.head(rows) if rows else whole
    if kind == "markdown":
        for line in markdown_lines(shown, cell_text):
            console.say(line)
    else:
        console.table(shown)
    if shown.height < whole.height:
        console.note(f"{whole.height - shown.height:,} more rows; say --rows 0 for all, or --out FILE")


def _write(answer: Answer, kind: str, options: argparse.Namespace, settings: Settings, console: Console) -> None:
    with writing(options.out, settings.s3) as path:
        if kind == "parquet":
            count = write_parquet(answer, path)
        elif kind == "csv":
            count = write_csv(answer, path)
        else:
            whole = collect(answer, settings.memory_limit)
            path.write_text(_text(whole, kind), encoding="utf-8")
            count = whole.height
    console.result({"rows": count, "out": options.out})
    console.say(f"{count:,} rows are in {options.out}")


def _text(rows: pl.DataFrame, kind: str) -> str:
    if kind == "json":
        return as_json({"columns": rows.columns, "rows": rows.to_dicts()}) + "\n"
    lines = markdown_lines(rows, cell_text) if kind == "markdown" else table(rows)
    return "".join(f"{line}\n" for line in lines)


def _without_query(options: argparse.Namespace, sources: Sources, limits: Limits, console: Console) -> int:
    if sys.stdin.isatty() and sys.stdout.isatty() and not console.as_json:
        from jobs.shell import open_shell  # noqa: PLC0415 - an extra

        return open_shell(sources, limits, options.questions, console)
    questions = saved_questions(options.questions)
    console.result(
        {
            "views": {name: {"what": view.what, "columns": view.columns} for name, view in views().items()},
            "questions": {name: question.usage for name, question in questions.items()},
        }
    )
    console.say("views:")
    for name, view in views().items():
        console.say(f"  {name:<10} {view.what}\n  {'':<10} {', '.join(view.columns)}")
    console.say("saved questions:")
    width = max(map(len, questions), default=0)
    for name, question in questions.items():
        console.say(f"  {name:<{width}} {question.usage}")
    return DONE
