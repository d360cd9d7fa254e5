"""Where a verb speaks: results to stdout, messages and progress to stderr, and nothing that a terminal obeys."""

import json
import logging
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jobs.progress import ProgressLine
from jobs.terminal import is_terminal, painted, width_of, wrapped
from quality.findings.summary import finite
from quality.text import visible

if TYPE_CHECKING:
    import polars as pl

_log = logging.getLogger(__name__)


class Console:
    """Speaks for one run of a verb."""

    def __init__(self, *, as_json: bool, quiet: bool, title: str = "") -> None:
        self.as_json = as_json
        self._quiet = quiet
        self._line = ProgressLine(sys.stderr, title) if is_terminal(sys.stderr) and not quiet else None
        self._stage = ""
        self._last_seen = self._stage_began = time.monotonic()

    def say(self, text: str = "", style: str = "") -> None:
        """Print lines of a result, unless the result is asked for as JSON."""
        if not self.as_json:
            self._erase()
            for line in text.split("\n"):
                for part in wrapped(visible(line), width_of(sys.stdout)):
                    print(painted(part, style, sys.stdout))

    def result(self, value: Mapping[str, Any]) -> None:
        """Print a result as JSON, where that is asked for."""
        if self.as_json:
            self._erase()
            print(as_json(value))

    def table(
        self,
        rows: "pl.DataFrame",
        text: Callable[[object], str] | None = None,
        indent: str = "",
        styles: Sequence[str] | None = None,
    ) -> None:
        """Print rows as a table that fits the terminal; below it, on stderr, what was cut.

        Args:
            rows: What to show.
            text: How a value reads, where it is not `jobs.tables.cell_text`.
            indent: What stands before each line.
            styles: How each row is painted; by default by its severity, where there is one.

        """
        if self.as_json:
            return
        from jobs.tables import cell_text, table  # noqa: PLC0415 - brings Polars

        width = width_of(sys.stdout)
        laid_out = table(rows, None if width is None else width - len(indent), text or cell_text)
        self._erase()
        for line in laid_out.heading:
            print(painted(f"{indent}{line}", "dim", sys.stdout))
        if styles is None:
            styles = rows.get_column("severity").to_list() if "severity" in rows.columns else [""] * rows.height
        for style, lines in zip(styles, laid_out.rows, strict=True):
            for line in lines:
                print(painted(f"{indent}{line}", str(style), sys.stdout))
        if laid_out.cut:
            self.note(f"{laid_out.cut}; a wider terminal or --json shows all")

    def data(self, text: str) -> None:
        """Print data for other programs as it is; on a terminal, escapes are shown instead of obeyed."""
        self._erase()
        if not sys.stdout.isatty():
            sys.stdout.write(text)
            return
        for line in text.splitlines():
            print(visible(line))

    def note(self, text: str) -> None:
        """Print a message for the person who watches."""
        if not self._quiet:
            self.warn(text, "")

    def warn(self, text: str, style: str = "warning") -> None:
        """Print what must be seen, also with `--quiet`: damage, loss, what was not done."""
        self._erase()
        for part in wrapped(visible(text), width_of(sys.stderr)):
            print(painted(part, style, sys.stderr), file=sys.stderr)

    def progress(self, stage: str, done: int, of: int) -> None:
        """Tell how far a stage is: shown on a terminal, and logged at its end."""
        now = time.monotonic()
        if stage != self._stage:  # it began when the last one was told for the last time
            self._stage, self._stage_began = stage, self._last_seen
        self._last_seen = now
        if self._line:
            self._line.update(stage, done, of)
        if done >= of:
            _log.info("%s: done, %.2f s", visible(stage), now - self._stage_began)

    def end(self) -> None:
        """Take the progress away: the verb has ended."""
        if self._line:
            self._line.end()

    def _erase(self) -> None:
        if self._line:
            self._line.erase()


def as_json(value: Mapping[str, Any]) -> str:
    """Write strict JSON that no terminal takes for a command; what is not finite becomes text."""
    text = json.dumps(finite(value), indent=2, ensure_ascii=False, allow_nan=False, default=str)
    return "\n".join(
        line if line.isprintable() else "".join(char if char.isprintable() else _escaped(char) for char in line)
        for line in text.split("\n")
    )


def _escaped(letter: str) -> str:
    return json.dumps(letter)[1:-1] if ord(letter) != 0x7F else "\\u007f"  # noqa: PLR2004 - DEL, which JSON leaves as it is
