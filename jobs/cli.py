"""The `pricewatch` command: finds the verb, runs it, and turns errors into one line and an exit code."""

import importlib
import io
import sys
from collections.abc import Sequence

VERBS = {
    "generate": "write a clean panel of daily prices",
    "inject": "write a faulty copy of a panel, and the truth about its faults",
    "ingest": "read files of any shape into a panel",
    "scan": "judge the whole history of a panel by every rule",
    "check": "judge one incoming day against history",
    "rules": "list the rules, what is in force, and where each value comes from",
    "score": "hold a run against the truth: precision, recall, F1, and what was missed",
    "mail": "send a run's summary by e-mail",
    "unlock": "say who holds a place, and free it when told to",
    "sql": "ask a panel and a run questions in SQL, read-only",
    "batch": "the scheduled run: scan or check, publish, mail",
    "demo": "the whole job, end to end, on local servers",
}
_USAGE = """usage: pricewatch VERB [ADDRESS …] [--option VALUE …]

Finds bad prices in panels of daily prices: dates × tickers.

{verbs}

  pricewatch VERB --help     what a verb takes, with an example
  pricewatch --version       the version

Addresses are local folders or s3://bucket/prefix. Exit codes: 0 done, 1 findings at or above
--fail-on, 2 wrong usage or settings, 3 input that could not be processed, 4 written but not delivered.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # an old terminal must not fail a job that is done
    if not given or given[0] in ("-h", "--help", "help"):
        print(_usage(), end="")
        return 0 if given else 2
    if given[0] == "--version":
        from importlib.metadata import version  # noqa: PLC0415 - start-up time counts

        print(f"pricewatch {version('pricewatch-panel')}")
        return 0
    if given[0] not in VERBS:
        print(f"pricewatch: no verb {given[0]!r}; there is {', '.join(VERBS)}", file=sys.stderr)
        return 2
    # The verbs bring heavy libraries: only the one that runs is imported.
    from jobs.running import run_verb  # noqa: PLC0415

    return run_verb(given[0], importlib.import_module(f"jobs.{given[0]}"), given[1:])


def _usage() -> str:
    width = max(map(len, VERBS))
    return _USAGE.format(verbs="\n".join(f"  {verb:<{width}}  {what}" for verb, what in VERBS.items()))


if __name__ == "__main__":
    sys.exit(main())
