"""What a panel holds, read from its dates and tickers alone: its sessions, and who was there when."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from quality.errors import InputError
from quality.panel.grid import Days
from quality.panel.ticker_order import natural_order
from quality.panel.year_index import YearIndex


@dataclass(frozen=True)
class Damage:
    """A year partition that could not be processed, and why."""

    year: int
    reason: str


@dataclass(frozen=True)
class Catalogue:
    """The table of contents of a panel, or of some of its years.

    Attributes:
        indexes: Of the years that hold rows, ascending.
        damaged: Years that could not be read; nothing of them is in the indexes.

    """

    indexes: tuple[YearIndex, ...]
    damaged: tuple[Damage, ...] = ()

    @cached_property
    def by_year(self) -> dict[int, YearIndex]:
        """The indexes by their years, ascending."""
        return {index.year: index for index in self.indexes}

    @cached_property
    def sessions(self) -> Days:
        """Every date that the panel holds, ascending; the first of them has the number 1."""
        return np.concatenate([index.sessions for index in self.indexes])

    @cached_property
    def first_numbers(self) -> dict[int, int]:
        """By year, the number of its first session."""
        counts = [len(index.sessions) for index in self.indexes]
        return dict(zip(self.by_year, np.cumsum([1, *counts]).tolist(), strict=False))

    @cached_property
    def first_seen(self) -> dict[str, int]:
        """By ticker, in the order of their bytes, the number of the session of its first row."""
        seen: dict[str, int] = {}
        for index in reversed(self.indexes):
            numbers = index.first_session + self.first_numbers[index.year]
            seen.update(zip(index.tickers, numbers.tolist(), strict=True))
        return dict(sorted(seen.items()))

    @cached_property
    def natural_tickers(self) -> list[str]:
        """All tickers, as people count them."""
        return natural_order(self.first_seen)

    @property
    def parts(self) -> list[YearIndex | Damage]:
        """What is known of each year."""
        return [*self.indexes, *self.damaged]

    def damaged_in(self, year: int) -> bool:
        """Tell whether a year could not be read."""
        return any(damage.year == year for damage in self.damaged)


def catalogue_of(found: Iterable[YearIndex | Damage]) -> Catalogue:
    """Put what is known of each year together, ascending.

    Raises:
        InputError: Not one partition could be read, or they hold no rows.

    """
    parts = list(found)
    damaged = tuple(part for part in parts if isinstance(part, Damage))
    indexes = tuple(part for part in parts if isinstance(part, YearIndex) and part.rows)
    if not indexes:
        raise InputError("; ".join(f"year={year.year}: {year.reason}" for year in damaged) or "the panel holds no rows")
    return Catalogue(indexes, damaged)
