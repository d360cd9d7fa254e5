"""What every verb shares: common options, settings, messages, progress, and exit codes."""

import argparse
import datetime as dt
import json
import logging
import math
import os
import sys
import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import ModuleType
from typing import Any, NoReturn

from quality.errors import DeliveryError, QualityError, UsageError
from quality.settings import load_settings
from quality.text import visible

DONE, FOUND, WRONG_USAGE, BAD_INPUT, NOT_DELIVERED = range(5)
_INTERRUPTED = 130
# The verbs that deliver what is written already; elsewhere a destination that fails leaves nothing.
_DELIVERING = frozenset({"mail", "demo"})
_REDRAW_SECONDS = 0.1


class Console:
    """Where a verb speaks: results to stdout, messages and progress to stderr."""

    def __init__(self, *, as_json: bool, quiet: bool) -> None:
        self.as_json = as_json
        self._quiet = quiet
        self._shows_progress = sys.stderr.isatty() and not quiet
        self._drawn = 0.0
        self._open_line = False

    def say(self, text: str = "") -> None:
        """Print a line of a result, unless the result is asked for as JSON."""
        if not self.as_json:
            self._end_line()
            print("\n".join(visible(line) for line in text.split("\n")))

    def result(self, value: Mapping[str, Any]) -> None:
        """Print a result as JSON, where that is asked for."""
        if self.as_json:
            self._end_line()
            print(_as_json(value))

    def note(self, text: str) -> None:
        """Print a message for the person who watches."""
        if not self._quiet:
            self._end_line()
            print(visible(text), file=sys.stderr)

    def progress(self, stage: str, done: int, of: int) -> None:
        """Redraw the progress line, on a terminal only and a few times a second only."""
        now = time.monotonic()
        if not self._shows_progress or (done < of and now - self._drawn < _REDRAW_SECONDS):
            return
        self._drawn = now
        filled = 30 * done // max(of, 1)
        print(
            f"\r{stage:<10} [{'#' * filled}{'.' * (30 - filled)}] {done}/{of}",
            end="",
            file=sys.stderr,
            flush=True,
        )
        self._open_line = True
        if done >= of:
            self._end_line()

    def _end_line(self) -> None:
        if self._open_line:
            print(file=sys.stderr)
            self._open_line = False


def _as_json(value: Mapping[str, Any]) -> str:
    """Write strict JSON that no terminal takes for a command; what is not finite becomes text."""
    text = json.dumps(_finite(value), indent=2, ensure_ascii=False, allow_nan=False, default=str)
    return "\n".join(
        line if line.isprintable() else "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in line)
        for line in text.split("\n")
    )


def _finite(value: object) -> object:
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {key: _finite(held) for key, held in value.items()}
    return [_finite(held) for held in value] if isinstance(value, list | tuple) else value


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, as every other error; `--help` shows the usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(WRONG_USAGE, f"{self.prog}: {visible(message)}; see {self.prog} --help\n")


def run_verb(verb: str, module: ModuleType, arguments: Sequence[str]) -> int:
    """Parse a verb's arguments, run it, and give the exit code; an error is one line on stderr.

    A verb's module has `SUMMARY`, `EXAMPLE`, `add_arguments(parser)` and
    `run(options, settings, console) -> int`.
    """
    parser = _Parser(
        prog=f"pricewatch {verb}",
        description=module.SUMMARY,
        epilog=f"example:\n{module.EXAMPLE}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    module.add_arguments(parser)
    _add_common(parser)
    try:
        options = parser.parse_args(arguments)
    except SystemExit as ended:  # --help, or a flag that does not exist
        return int(ended.code or DONE)
    logging.basicConfig(
        level=logging.INFO if options.verbose else logging.WARNING,
        format="pricewatch: %(message)s",
        stream=sys.stderr,
    )
    console = Console(as_json=options.json, quiet=options.quiet)
    try:
        return int(module.run(options, load_settings(_flags(options), options.config), console))
    except QualityError as error:
        return _fail(verb, str(error), _code(verb, error))
    except KeyboardInterrupt:
        return _fail(verb, "interrupted", _INTERRUPTED)
    except BrokenPipeError:
        # Whoever read the output has seen enough; without this the interpreter complains at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:
        logging.getLogger(__name__).info("internal error", exc_info=True)
        what = f"internal error: {type(error).__name__}: {error}; say --verbose for where, and please report it"
        return _fail(verb, what, BAD_INPUT)


def _add_common(parser: argparse.ArgumentParser) -> None:
    common = parser.add_argument_group("common options")
    common.add_argument("--json", action="store_true", help="print the result as JSON")
    common.add_argument("--config", metavar="FILE", help="settings file (default: pricewatch.toml, where there is one)")
    common.add_argument("--threads", type=int, metavar="N", help="threads to use (default: all cores, at most 8)")
    common.add_argument("--quiet", action="store_true", help="no messages, no progress")
    common.add_argument("--verbose", action="store_true", help="more messages")


def _flags(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    if options.threads is not None and options.threads < 1:
        raise UsageError(f"--threads must be at least 1: {options.threads}")
    return {"engine": {"threads": options.threads}}


def _code(verb: str, error: QualityError) -> int:
    if isinstance(error, UsageError):
        return WRONG_USAGE
    return NOT_DELIVERED if isinstance(error, DeliveryError) and verb in _DELIVERING else BAD_INPUT


def _fail(verb: str, message: str, code: int) -> int:
    print(f"pricewatch {verb}: {visible(message)}", file=sys.stderr)
    return code


def day(text: str) -> dt.date:
    """Read a `--start`, `--end` or `--date`, as argparse's `type`."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date YYYY-MM-DD") from None
