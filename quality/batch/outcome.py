"""What came of a batch, and the exit code that it deserves."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from quality.batch.work import Done
from quality.delivery.story import unprocessed_of
from quality.findings.summary import reaches

DONE, FOUND, WRONG, BAD_INPUT, NOT_DELIVERED = range(5)
_GRAVITY = (BAD_INPUT, WRONG, NOT_DELIVERED, FOUND, DONE)


@dataclass
class Outcome:
    """What came of one panel and day.

    Attributes:
        panel: The panel's name.
        day: The day.
        done: The jobs that were done, in order.
        skipped: Why there was nothing to do; "" where there was.
        error: Why a job failed; "" where none did.
        is_wrong: Whether a setting is to blame for it.
        undelivered: What of the failure could not be told.
        forgotten: Runs that were older than is kept, and were removed.

    """

    panel: str
    day: dt.date
    done: list[Done] = field(default_factory=list)
    skipped: str = ""
    error: str = ""
    is_wrong: bool = False
    undelivered: list[str] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)

    @property
    def code(self) -> int:
        """The exit code that this outcome deserves."""
        if self.error:
            return WRONG if self.is_wrong else BAD_INPUT
        codes = [DONE]
        for done in self.done:
            if done.undelivered:
                codes.append(NOT_DELIVERED)
            elif done.not_appended or unprocessed_of(done.summary):
                codes.append(BAD_INPUT)
            elif done.task.fail_on and reaches(done.summary.get("by_severity") or (), done.task.fail_on):
                codes.append(FOUND)
        return next(code for code in (NOT_DELIVERED, BAD_INPUT, FOUND, DONE) if code in codes)


@dataclass(frozen=True)
class BatchResult:
    """What a batch did."""

    batch_id: str
    outcomes: Sequence[Outcome]

    @property
    def code(self) -> int:
        """The exit code: of the gravest outcome."""
        codes = {outcome.code for outcome in self.outcomes}
        return next((code for code in _GRAVITY if code in codes), DONE)
