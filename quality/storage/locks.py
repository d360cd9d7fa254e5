"""What a lock says about its holder, and what the run that comes second is found."""

import json
import logging
import os
import random
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from quality.errors import DestinationBusyError
from quality.text import visible

logger = logging.getLogger(__name__)

LIFETIME_SECONDS = 900.0
_LONGEST_PAUSE = 2.0


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
    machine: str = ""
    """Which kernel and which space of process numbers it lives in; empty where that is not known."""
    renewals: int = 0
    """How often it was renewed, so that each renewal is a new version of the lock."""

    @property
    def has_ended(self) -> bool:
        """Tell whether it gave the lock back without being allowed to remove it."""
        return self.lifetime <= 0

    @property
    def is_dead(self) -> bool:
        """Tell whether it is known to have died: it was a process of this machine, and is no more."""
        if not self.machine or self.machine != this_machine():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except OSError:
            return False
        return False

    def __str__(self) -> str:
        return f"process {self.pid} on {visible(self.host)} since {visible(self.since)}"


def this_run(lifetime: float = LIFETIME_SECONDS) -> Holder:
    """Return this process as a new holder."""
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return Holder(socket.gethostname(), os.getpid(), since, secrets.token_hex(16), lifetime, this_machine())


@cache
def this_machine() -> str:
    """Name this kernel's boot and this space of process numbers; "" where the system does not tell."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except (OSError, ValueError):
        return ""


def encode(holder: Holder) -> bytes:
    """Return a holder as the content of its lock."""
    return json.dumps(asdict(holder)).encode()


def decode(data: bytes) -> Holder | None:
    """Return the holder that a lock's content names; None where it names none that can be read."""
    try:
        found = json.loads(data)
        return Holder(
            str(found["host"]),
            int(found["pid"]),
            str(found["since"]),
            str(found["run"]),
            float(found["lifetime"]),
            str(found.get("machine", "")),
            int(found["renewals"]),
        )
    except (ValueError, TypeError, KeyError):
        return None


def busy(url: str, holder: Holder | None, advice: str = "") -> DestinationBusyError:
    """Return the error of the run that found the lock at `url` taken."""
    return DestinationBusyError(
        f"another run holds {visible(url)} ({holder or 'it does not say who'}): wait until it ends,"
        f" or choose another destination{advice}"
    )


@dataclass(frozen=True)
class Held:
    """A lock as somebody finds it."""

    url: str
    holder: Holder | None
    """Who holds it; None where it does not say."""
    idle_seconds: float
    """Seconds since the holder's last sign of life; 0 where the kernel vouches for it."""
    expires_in: float | None
    """Seconds after which it may be taken over; None where it ends with its process alone."""

    def __str__(self) -> str:
        end = "it ends with that process"
        if self.expires_in is not None:
            end = f"it expires in {self.expires_in:.0f} s" if self.expires_in > 0 else "it has expired"
            end = f"last sign of life {max(self.idle_seconds, 0):.0f} s ago; {end}"
        return f"{visible(self.url)} is held by {self.holder or 'somebody who does not say who'}; {end}"


@contextmanager
def waiting_for(hold: Callable[[], AbstractContextManager[None]], seconds: float) -> Iterator[None]:
    """Hold a lock, waiting for another holder to end for so many seconds at most."""
    give_up = time.monotonic() + seconds
    with ExitStack() as stack:
        is_new = True
        while True:
            try:
                stack.enter_context(hold())
                break
            except DestinationBusyError as error:
                left = give_up - time.monotonic()
                if left <= 0:
                    raise
                if is_new:
                    logger.warning("waiting up to %.0f s: %s", left, error)
                is_new = False
                time.sleep(min(left, random.uniform(0.2, 1.0) * _LONGEST_PAUSE))  # noqa: S311  (jitter, no secret)
        yield
