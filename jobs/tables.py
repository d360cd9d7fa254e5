"""Tables for a terminal: as wide as it is, words kept whole, what is cut said, and harmless whatever the cells hold."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from jobs.terminal import columns_of, cut, padded
from quality.text import visible

_GAP = "  "
# A column of text is not made narrower than this: one word of a message, or a ticker.
_NARROWEST = 14


def cell_text(value: object) -> str:
    """Show a value: floats with ten digits, null for none."""
    if value is None:
        return "null"
    return f"{value:.10g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Table:
    """The lines of a table, and what it does not show.

    Attributes:
        heading: The columns' names and the rule below them.
        rows: For each row its lines, several where texts are folded.
        not_shown: The columns for which there was no space.
        values_cut: How many values are longer than their column, although folded between words.

    """

    heading: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    not_shown: tuple[str, ...] = ()
    values_cut: int = 0

    def __iter__(self) -> Iterator[str]:
        """Give the lines."""
        return iter(self.lines)

    @property
    def lines(self) -> list[str]:
        """All lines, from the heading down."""
        return [*self.heading, *(line for row in self.rows for line in row)]

    @property
    def cut(self) -> str:
        """What is not shown, for a note below the table; empty where all is."""
        parts = [f"columns not shown: {', '.join(self.not_shown)}"] if self.not_shown else []
        if self.values_cut:
            parts.append(f"{self.values_cut:,} value{'s' if self.values_cut > 1 else ''} cut (…)")
        return "; ".join(parts)


@dataclass
class _Column:
    name: str
    cells: list[str]
    is_right: bool
    width: int = 0
    folded: list[list[str]] = field(default_factory=list)

    @cached_property
    def widest(self) -> int:
        """What it takes to stand on one line."""
        return max((columns_of(text) for text in (self.name, *self.cells)), default=0)

    @cached_property
    def folded_width(self) -> int:
        """What it takes so that only spaces and slashes end a line; a number is never folded."""
        if self.is_right:
            return self.widest
        pieces = (columns_of(piece) for cell in self.cells for piece, _ in _pieces(cell))
        return max(columns_of(self.name), max(pieces, default=0))

    @cached_property
    def narrowest(self) -> int:
        """What it takes at least, with words that are cut."""
        return self.folded_width if self.is_right else min(self.folded_width, max(_NARROWEST, columns_of(self.name)))


def table(rows: pl.DataFrame, width: int | None = None, text: Callable[[object], str] = cell_text) -> Table:
    """Lay out rows; numbers stand to the right.

    Texts that are too long for `width` columns in all are folded between words; a word longer than its column
    is cut. Where that is not enough, the last columns are left out.

    Args:
        rows: What to show.
        width: The columns of the terminal; None shows everything whole, each row on one line.
        text: How a value reads.

    """
    columns = [
        _Column(visible(name), [visible(text(value)) for value in rows.get_column(name)], dtype.is_numeric())
        for name, dtype in rows.schema.items()
    ]
    shown = columns if width is None else _fitting(columns, width)
    values_cut = _fit(shown, width)
    names = [padded(column.name, column.width, right=column.is_right) for column in shown]
    heading = (_GAP.join(names).rstrip(), _GAP.join("-" * column.width for column in shown))
    lines = tuple(tuple(_lines_of_row(shown, position)) for position in range(rows.height))
    return Table(heading, lines, tuple(column.name for column in columns[len(shown) :]), values_cut)


def _fitting(columns: Sequence[_Column], width: int) -> list[_Column]:
    """Give the first columns, as many as fit when each is as narrow as it can be; one in any case."""
    used = -len(_GAP)
    for count, column in enumerate(columns):
        used += len(_GAP) + column.narrowest
        if used > width:
            return list(columns[: max(count, 1)])
    return list(columns)


def _fit(columns: Sequence[_Column], width: int | None) -> int:
    """Give each column its width and fold its cells into it; give how many values had to be cut."""
    for column in columns:
        column.width = column.widest
    if width is not None:
        _narrow(columns, width)
    cuts = 0
    for column in columns:
        for cell in column.cells:
            lines, is_cut = _fold(cell, column.width)
            column.folded.append(lines)
            cuts += is_cut
    return cuts


def _narrow(columns: Sequence[_Column], width: int) -> None:
    """Take the space that is wanting from the widest columns first."""
    for column in columns:
        column.width = min(column.width, width)
    # First down to whole words, and only where that is not enough, words are cut.
    whole_words, least = [column.folded_width for column in columns], [column.narrowest for column in columns]
    for floors in (whole_words, least, [1] * len(columns)):
        while sum(column.width for column in columns) + len(_GAP) * (len(columns) - 1) > width:
            wide = [position for position, column in enumerate(columns) if column.width > floors[position]]
            if not wide:
                break
            columns[max(wide, key=lambda position: columns[position].width)].width -= 1


def _fold(text: str, width: int) -> tuple[list[str], bool]:
    """Break a text at spaces, and behind slashes, into lines of a width; a word that is longer is cut."""
    if columns_of(text) <= width:
        return [text], False
    lines: list[str] = []
    glue = ""
    for piece, is_path in _pieces(text):
        if lines and columns_of(lines[-1] + glue + piece) <= width:
            lines[-1] += glue + piece
        else:
            lines.append(piece)
        glue = "" if is_path else " "
    cut_lines = [cut(line, width) for line in lines]
    return cut_lines, cut_lines != lines


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Give what may stand on a line of its own, and whether the next piece belongs to the same word."""
    for word in text.split(" "):
        parts = word.split("/") if len(word) > _NARROWEST else [word]
        for part in parts[:-1]:
            yield f"{part}/", True
        yield parts[-1], False


def _lines_of_row(columns: Sequence[_Column], position: int) -> list[str]:
    cells = [column.folded[position] for column in columns]
    height = max((len(lines) for lines in cells), default=0)
    return [
        _GAP.join(
            padded(lines[line] if line < len(lines) else "", column.width, right=column.is_right)
            for column, lines in zip(columns, cells, strict=True)
        ).rstrip()
        for line in range(height)
    ]
