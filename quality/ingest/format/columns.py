"""The columns of a table as its mapping sees them: their names, and a sample of what they hold."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from quality.errors import InputError
from quality.ingest.format import names
from quality.ingest.format.dates import looks_like_dates
from quality.ingest.format.numbers import NO_PRICE, is_number
from quality.ingest.format.source import Source
from quality.text import visible

_HALF = 0.5
_TELLING_TEXTS = 300
_MOSTLY = 0.95  # real files break every rule now and then


@dataclass(frozen=True)
class Columns:
    """A table's columns.

    Attributes:
        header: The names as they stand; None where there is no header.
        sample: The first records, a series a column.
        where: The table's name for messages.
        path: The table's own name, from which a ticker may come.
        fields: Of a table whose header has a line for fields and one for tickers: each column's field.

    """

    header: Sequence[str] | None
    sample: Sequence[pl.Series]
    where: str
    path: str
    fields: Sequence[str] | None = None
    _shares: dict[int, float | None] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def width(self) -> int:
        """How many columns there are."""
        return len(self.sample)

    @property
    def has_header(self) -> bool:
        """Whether the columns are named."""
        return self.header is not None

    @cached_property
    def names(self) -> list[str]:
        """The columns' names, "" where they have none."""
        return [names.clean(name) for name in self.header] if self.header is not None else [""] * self.width

    def label(self, position: int) -> str:
        """Name a column for messages."""
        return self.names[position] or f"#{position + 1}"

    def texts(self, position: int) -> list[str]:
        """Give the sample of a column as texts, without what is empty."""
        return [
            text for text in self.sample[position].cast(pl.String, strict=False).drop_nulls().to_list() if text.strip()
        ]

    def find(self, name: str | None) -> int | None:
        """Find a column that is said by its name or as #N.

        Raises:
            InputError: There is no such column, or several.

        """
        if name is None:
            return None
        number = name[1:] if name.startswith("#") else ""
        if number.isdecimal() and 1 <= int(number) <= self.width:
            return int(number) - 1
        exact = [position for position, found in enumerate(self.names) if found == name]
        found = exact or [
            position for position, known in enumerate(self.names) if names.plain(known) == names.plain(name)
        ]
        if len(found) == 1:
            return found[0]
        shown = ", ".join(visible(self.label(position)) for position in range(min(self.width, 10)))
        what = f"{len(found)} columns are named" if found else "no column is named"
        raise InputError(f"{self.where}: {what} {visible(name)!r}; there is {shown}; say #N for the N-th")

    def named(self, wanted: Sequence[str], among: Sequence[int]) -> int | None:
        """Find the column with the first of some names that any of some columns has."""
        return names.first_named(
            [self.names[position] if position in among else "" for position in range(self.width)], wanted
        )

    def ignored(self, source: Source) -> set[int]:
        """Give the columns that are to be left aside."""
        return {position for name in source.ignore if (position := self.find(name)) is not None}

    def date(self, source: Source) -> int | None:
        """Find the dates: as said, by name, or the first column that holds them."""
        find = self.find(source.date_column)
        if find is not None:
            return find
        named = names.first_named(self.names, (*names.DATES, *names.MOMENTS))
        if named is not None:
            return named
        return next((position for position in range(min(self.width, 50)) if self._holds_dates(position)), None)

    def _holds_dates(self, position: int) -> bool:
        if self.sample[position].dtype in (pl.Date, pl.Datetime):
            return True
        return self.sample[position].dtype == pl.String and looks_like_dates(self.texts(position)[:200])

    def is_numeric(self, position: int) -> bool:
        """Tell whether a column holds numbers, for the most part."""
        if self.sample[position].dtype.is_numeric():
            return True
        share = self._share_of_numbers(position)
        return share is not None and share >= _HALF

    def is_text(self, position: int) -> bool:
        """Tell whether a column holds something that is no number, for the most part."""
        if self.sample[position].dtype.is_numeric() or self.sample[position].dtype.is_temporal():
            return False
        share = self._share_of_numbers(position)
        return share is not None and share < _HALF

    def _share_of_numbers(self, position: int) -> float | None:
        """Give which share of a column's texts are numbers; None where it has no text."""
        if position not in self._shares:
            texts = self._filled_texts(position)[:_TELLING_TEXTS]
            self._shares[position] = sum(map(is_number, texts)) / len(texts) if texts else None
        return self._shares[position]

    def _filled_texts(self, position: int) -> list[str]:
        return [text for text in self.texts(position) if text.strip().lower() not in NO_PRICE]

    def is_full(self, position: int) -> bool:
        """Tell whether a column says something in nearly every record."""
        return len(self._filled_texts(position)) >= _MOSTLY * len(self.sample[position])
