"""The `pricewatch` command: finds the verb, runs it, and turns errors into one line and an exit code."""

import importlib
import io
import os
import sys
from collections.abc import Sequence

# Every verb, in the order of the usage: its module is `jobs.<verb>`.
VERBS = {
    "init": "write settings and a scheduled run to begin with",
    "doctor": "say whether a configuration would run",
    "generate": "write a clean panel of daily prices",
    "inject": "write a faulty copy of a panel, and the truth about its faults",
    "ingest": "read files of any shape into a panel",
    "scan": "check the whole history of a panel, or of one file, by every rule",
    "check": "check one incoming day against history",
    "rules": "list the rules, what is in force, and where each value comes from",
    "score": "hold a run against the truth: precision, recall, F1, and what was missed",
    "publish": "copy a finished run to its place, and let latest.json lead to it",
    "mail": "send a run's summary by e-mail",
    "unlock": "say who holds a place, and free it when told to",
    "explain": "say what a finding saw: prices, limits, each rule's verdict, the market",
    "compare": "what is new, gone and changed from one run to another",
    "report": "show a run, or a history of runs, as one HTML file",
    "sql": "ask a panel and a run questions in SQL, read-only",
    "batch": "the scheduled run: scan or check, publish, mail",
    "completion": "print the script by which a shell completes verbs and flags",
    "demo": "the whole job, end to end, on local servers",
}
_USAGE = """usage: pricewatch VERB [ADDRESS …] [--option VALUE …]

Finds bad prices in panels of daily prices: dates × tickers.

{verbs}

  pricewatch VERB --help     what a verb takes, with an example
  pricewatch --version       the version

Addresses are local folders or s3://bucket/prefix. Exit codes: 0 done, 1 findings at or above
--fail-on, 2 wrong usage or settings, 3 input that could not be processed, 4 written but not delivered,
130 interrupted.
"""
# What libraries look for when they are loaded. NumPy's linear algebra, which nothing here asks for, would start a
# thread a core; Arrow's own allocator would keep as much memory again as the one that all else takes from.
_FOR_LIBRARIES = {"OPENBLAS_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"}
_WRONG_USAGE, _INTERRUPTED = 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # an old terminal must not fail a job that is done
    if not given or given[0] in ("-h", "--help", "help"):
        return _help(given[1:]) if given[1:] else _show_usage(0 if given else _WRONG_USAGE)
    if given[0] == "--version":
        from importlib.metadata import version  # noqa: PLC0415 - start-up time counts

        print(f"pricewatch {version('pricewatch-panel')}")
        return 0
    return _run(given[0], given[1:])


def _help(given: Sequence[str]) -> int:
    """Show the help of a verb: `pricewatch help scan`."""
    return _run(given[0], ["--help"])


def _show_usage(code: int) -> int:
    width = max(map(len, VERBS))
    print(_USAGE.format(verbs="\n".join(f"  {verb:<{width}}  {what}" for verb, what in VERBS.items())), end="")
    return code


def _run(verb: str, arguments: Sequence[str]) -> int:
    if verb not in VERBS:
        from quality.text import similar  # noqa: PLC0415 - only a mistake pays for it

        hint = similar(verb, VERBS) or f"; there is {', '.join(VERBS)}"
        print(f"pricewatch: no verb {verb!r}{hint}", file=sys.stderr)
        return _WRONG_USAGE
    for name, value in _FOR_LIBRARIES.items():
        os.environ.setdefault(name, value)
    from jobs.signals import interruptible  # noqa: PLC0415 - as above

    with interruptible() as interruption:
        try:
            # The verbs bring heavy libraries: only the one that runs is imported.
            from jobs.running import run_verb  # noqa: PLC0415

            return run_verb(verb, importlib.import_module(f"jobs.{verb}"), arguments)
        except BaseException:
            if not interruption.has_come:
                raise
    print(f"pricewatch {verb}: interrupted", file=sys.stderr)
    return _INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
