"""The books of an ingest: rows read = rows written + duplicates that agree + rows refused, always."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from quality.errors import QualityError

_SUMMED = (
    *("rows_read", "rows_written", "duplicates_agreeing", "rows_refused"),
    *("unreadable", "outvoted", "not_listed", "unread"),
)


@dataclass
class FileCounts:
    """What became of one file.

    Attributes:
        file: Its name.
        rows_read: Records of a long file; cells of a wide one, and its lines that could not be placed.
        rows_written: Rows that the panel holds now because of it.
        duplicates_agreeing: Rows whose key and price another row, or the panel, brought too.
        unreadable: Rows refused because they are no rows of a panel.
        outvoted: Rows refused because another price of the same key counts; each is in the conflicts.
        not_listed: Blank cells of a wide file before a ticker's first price: they are no rows.
        unread: Volumes and adjusted closes that could not be read; their rows have none.
        lines_before_header: Lines that stood above the table.
        failed: Why nothing of the file was taken; "" where it was read to its end.
        mapping: How it was read.
        is_empty: Whether it holds no row, as its source says that it may.
        first_rows: The first rows that it gives: date, ticker, price.

    """

    file: str
    rows_read: int = 0
    rows_written: int = 0
    duplicates_agreeing: int = 0
    unreadable: int = 0
    outvoted: int = 0
    not_listed: int = 0
    unread: int = 0
    lines_before_header: int = 0
    failed: str = ""
    mapping: Mapping[str, Any] | None = None
    is_empty: bool = False
    first_rows: list[tuple[Any, ...]] = field(default_factory=list)

    @property
    def rows_refused(self) -> int:
        """All rows of the file that were refused: unreadable ones, and those another price outvoted."""
        return self.unreadable + self.outvoted

    def add_fate(self, written: int, agreed: int, lost: int) -> None:
        """Count what a merge did with some of the file's rows."""
        self.rows_written += written
        self.duplicates_agreeing += agreed
        self.outvoted += lost

    def fail(self, reason: str) -> None:
        """Mark the file as one of which nothing is taken."""
        self.failed = reason
        self.rows_read = self.unreadable = self.not_listed = self.unread = 0

    def check(self) -> None:
        """Make sure that no row was lost.

        Raises:
            QualityError: The books do not balance.

        """
        accounted = self.rows_written + self.duplicates_agreeing + self.rows_refused
        if accounted != self.rows_read:
            raise QualityError(
                f"{self.file}: {self.rows_read} rows were read, but {accounted} accounted for; "
                "nothing is written; please report this with the file's first lines"
            )

    def as_dict(self) -> dict[str, Any]:
        """Give the counts for a summary."""
        found = vars(self) | {"rows_refused": self.rows_refused}
        only_if_so = ("failed", "is_empty", "first_rows", "unread")
        return {key: value for key, value in found.items() if key not in only_if_so or value}


def totals(files: Iterable[FileCounts]) -> dict[str, int]:
    """Add up the counts of all files."""
    counted = list(files)
    return {name: sum(int(getattr(counts, name)) for counts in counted) for name in _SUMMED}
