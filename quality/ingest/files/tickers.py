"""The ticker of a file that holds one: from its name, by a pattern."""

import re
from pathlib import PurePosixPath

from quality.errors import InputError
from quality.text import visible


def ticker_of(path: str, pattern: str | None, where: str) -> str:
    """Give the ticker that a file's name tells: by a pattern, or the name without its ending.

    Args:
        path: The file's name, with the folders above it.
        pattern: Such as `{ticker}_daily.csv` or `{ticker}/*.csv`; `*` stands for any text within a part.
        where: The file's name for messages.

    Raises:
        InputError: The name does not have the pattern.

    """
    if pattern is None:
        return PurePosixPath(path).stem
    tokens = re.split(r"(\{ticker\}|\*)", pattern)
    known = {"{ticker}": "(?P<ticker>[^/]+?)", "*": "[^/]*"}
    regex = "".join(known.get(token, re.escape(token)) for token in tokens)
    match = re.fullmatch(f"(?:.*/)?{regex}", path, re.DOTALL)
    if not match:
        raise InputError(f"{where}: its name {visible(path)!r} is not as --ticker-from {visible(pattern)!r} says")
    return match["ticker"]


def in_case(ticker: str, case: str) -> str:
    """Give a ticker in upper or lower case, or as it is."""
    return ticker.upper() if case == "upper" else ticker.lower() if case == "lower" else ticker
