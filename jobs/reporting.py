"""How runs are shown on a terminal: the scan's summary and the check's report."""

from collections.abc import Mapping
from typing import Any

from jobs.running import BAD_INPUT, DONE, FOUND, Console
from quality.findings.summary import reaches
from quality.text import counted

_SHOWN_TICKERS = 5
_SHOWN_ENTRIES = 10
_WANTING = {
    "expired": "expired after {expires} and suppresses nothing",
    "unused": "matched nothing",
}
FAIL_ON = ("error", "warning")


def show_scan(console: Console, summary: Mapping[str, Any], run: str) -> None:
    """Show a scan's summary, or print it as JSON."""
    console.result(summary)
    if "ingest" in summary:
        _show_books(console, summary["file"], summary["ingest"], run)
    console.say(
        f"{run}: {summary['findings']:,} findings in {summary['cells']:,} cells "
        f"({summary['sessions']:,} sessions × {_tickers(summary)}, "
        f"{summary['first_session']} to {summary['last_session']}), {summary['seconds']:.1f} s"
    )
    for rule, count in summary["by_rule"].items():
        console.say(f"  {rule:<24} {count:>12,}")
    worst = list(summary["by_ticker"].items())[:_SHOWN_TICKERS]
    if worst:
        console.say("most findings: " + ", ".join(f"{ticker} {count:,}" for ticker, count in worst))
    show_suppressions(console, summary)
    for past in summary["restated"]:
        console.warn(
            f"history restated: {past['year']}, {past['rows_before']:,} rows before, {past['rows']:,} rows now, "
            f"findings of {past['cells']:,} cells differ"
        )
    for damage in summary["damaged"]:
        console.warn(f"not scanned: year={damage['year']}: {damage['reason']}")


def show_preview(console: Console, preview: Mapping[str, Any]) -> None:
    """Show what a scan would do, or print it as JSON."""
    console.result(preview)
    years = preview["years"]
    span = f", {years[0]} to {years[-1]}" if years else ""
    console.say(
        f"{preview['run']}: {counted(len(years), 'year')} to do{span}: {preview['cells']:,} cells "
        f"({preview['sessions']:,} sessions × {preview['tickers']:,} tickers, {preview['rows']:,} rows)"
    )
    if preview["kept"]:
        console.say(f"  finished there, and kept: {counted(len(preview['kept']), 'more year')}")
    if largest := preview["largest_task"]:
        passes = f" after {counted(preview['first_passes'], 'first pass')}" if preview["first_passes"] else ""
        console.say(
            f"  {counted(preview['tasks'], 'task')}{passes}, {preview['at_once']:,} at once; the largest grid lays out "
            f"{largest['cells']:,} cells, {largest['bytes'] / (1 << 20):,.1f} MiB, look-back and look-ahead counted"
        )
    for damage in preview["damaged"]:
        console.warn(f"cannot be scanned: year={damage['year']}: {damage['reason']}")
    console.note("nothing is written: this was a dry run")


def _tickers(summary: Mapping[str, Any]) -> str:
    wanted, every = summary["tickers"], summary.get("panel_tickers", summary["tickers"])
    return f"{wanted:,} tickers" if wanted == every else f"{wanted:,} of the panel's {every:,} tickers"


def _show_books(console: Console, file: str, books: Mapping[str, Any], run: str) -> None:
    """Show what became of the rows of a file that was scanned in one step."""
    console.say(
        f"{file}: {books['rows_read']:,} rows read = {books['rows_written']:,} written + "
        f"{books['duplicates_agreeing']:,} duplicates that agree + {books['rows_refused']:,} refused"
    )
    if books["rows_refused"]:
        console.warn(f"{books['rows_refused']:,} rows are refused: {run}/ingest says which and why")
    for failed in books["failed_files"]:
        console.warn(f"nothing taken: {failed['reason']}")


def show_suppressions(console: Console, summary: Mapping[str, Any]) -> None:
    """Show what the file of suppressions did, and the entries that want looking after."""
    entries = summary.get("suppressions", ())
    if summary.get("suppressed"):
        used = sum(entry["state"] == "used" for entry in entries)
        console.note(f"suppressed: {summary['suppressed']:,} findings, by {used} of {len(entries)} suppressions")
    for state, what in _WANTING.items():
        found = [entry for entry in entries if entry["state"] == state]
        for entry in found[:_SHOWN_ENTRIES]:
            console.note(
                f"suppression {state}: line {entry['line']}, {entry['rule']} of {entry['ticker']} "
                f"({entry['author']}: {entry['reason']}) {what.format(**entry)}"
            )
        if len(found) > _SHOWN_ENTRIES:
            console.note(f"suppression {state}: {len(found) - _SHOWN_ENTRIES} more, see suppressions in the summary")


def exit_code(summary: Mapping[str, Any], fail_on: str | None) -> int:
    """Give the exit code of a run: 3 where a part could not be processed, 1 where it fails on its findings."""
    books = summary.get("ingest", {})
    if summary.get("damaged") or books.get("rows_refused") or books.get("failed_files"):
        return BAD_INPUT
    return FOUND if fail_on and reaches(summary["by_severity"], fail_on) else DONE
