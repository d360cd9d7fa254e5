"""Who a run is: an id that sorts by time, when it began and ended, and the version of what it writes."""

import datetime as dt
import secrets
from collections.abc import Mapping
from typing import Any

# Raised when a file of a run changes so that a reader of the earlier version would misread it.
SCHEMA_VERSION = 2
# What differs between two runs of the same input.
OF_THE_MOMENT = ("run_id", "started", "ended", "seconds")


def identify(seconds: float, now: dt.datetime | None = None) -> dict[str, Any]:
    """Give a run that ends now its identity.

    Args:
        seconds: How long it took.
        now: Its end, with a time zone; None for this moment.

    Returns:
        `run_id` (sorts by the start of the run, to the millisecond), `started` and `ended` (UTC, ISO 8601) and
        `schema_version`.

    """
    ended = (now or dt.datetime.now(dt.UTC)).astimezone(dt.UTC)
    started = ended - dt.timedelta(seconds=seconds)
    return {
        "run_id": f"{started:%Y%m%dT%H%M%S}{started.microsecond // 1000:03}Z-{secrets.token_hex(3)}",
        "schema_version": SCHEMA_VERSION,
        "started": started.isoformat(timespec="milliseconds"),
        "ended": ended.isoformat(timespec="milliseconds"),
    }


def run_id_of(summary: Mapping[str, Any]) -> str:
    """Give a run's id; of a run that an older version wrote, one that sorts by its last session."""
    known = summary.get("run_id")
    return str(known) if known else f"{summary.get('last_session', '00000000')}".replace("-", "") + "T000000000Z-older"
