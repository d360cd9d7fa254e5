"""Finds the form of a CSV file from its beginning: delimiter, header, and what stands before it."""

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from quality.errors import EmptyInputError, InputError
from quality.ingest.format import names
from quality.ingest.format.dates import looks_like_dates
from quality.ingest.format.numbers import is_number
from quality.ingest.format.source import Source
from quality.text import visible

_DELIMITERS = ",;\t|"
_SAMPLE_RECORDS = 1_000
_TELLING_LINES = 200
_MOSTLY = 0.9


@dataclass(frozen=True)
class Record:
    """A record of the sample: its fields, and how many lines are done with it."""

    fields: list[str]
    last_line: int


@dataclass(frozen=True)
class Form:
    """The form of a CSV file.

    Attributes:
        delimiter: Between fields.
        header: The columns' names as they stand; None where the file has none.
        width: How many fields a record has.
        skipped: Lines before the header, or before the first record where there is no header.
        data_line: How many lines come before the first record.
        sample: The first records' fields.
        fields: Where the header has a line of fields and one of tickers (`header`): each column's field.

    """

    delimiter: str
    header: list[str] | None
    width: int
    skipped: int
    data_line: int
    sample: list[list[str]]
    fields: list[str] | None = None


def sniff(head: bytes, source: Source, name: str) -> Form:
    """Find a file's form.

    Args:
        head: The beginning of its text, in UTF-8, some thousand lines or all.
        source: What is said of it.
        name: Its name for messages.

    Raises:
        InputError: There is nothing in it, or no table.

    """
    text = head.decode(errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    if not text.strip():
        raise EmptyInputError(f"{visible(name)}: is empty")
    skip = source.skip_lines or 0
    candidates = [source.delimiter] if source.delimiter else list(_DELIMITERS)
    few = lines[: skip + _TELLING_LINES]  # enough to choose a delimiter by
    delimiter = max(candidates, key=lambda mark: _score(_records(few, mark, skip)))
    records = [record for record in _records(lines, delimiter, skip) if any(field.strip() for field in record.fields)]
    if not records:
        raise InputError(f"{visible(name)}: is no table; say --delimiter, or choose another file")
    return _form(records, delimiter, source, skip)


def _records(lines: Sequence[str], delimiter: str, skip: int) -> list[Record]:
    reader = csv.reader((f"{line}\n" for line in lines[skip:]), delimiter=delimiter)
    found: list[Record] = []
    try:
        for fields in reader:
            if fields:
                found.append(Record(fields, skip + reader.line_num))
            if len(found) >= _SAMPLE_RECORDS:
                break
    except csv.Error:
        pass  # a field beyond the reader's limit: what was read before it tells enough
    return found


def _score(records: Sequence[Record]) -> tuple[bool, bool, float, int]:
    """Tell how well a delimiter fits: by a header that is known, dates, even records, many fields."""
    if not records:
        return False, False, 0.0, 0
    width = _usual_width(records)
    even = [record.fields for record in records if len(record.fields) == width]
    known = any(_is_known_header(record.fields) for record in records[:50])
    dated = width > 1 and _date_column(even[-200:]) is not None
    share = len(even) / len(records)
    return known, dated, 1.0 if share >= _MOSTLY and width > 1 else share * (width > 1), width


def _usual_width(records: Sequence[Record]) -> int:
    counts = Counter(len(record.fields) for record in records)
    return max(
        counts,
        key=lambda width: (
            counts[width],
            -next(position for position, record in enumerate(records) if len(record.fields) == width),
        ),
    )


def _is_known_header(fields: Sequence[str]) -> bool:
    if len(fields) < 2 or names.first_named(fields, (*names.DATES, *names.MOMENTS)) is None:  # noqa: PLR2004
        return False
    return not looks_like_dates([field for field in fields if field.strip()])


def _date_column(rows: Sequence[Sequence[str]]) -> int | None:
    width = min((len(row) for row in rows), default=0)
    return next(
        (position for position in range(min(width, 50)) if looks_like_dates([row[position] for row in rows])), None
    )


def _form(records: Sequence[Record], delimiter: str, source: Source, skip: int) -> Form:
    if source.skip_lines is None and source.header is None and (stacked := _stacked(records, delimiter)):
        return stacked
    first = _first(records) if source.skip_lines is None else 0
    top = records[first]
    # What stands above the header is a title, unless it is a row: a header in the middle takes none along.
    early = next((position for position in range(first) if _is_row(records[position].fields)), first)
    skipped = records[early - 1].last_line if early else skip
    below = [record.fields for record in (*records[early:first], *records[first + 1 :])]
    has_header = source.header if source.header is not None else _is_header(top.fields, below)
    if has_header:
        return Form(delimiter, top.fields, len(top.fields), skipped, skipped if early < first else top.last_line, below)
    rows = [record.fields for record in records[early:]]
    return Form(delimiter, None, len(top.fields), skipped, skipped, rows)


def _first(records: Sequence[Record]) -> int:
    """Find where the table begins: at a header that is known, or at the first record of the usual width."""
    for position, record in enumerate(records[:50]):
        if _is_known_header(record.fields):
            return position
    width = _usual_width(records)
    return next(position for position, record in enumerate(records) if len(record.fields) == width)


def _is_row(fields: Sequence[str]) -> bool:
    """Tell whether a record before a header is a row of the table: it has a date, and a number beside it."""
    dates = [position for position, field in enumerate(fields) if looks_like_dates([field])]
    return bool(dates) and any(position != dates[0] and is_number(field) for position, field in enumerate(fields))


def _stacked(records: Sequence[Record], delimiter: str) -> Form | None:
    """Understand a header of two lines, fields and tickers in either order, and mostly a third one for the date."""
    for position in range(min(len(records) - 2, 10)):
        upper, lower, third = (record.fields for record in records[position : position + 3])
        if not len(upper) == len(lower) == len(third) > 1:
            continue
        dates = third if not any(field.strip() for field in third[1:]) else lower
        if names.plain(dates[0]) not in (*names.DATES, *names.MOMENTS):
            continue
        filled = _filled(upper[1:])
        for fields, tickers in ((filled, lower[1:]), (lower[1:], filled)):
            if _are_fields(fields) and all(ticker.strip() for ticker in tickers) and not _are_fields(tickers):
                last = position + 2 if dates is third else position + 1
                skipped = records[position - 1].last_line if position else 0
                below = [record.fields for record in records[last + 1 :]]
                header = [dates[0], *tickers]
                return Form(
                    delimiter, header, len(header), skipped, records[last].last_line, below, [dates[0], *fields]
                )
    return None


def _filled(texts: Sequence[str]) -> list[str]:
    """Fill the blanks that a spreadsheet's joined cells leave."""
    filled: list[str] = []
    for text in texts:
        filled.append(text if text.strip() or not filled else filled[-1])
    return filled


def _are_fields(texts: Sequence[str]) -> bool:
    return all(names.plain(text) in names.FIELDS for text in texts)


def _is_header(fields: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    if _is_known_header(fields):
        return True
    rows = [row for row in below if len(row) == len(fields)][:200]
    dates = _date_column(rows) if rows else _date_column([fields])
    if dates is not None:
        return not looks_like_dates([fields[dates]])
    numbers = [field for field in fields if is_number(field)]
    return not numbers or len(numbers) < len(fields) // 2
