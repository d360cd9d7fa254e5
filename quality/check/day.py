"""One incoming day as it arrived: its prices in order, blank and doubled names kept as they are."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from quality.panel.extras import extras_among


@dataclass(frozen=True)
class Entry:
    """One price as it came.

    Attributes:
        position: 0-based position among the ticker columns, or among the rows of a long file.
        ticker: "" where the name is blank.
        price: None where it is empty.
        extras: The optional columns of a panel that were mapped, by name (`panel.extras`); None where empty.

    """

    position: int
    ticker: str
    price: float | None
    extras: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Day:
    """One incoming day.

    Attributes:
        date: Its date.
        times: How many times the file gives that date.
        entries: Its prices in order.
        named: The date that the file's name tells.
        ignored: How many rows of other dates the file holds, which are left aside, by date.

    """

    date: dt.date
    times: int
    entries: tuple[Entry, ...]
    named: dt.date | None = None
    ignored: Mapping[dt.date, int] = field(default_factory=dict)

    @property
    def extras(self) -> tuple[str, ...]:
        """The optional columns of a panel that its entries have."""
        return extras_among({name for entry in self.entries for name in entry.extras})

    @property
    def blanks(self) -> list[int]:
        """The positions whose ticker is blank."""
        return sorted({entry.position for entry in self.entries if not entry.ticker})

    @property
    def layers(self) -> list[list[Entry]]:
        """The named entries, copy by copy: in each layer a ticker stands once."""
        seen: Counter[str] = Counter()
        layers: list[list[Entry]] = [[]]
        for entry in self.entries:
            if entry.ticker:
                seen[entry.ticker] += 1
                while len(layers) < seen[entry.ticker]:
                    layers.append([])
                layers[seen[entry.ticker] - 1].append(entry)
        return layers
