"""What a scan covers, what it writes, and how much of the machine it takes."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from quality.calendar.exchanges import PANEL
from quality.calendar.groups import Calendars
from quality.errors import UsageError
from quality.findings.suppressions import NO_SUPPRESSIONS, Suppressions
from quality.panel.actions import CorporateActions
from quality.scan.plan import CELLS_A_CHUNK

FORMATS = ("parquet", "csv")


@dataclass(frozen=True)
class ScanOptions:
    """What a scan covers, what it writes, and how much of the machine it takes.

    Attributes:
        start: First session whose findings are wanted, None for the panel's first.
        end: Last session whose findings are wanted, None for the panel's last.
        tickers: Whose findings are wanted, names and patterns; empty for all, and for what is found of whole days.
        formats: Of `FORMATS`; Parquet is always written, since the others are made from it.
        threads: Chunks in work at once.
        memory_limit: Of all engines together, in bytes.
        rows_a_chunk: Cells that one unit of work has, about, unless it is a single year.
        tickers_a_task: Years of more tickers are scanned in groups of so many; 0 for as many as fit a task.
        calendar: Which days are sessions (`exchanges.open_calendar`).
        calendars: By pattern of tickers, another calendar for those that it fits.
        suppressions: The findings that do not count.
        actions: The corporate actions that are known.
        resume: Keep the years that an earlier run into the same place has finished, from the same input,
            rules, range and versions; without it, everything is made anew.

    """

    start: dt.date | None = None
    end: dt.date | None = None
    tickers: tuple[str, ...] = ()
    formats: Sequence[str] = FORMATS
    threads: int = 2
    memory_limit: int = 1 << 30
    rows_a_chunk: int = CELLS_A_CHUNK
    tickers_a_task: int = 0
    resume: bool = False
    calendar: str = PANEL
    calendars: Mapping[str, str] = field(default_factory=dict)
    suppressions: Suppressions = NO_SUPPRESSIONS
    actions: CorporateActions = field(default_factory=CorporateActions)

    def __post_init__(self) -> None:
        self.calendar_groups.check()
        unknown = [name for name in self.formats if name not in FORMATS]
        if unknown or not self.formats:
            raise UsageError(f"--format {','.join(self.formats)}: choose from {', '.join(FORMATS)}")
        if self.start and self.end and self.start > self.end:
            raise UsageError(f"--start {self.start} is after --end {self.end}")

    @property
    def calendar_groups(self) -> Calendars:
        """Which days are sessions, by ticker."""
        return Calendars(self.calendar, self.calendars)

    @property
    def first_date(self) -> dt.date:
        """The first date whose findings are wanted."""
        return self.start or dt.date.min

    @property
    def last_date(self) -> dt.date:
        """The last date whose findings are wanted."""
        return self.end or dt.date.max
