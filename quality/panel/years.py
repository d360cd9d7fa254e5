"""The years of a panel: which partitions it has, where their files lie, and which of them are none."""

import re
from dataclasses import dataclass

from quality.errors import InputError
from quality.storage import Entry, Store

_YEAR = re.compile(r"year=(\d{4})(/[^/]+\.parquet)?")
# Beside the years while a panel is being written: what is there by then is not all of it.
INCOMPLETE_KEY = ".incomplete"


@dataclass(frozen=True)
class Year:
    """One year partition of a panel: the unit that is written, read and replaced whole.

    Attributes:
        year: The year.
        entries: Its files.
        problem: Why it cannot be read as a whole; "" where nothing is known that speaks against it.

    """

    year: int
    entries: tuple[Entry, ...]
    problem: str = ""

    @property
    def keys(self) -> list[str]:
        """The keys of the partition's files within the panel's store."""
        return [entry.key for entry in self.entries]


def partition_key(year: int) -> str:
    """Give the key of the file that holds a year."""
    return f"year={year:04d}/prices.parquet"


def list_years(store: Store) -> list[Year]:
    """List a panel's year partitions, oldest first.

    A partition that is no folder, or holds what is named as a file and is none, has a `problem`.

    Raises:
        InputError: The address holds no partition at all, or a panel that was not written to its end.

    """
    found: dict[int, list[Entry]] = {}
    problems: dict[int, str] = {}
    for entry in store.entries(hidden={INCOMPLETE_KEY}, is_strict=True):
        if entry.key == INCOMPLETE_KEY:
            raise InputError(
                f"the panel at {store.address} is not complete: it is being written, or its writer was stopped; "
                "wait for it, or write it again with --overwrite"
            )
        match = _YEAR.fullmatch(entry.key)
        if match and not entry.problem and match[2]:
            found.setdefault(int(match[1]), []).append(entry)
        elif match and not (entry.problem.startswith("is a folder") and not match[2]):
            problems.setdefault(int(match[1]), f"{store.url(entry.key)} {entry.problem or 'is a file, not a folder'}")
    if not found and not problems:
        raise InputError(
            f"no panel at {store.address}: it holds no year=YYYY/*.parquet; "
            "make one with `pricewatch generate`, or check the address"
        )
    years = sorted({*found, *problems})
    return [Year(year, tuple(found.get(year, ())), problems.get(year, "")) for year in years]
