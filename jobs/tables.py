"""Tables for a terminal: aligned, and harmless whatever the cells hold."""

from collections.abc import Iterator

import polars as pl

from quality.text import visible

_WIDEST = 60


def table(rows: pl.DataFrame, widest: int = _WIDEST) -> Iterator[str]:
    """Give the lines of a table: a heading, a rule, and a line a row; numbers stand to the right."""
    numeric = [dtype.is_numeric() for dtype in rows.dtypes]
    cells = [[_text(value, widest) for value in row] for row in rows.iter_rows()]
    widths = [
        max(len(name), *(len(line[at]) for line in cells)) if cells else len(name)
        for at, name in enumerate(rows.columns)
    ]
    yield _line(rows.columns, widths, numeric)
    yield "  ".join("-" * width for width in widths)
    for line in cells:
        yield _line(line, widths, numeric)


def _line(cells: list[str], widths: list[int], numeric: list[bool]) -> str:
    aligned = (
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(cells, widths, numeric, strict=True)
    )
    return "  ".join(aligned).rstrip()


def _text(value: object, widest: int) -> str:
    if value is None:
        return "null"
    text = visible(f"{value:.10g}" if isinstance(value, float) else str(value))
    return text if len(text) <= widest else text[: widest - 1] + "…"
