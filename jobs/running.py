"""What every verb shares: common options, settings, and how its end becomes an exit code and one line."""

import argparse
import logging
import os
import resource
import shlex
import sys
import time
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from jobs.arguments import WRONG_USAGE, Parser, day, whole_number
from jobs.console import Console
from jobs.logs import add_log_arguments, start_log
from jobs.terminal import painted, width_of, wrapped
from quality.errors import DeliveryError, QualityError, UsageError
from quality.settings import Settings, load_settings
from quality.text import visible

__all__ = ["BAD_INPUT", "DONE", "FOUND", "NOT_DELIVERED", "WRONG_USAGE", "Console", "day", "run_verb", "whole_number"]

DONE, FOUND, _, BAD_INPUT, NOT_DELIVERED = range(5)
INTERRUPTED = 130
# The verbs that deliver what is written already; elsewhere a destination that fails leaves nothing.
_DELIVERING = frozenset({"mail", "publish", "demo"})
_log = logging.getLogger("jobs")


def run_verb(verb: str, module: ModuleType, arguments: Sequence[str]) -> int:
    """Parse a verb's arguments, run it, and give the exit code; an error is one line on stderr.

    A verb's module has `SUMMARY`, `EXAMPLE`, `add_arguments(parser)` and
    `run(options, settings, console) -> int`. It may have `AFTER_INTERRUPT`: what an interrupted run leaves, and how
    to go on; `{command}` in it stands for the command.
    """
    try:
        options = build_parser(verb, module).parse_args(arguments)
    except SystemExit as ended:  # --help, or a flag that does not exist
        return int(ended.code or DONE)
    try:
        start_log(options.log_format, verbose=options.verbose)
    except UsageError as error:
        return _fail(verb, str(error), WRONG_USAGE)
    console = Console(as_json=options.json, quiet=options.quiet, title=verb)
    try:
        return _run(verb, module, options, console)
    except KeyboardInterrupt:
        console.end()
        return _fail(verb, _interrupted(module, verb, arguments), INTERRUPTED)
    finally:
        console.end()


def build_parser(verb: str, module: ModuleType) -> Parser:
    """Build the parser of a verb's arguments, the common options among them."""
    parser = Parser(
        prog=f"pricewatch {verb}",
        description=module.SUMMARY,
        epilog=f"example:\n{module.EXAMPLE}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    module.add_arguments(parser)
    common = parser.add_argument_group("common options")
    common.add_argument("--json", action="store_true", help="print the result as JSON")
    common.add_argument("--config", metavar="FILE", help="settings file (default: pricewatch.toml, where there is one)")
    common.add_argument("--threads", metavar="N", help="threads to use (default: all cores, at most 8)")
    common.add_argument("--memory-limit", metavar="SIZE", help="memory of the engines together (default 1GiB)")
    common.add_argument("--quiet", action="store_true", help="no progress, and only messages of what went wrong")
    common.add_argument("--verbose", action="store_true", help="say also what is used, each stage, and what it took")
    add_log_arguments(common)
    return parser


def setting_flags(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Give what the common options say of settings, by section and key."""
    return {"engine": {"threads": options.threads, "memory_limit": options.memory_limit}}


def _run(verb: str, module: ModuleType, options: argparse.Namespace, console: Console) -> int:
    began = time.perf_counter()
    try:
        settings = load_settings(setting_flags(options), options.config)
        _log_start(verb, settings)
        code = int(module.run(options, settings, console))
    except QualityError as error:
        console.end()
        code = _fail(verb, str(error), _code(verb, error))
    except BrokenPipeError:
        # Whoever read the output has seen enough; without this the interpreter complains at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # noqa: BLE001 - the panics of Polars are no `Exception`
        console.end()
        _log.info("internal error", exc_info=True)
        what = f"internal error: {type(error).__name__}: {error}; say --verbose for where, and please report it"
        code = _fail(verb, what, BAD_INPUT)
    _log_end(verb, code, time.perf_counter() - began)
    return code


def _log_start(verb: str, settings: Settings) -> None:
    if _log.isEnabledFor(logging.INFO):
        # Few runs say so much.
        import platform  # noqa: PLC0415

        from quality.findings.summary import versions  # noqa: PLC0415

        used = {"python": platform.python_version(), **versions()}
        _log.info("%s: %s", verb, ", ".join(f"{name} {version}" for name, version in used.items()))
        _log.info("threads %d, memory limit %d MiB, in %s", settings.threads, settings.memory_limit >> 20, _here())


def _here() -> str:
    return visible(os.getcwd())  # noqa: PTH109 - `Path.cwd` shows nothing more


def _log_end(verb: str, code: int, seconds: float) -> None:
    if _log.isEnabledFor(logging.INFO):
        usage = resource.getrusage(resource.RUSAGE_SELF)
        peak = usage.ru_maxrss >> (20 if sys.platform == "darwin" else 10)
        cpu = usage.ru_utime + usage.ru_stime
        _log.info("%s: exit code %d, %.2f s, %.2f s of CPU, at most %d MiB of memory", verb, code, seconds, cpu, peak)


def _interrupted(module: ModuleType, verb: str, arguments: Sequence[str]) -> str:
    after = getattr(module, "AFTER_INTERRUPT", "")
    command = shlex.join(["pricewatch", verb, *(text for text in arguments if text != "--resume")])
    return f"interrupted{f'; {after}' if after else ''}".replace("{command}", command)


def _code(verb: str, error: QualityError) -> int:
    if isinstance(error, UsageError):
        return WRONG_USAGE
    return NOT_DELIVERED if isinstance(error, DeliveryError) and verb in _DELIVERING else BAD_INPUT


def _fail(verb: str, message: str, code: int) -> int:
    who = f"pricewatch {verb}:"
    first, *others = wrapped(f"{who} {visible(message)}", width_of(sys.stderr))
    print(painted(who, "error", sys.stderr) + first.removeprefix(who), *others, sep="\n", file=sys.stderr)
    return code
