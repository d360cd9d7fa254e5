"""How the log is written: lines for people, or one JSON object a line for machines, by structlog."""

import argparse
import logging
import sys

from quality.errors import UsageError
from quality.text import visible

FORMATS = ("text", "json")


def add_log_arguments(parser: argparse._ArgumentGroup) -> None:
    """Declare how the log is written."""
    parser.add_argument(
        "--log-format", choices=FORMATS, default="text", help="the log on stderr: text, or json with one object a step"
    )


def start_log(log_format: str, *, verbose: bool) -> None:
    """Let the log go to stderr.

    Args:
        log_format: "text", or "json", which tells every step.
        verbose: Whether text tells every step too.

    Raises:
        UsageError: structlog is not installed.

    """
    if log_format == "text":
        lines = logging.StreamHandler(sys.stderr)
        lines.setFormatter(_Harmless("pricewatch: %(message)s"))
        logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, handlers=[lines])
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_json_formatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


class _Harmless(logging.Formatter):
    """Shows what a terminal would obey; a traceback keeps its lines."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the lines of a record, each printable."""
        return "\n".join(map(visible, super().format(record).split("\n")))


def _json_formatter() -> logging.Formatter:
    try:
        import structlog  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UsageError("--log-format json needs the extra: pip install 'pricewatch-panel[logs]'") from error
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
    ]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(default=str),
        ],
    )
