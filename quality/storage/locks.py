"""What a lock says about its holder, and what the run that comes second is told."""

import json
import os
import secrets
import socket
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from quality.errors import DestinationBusyError
from quality.text import visible

LIFETIME_SECONDS = 900.0


@dataclass(frozen=True)
class Holder:
    """The run that holds a lock, as its lock tells."""

    host: str
    pid: int
    since: str
    """The moment it took the lock: UTC, ISO 8601."""
    run: str
    """A random name that no other holder has."""
    lifetime: float
    """Seconds without renewal after which the lock may be taken over."""
    renewals: int = 0
    """How often it was renewed, so that each renewal is a new version of the lock."""

    def __str__(self) -> str:
        return f"process {self.pid} on {visible(self.host)} since {visible(self.since)}"


def this_run(lifetime: float = LIFETIME_SECONDS) -> Holder:
    """Return this process as a new holder."""
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return Holder(socket.gethostname(), os.getpid(), since, secrets.token_hex(16), lifetime)


def encode(holder: Holder) -> bytes:
    """Return a holder as the content of its lock."""
    return json.dumps(asdict(holder)).encode()


def decode(data: bytes) -> Holder | None:
    """Return the holder that a lock's content names; None where it names none that can be read."""
    try:
        told = json.loads(data)
        return Holder(
            str(told["host"]),
            int(told["pid"]),
            str(told["since"]),
            str(told["run"]),
            float(told["lifetime"]),
            int(told["renewals"]),
        )
    except (ValueError, TypeError, KeyError):
        return None


def busy(url: str, holder: Holder | None, advice: str = "") -> DestinationBusyError:
    """Return the error of the run that found the lock at `url` taken."""
    return DestinationBusyError(
        f"another run holds {visible(url)} ({holder or 'it does not say who'}): wait until it ends,"
        f" or choose another destination{advice}"
    )
