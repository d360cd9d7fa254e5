"""What is said of one ingest."""

from dataclasses import dataclass, field

from quality.errors import UsageError
from quality.ingest.format.source import Source
from quality.ingest.rows.merge import Choice
from quality.storage import S3Options

POLICIES = ("last", "first", "error")
ARRIVAL, NEWEST_FILE, OLDEST_FILE = "arrival", "newest-file", "oldest-file"
PREFERENCES = (ARRIVAL, NEWEST_FILE, OLDEST_FILE)


@dataclass(frozen=True)
class IngestOptions:
    """What is said of one ingest.

    Attributes:
        source: What is said of the files.
        on_conflict: Which of several prices of one key counts: "last" or "first" to arrive, or "error".
        s3: How S3 is reached.
        prefer: What decides instead of the order of arrival: "newest-file" or "oldest-file", by the date and
            name of each file; "arrival" for nothing.
        tolerance: Up to which share of the larger one two prices are the same.
        dry_run: Whether nothing is written, and all is counted.

    Raises:
        UsageError: Two of them contradict each other, or the tolerance cannot be.

    """

    source: Source = field(default_factory=Source)
    on_conflict: str = POLICIES[0]
    s3: S3Options | None = None
    prefer: str = ARRIVAL
    tolerance: float = 0.0
    dry_run: bool = False

    def __post_init__(self) -> None:
        if self.on_conflict == "first" and self.prefer != ARRIVAL:
            raise UsageError(f"--on-conflict first goes by arrival, --prefer {self.prefer} by files: say one of them")
        if not 0 <= self.tolerance < 1:
            raise UsageError(f"--tolerance {self.tolerance} is not a share from 0 to below 1, such as 1e-6")

    @property
    def choice(self) -> Choice:
        """Which of several prices of one key counts."""
        is_first = self.on_conflict == "first" or self.prefer == OLDEST_FILE
        return Choice("first" if is_first else "last", self.prefer != ARRIVAL, self.tolerance)
