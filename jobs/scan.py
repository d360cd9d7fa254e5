"""`pricewatch scan`: every rule over every cell of a panel, or of one file."""

import argparse
from contextlib import nullcontext

from jobs.arguments import day, names
from jobs.lean import keep_freed_memory, without_import
from jobs.reporting import exit_code, show_preview, show_scan
from jobs.rule_options import add_rule_arguments, calendars_of
from jobs.running import BAD_INPUT, DONE, Console
from jobs.sources import add_source_arguments, source_of
from quality.direct.recognise import is_table_file
from quality.errors import UsageError
from quality.ingest.format.source import Source
from quality.rules.model import DEFAULT_RULESET, RuleSet
from quality.rules.severities import SEVERITIES
from quality.scan.executors.protocol import Executor
from quality.scan.run import FORMATS, ScanOptions, scan
from quality.settings import Settings
from quality.storage import Store, open_store

SUMMARY = """Check the whole history of a panel by every rule; findings go to RUN as Parquet by year and as CSV.

PANEL may also be one CSV or Parquet file, long or wide, as `ingest` reads it: it becomes a panel in RUN/panel, and
RUN/ingest says what became of every row."""
EXAMPLE = """  pricewatch scan demo/faulty runs/full --start 2021-01-01 --format parquet,csv
  pricewatch scan demo/incoming/2022-09-26.csv runs/file --ruleset notebook --ignore '#101'"""

AFTER_INTERRUPT = "finished years are kept; go on with: {command} --resume"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("panel", metavar="PANEL", help="the panel: a folder or s3://bucket/prefix; or one file")
    parser.add_argument("run", metavar="RUN", help="where the run goes; an earlier run there is replaced")
    add_rule_arguments(parser, DEFAULT_RULESET)
    parser.add_argument("--start", type=day, metavar="DATE", help="first session wanted (default: the panel's first)")
    parser.add_argument("--end", type=day, metavar="DATE", help="last session wanted (default: the panel's last)")
    parser.add_argument(
        "--tickers",
        type=names,
        default=(),
        metavar="LIST",
        help="whose findings are wanted: names and patterns, by commas (default: all, and those of whole days)",
    )
    parser.add_argument("--format", default=",".join(FORMATS), metavar="LIST", help="parquet, or parquet,csv (default)")
    parser.add_argument(
        "--engine",
        choices=["local", "spark"],
        default="local",
        help="where chunks run: threads here, or a Spark cluster",
    )
    parser.add_argument("--master", metavar="URL", help="with --engine spark: the cluster (default: spark-submit's)")
    parser.add_argument(
        "--tickers-per-task",
        type=int,
        default=0,
        metavar="N",
        help="scan years of more tickers in groups of N (default: as many as have 8 million cells a year)",
    )
    parser.add_argument(
        "--resume", action="store_true", help="keep the years in RUN that are finished and whose input is the same"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would be done, in years and tasks; write nothing"
    )
    add_source_arguments(parser)
    clean = parser.add_argument_group("a clean panel")
    clean.add_argument("--clean", metavar="ADDRESS", help="write the panel there, too, without the price of bad cells")
    clean.add_argument(
        "--clean-severity", choices=SEVERITIES, default="error", help="from which severity on a cell is bad (error)"
    )
    clean.add_argument(
        "--clean-keep-flags", action="store_true", help="keep the prices, and name the rule in a column flag instead"
    )


def run(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Scan, and show the summary."""
    keep_freed_memory()
    ruleset = settings.load_rules(options.ruleset, options.rules, options.sensitivity)
    chosen = ScanOptions(
        start=options.start,
        end=options.end,
        tickers=options.tickers,
        formats=tuple(options.format.split(",")),
        threads=settings.threads,
        memory_limit=settings.memory_limit,
        rows_a_chunk=settings.rows_a_chunk,
        tickers_a_task=options.tickers_per_task or settings.tickers_a_task,
        resume=options.resume,
        calendar=options.calendar or settings.calendar,
        calendars=calendars_of(options, settings),
        suppressions=settings.open_suppressions(options.suppressions),
        actions=settings.open_actions(options.corporate_actions),
    )
    if options.master and options.engine != "spark":
        raise UsageError("--master goes with --engine spark")
    destination, source = open_store(options.run, settings.s3), source_of(options, settings)
    is_file = is_table_file(options.panel)
    panel = open_store(f"{options.run.rstrip('/')}/panel" if is_file else options.panel, settings.s3)
    clean = open_store(options.clean, settings.s3) if options.clean else None
    if clean is not None:
        from quality.scan.clean import check_clean, write_clean  # noqa: PLC0415 - start-up time counts

        check_clean(panel, destination, clean)
    if options.dry_run:
        return _preview(options, panel, destination, ruleset, chosen, console)
    if is_file:
        from quality.direct.files import scan_file  # noqa: PLC0415 - likewise

        summary = scan_file(
            options.panel, destination, ruleset, chosen, source=source, s3=settings.s3, progress=console.progress
        )
    elif source != Source():
        raise UsageError(f"{options.panel} is no file: flags on how a file is read do not apply to a panel")
    else:
        # An exchange's calendar is made of pandas; without one, a scan does without.
        is_lean = chosen.calendar_groups.are_plain and options.engine == "local"
        with without_import("pandas") if is_lean else nullcontext():
            executor = _executor(options, settings)
            summary = scan(panel, destination, ruleset, chosen, console.progress, executor=executor)
    if clean is not None:
        cleaned = write_clean(
            panel,
            destination,
            clean,
            severity=options.clean_severity,
            keep_flags=options.clean_keep_flags,
            progress=console.progress,
        )
        summary = {**summary, "clean": cleaned}
    show_scan(console, summary, destination.address)
    if clean is not None:
        what = "flagged" if options.clean_keep_flags else "without their price"
        console.say(f"{clean.address}: {cleaned['rows']:,} rows, {cleaned['cleaned']:,} of them {what}")
    return exit_code(summary, options.fail_on)


def _preview(  # noqa: PLR0917 - what a scan takes
    options: argparse.Namespace, panel: Store, run: Store, ruleset: RuleSet, chosen: ScanOptions, console: Console
) -> int:
    """Show what the scan would do."""
    from quality.scan.preview import preview_scan  # noqa: PLC0415 - start-up time counts

    if is_table_file(options.panel):
        raise UsageError(f"--dry-run: {options.panel} is a file; `pricewatch ingest --dry-run` says how it is read")
    preview = preview_scan(panel, run, ruleset, chosen)
    show_preview(console, preview)
    return BAD_INPUT if preview["damaged"] else DONE


def _executor(options: argparse.Namespace, settings: Settings) -> Executor | None:
    """Give what runs the chunks; None for threads of this machine."""
    if options.engine == "local":
        return None
    from quality.scan.executors.spark import SparkTasks, open_session  # noqa: PLC0415 - of an extra

    return SparkTasks(open_session(options.master), settings.s3)
