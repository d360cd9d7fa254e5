"""Waits for the files of a day, and says which did not arrive."""

import datetime as dt
import logging
import time
from collections.abc import Callable, Sequence

from quality.batch.days import Clock, wall_clock
from quality.errors import InputError
from quality.ingest.files.arrivals import find_arrivals
from quality.storage import S3Options, open_store, split_address

_log = logging.getLogger(__name__)

POLL_SECONDS = 30.0


class NotArrivedError(InputError):
    """A file of the day is not there."""


def wait_for(
    addresses: Sequence[str],
    until: dt.datetime | None,
    s3: S3Options,
    *,
    clock: Clock = wall_clock,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Return once each address means a file that is there.

    Args:
        addresses: Files, folders or patterns.
        until: The moment at which waiting ends; None for not waiting.
        s3: How S3 is reached.
        clock: Gives the moment.
        sleep: Waits, in seconds.

    Raises:
        NotArrivedError: One is not there in time; the message says for how long it was waited for.

    """
    began = clock(until.tzinfo if until else None)  # type: ignore[arg-type]
    is_new = True
    while missing := [address for address in addresses if not _is_there(address, s3)]:
        now = clock(until.tzinfo if until else None)  # type: ignore[arg-type]
        left = (until - now).total_seconds() if until else 0.0
        if left <= 0:
            waited = f", waited for until {until:%H:%M %Z}" if until and until > began else ""
            raise NotArrivedError(
                f"{missing[0]} did not arrive{waited}; ask its sender, and run the batch of this date again"
            )
        if is_new:
            _log.warning("waiting until %s for %s", f"{until:%H:%M %Z}", ", ".join(missing))
        is_new = False
        sleep(min(left, POLL_SECONDS))


def _is_there(address: str, s3: S3Options) -> bool:
    if not address.endswith("/"):
        parent, name = split_address(address)
        if open_store(parent, s3).exists(name):
            return True
    try:
        return bool(find_arrivals([address], s3).arrivals)
    except InputError as error:
        if "there is no such file" in str(error) or "none a table by its name" in str(error):
            return False
        raise
