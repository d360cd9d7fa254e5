"""Texts that a spreadsheet shows and never runs, and CSV of a few rows with such texts."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence

# A spreadsheet takes a cell that begins with one of these for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# And so it does within a text where it delimits by semicolons or tabs: then it heeds no quotation mark in a line.
FORMULA_WITHIN = r"([;\t\r\n] *)([=+\-@＝＋－＠])"
_WORDS: Mapping[object, object] = {True: "true", False: "false", None: ""}


def plain_text(text: str) -> str:
    """Put a `'` before what a spreadsheet would take for a formula."""
    text = re.sub(FORMULA_WITHIN, r"\1'\2", text)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def csv_of(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Give rows as CSV with a header; texts are made plain."""
    return "".join([_line(header), *(_line([_cell(value) for value in row]) for row in rows)]).encode()


def _line(fields: Sequence[object]) -> str:
    sink = io.StringIO()
    # The writer quotes the signs that end its own lines: both must be among them.
    csv.writer(sink, lineterminator="\r\n").writerow(fields)
    return sink.getvalue().removesuffix("\r\n") + "\n"


def _cell(value: object) -> object:
    if isinstance(value, str):
        return plain_text(value)
    return _WORDS[value] if value is None or isinstance(value, bool) else value
