"""How a verb's arguments are read: mistakes are one line that says what was meant, values are checked by kind."""

import argparse
import datetime as dt
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from quality.text import similar, visible

WRONG_USAGE = 2
_EMPTY = re.compile(r"^argument (\S+): is empty$")
_CHOICE = re.compile(r"invalid choice: '(.*)' \(choose from (.*)\)", re.DOTALL)


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, as every other error; `--help` shows the usage."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and end with the code of a wrong usage."""
        choice = _CHOICE.search(message)
        if choice:
            known = [name.strip().strip("'") for name in choice[2].split(",")]
            message = message.replace("invalid choice: ", "there is no ") + similar(choice[1], known)
        message = _EMPTY.sub(r"\1 is empty", message)
        message = message.replace("unrecognized arguments: ", "more arguments than it takes: ")
        self.exit(WRONG_USAGE, f"{self.prog}: {visible(message)}; see {self.prog} --help\n")

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]  # noqa: ANN401
        """Parse, after unknown flags and empty values have been refused by name."""
        given = list(sys.argv[1:] if args is None else args)
        for flag in _flags(given):
            if flag not in self._option_string_actions:
                self.error(f"there is no flag {flag}{similar(flag, self.flags())}")
        options = super().parse_args(given, namespace)
        if not any(text == "" or (text.startswith("--") and text.endswith("=")) for text in given):
            return options
        for action in self._actions:
            values = getattr(options, action.dest, None)
            if "" in (values if isinstance(values, list) else [values]):
                self.error(f"{_name(action, given)} is empty")
        return options

    def actions(self) -> list[argparse.Action]:
        """Give what it reads, flags and addresses."""
        return self._actions

    def groups(self) -> list[argparse._ArgumentGroup]:
        """Give the groups that its help shows."""
        return self._action_groups

    def flags(self) -> list[str]:
        """Give the flags that it has."""
        return [flag for flag in self._option_string_actions if flag.startswith("--")]


def _flags(given: Iterable[str]) -> Iterable[str]:
    """Give the long flags of a command line, without their values."""
    for text in given:
        if text == "--":
            return
        if text.startswith("--"):
            yield text.partition("=")[0]


def _name(action: argparse.Action, given: Sequence[str]) -> str:
    """Name what an action reads as the command line named it."""
    used = [flag for flag in action.option_strings if flag in set(_flags(given))]
    return [*used, *action.option_strings, str(action.metavar or action.dest)][0]


def path(text: str) -> Path:
    """Read a path, as argparse's `type`: an empty one is no "."."""
    if not text:
        raise argparse.ArgumentTypeError("is empty")
    return Path(text)


def names(text: str) -> tuple[str, ...]:
    """Read names that commas part, as argparse's `type`."""
    found = tuple(filter(None, (name.strip() for name in text.split(","))))
    if not found:
        raise argparse.ArgumentTypeError("is empty")
    return found


def day(text: str) -> dt.date:
    """Read a `--start`, `--end` or `--date`, as argparse's `type`."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date YYYY-MM-DD") from None


def whole_number(least: int, most: int = 10**9) -> Callable[[str], int]:
    """Make an argparse `type` that reads a whole number between two bounds, both included."""

    def read(text: str) -> int:
        sign, digits = text[:1] == "-", text.strip().removeprefix("-").removeprefix("+")
        if not (digits.isascii() and digits.isdecimal()):
            raise argparse.ArgumentTypeError(f"{_short(text)} is not a whole number")
        # `int` refuses numbers of thousands of digits.
        number = int(digits) * (-1 if sign else 1) if len(digits.lstrip("0")) <= len(str(most)) else None
        if number is None or not least <= number <= most:
            raise argparse.ArgumentTypeError(f"{_short(text)} is not between {least:,} and {most:,}")
        return number

    return read


def _short(text: str) -> str:
    longest = 40
    return repr(text if len(text) <= longest else text[:longest] + "…")
