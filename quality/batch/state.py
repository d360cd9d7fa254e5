"""What a run's deliveries have come to, kept beside the run, so that a rerun sends nothing twice."""

import datetime as dt
import json
import threading
from dataclasses import dataclass, field
from typing import Any

from quality.errors import InputError
from quality.storage import Store

KEY = ".batch.json"


@dataclass
class RunState:
    """One run's state: each delivery is noted once it is made.

    Attributes:
        day: The day of the batch, ISO.
        results: A digest of the results that were last written.
        appended: A digest of the rows that were added to the panel; "" for none.
        delivered: By channel, the digest of the results that it has.

    """

    day: str = ""
    results: str = ""
    appended: str = ""
    delivered: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def has(self, channel: str, results: str) -> bool:
        """Tell whether a channel has these results."""
        return self.delivered.get(channel) == results

    def note(self, channel: str, results: str, run: Store) -> None:
        """Note that a channel has the results; at once on disk, for a kill may follow."""
        with self._lock:
            self.delivered[channel] = results
            self.write(run)

    def write(self, run: Store) -> None:
        """Write the state."""
        run.write(KEY, (json.dumps(self._as_dict(), indent=2, sort_keys=True) + "\n").encode())

    def _as_dict(self) -> dict[str, Any]:
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        return {
            "day": self.day,
            "results": self.results,
            "appended": self.appended,
            "delivered": self.delivered,
            "noted": now,
        }


def read_state(run: Store, day: dt.date) -> RunState:
    """Read a run's state; that of another day, or one that is damaged, counts as none."""
    try:
        kept = json.loads(run.read(KEY)) if run.exists(KEY) else {}
        if kept.get("day") == day.isoformat():
            delivered = {str(channel): str(results) for channel, results in kept["delivered"].items()}
            return RunState(day.isoformat(), str(kept["results"]), str(kept["appended"]), delivered)
    except (ValueError, KeyError, AttributeError, InputError):
        pass
    return RunState(day.isoformat())
