"""Tells each step of a batch as it is done: a line of log with its run, instant and duration, and a heartbeat."""

import datetime as dt
import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from quality.errors import QualityError
from quality.storage import S3Options, write_file

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Steps:
    """The steps of one batch.

    Attributes:
        batch_id: The batch's own id, in each line.
        heartbeat: Address of the file that says that it lives; None for none.
        s3: How S3 is reached.

    """

    batch_id: str
    heartbeat: str | None = None
    s3: S3Options | None = None

    @contextmanager
    def step(self, name: str, **about: object) -> Iterator[dict[str, object]]:
        """Time a step; what is put into the dictionary that this gives is told with it."""
        fields: dict[str, object] = {"batch": self.batch_id, "step": name, **about}
        self.beat("running", name)
        began = time.perf_counter()
        try:
            yield fields
        except BaseException as error:
            fields["error"] = f"{type(error).__name__}: {error}"
            raise
        finally:
            fields["seconds"] = round(time.perf_counter() - began, 3)
            shown = ", ".join(f"{key} {value}" for key, value in fields.items() if key not in ("batch", "step"))
            _log.info("%s: %s", name, shown, extra=fields)

    def beat(self, state: str, step: str = "", code: int | None = None) -> None:
        """Write the heartbeat; that it cannot be written is told, and stops nothing."""
        if self.heartbeat is None:
            return
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        beat = {"batch": self.batch_id, "state": state, "step": step, "at": now, "exit_code": code}
        try:
            write_file(self.heartbeat, (json.dumps(beat) + "\n").encode(), self.s3)
        except QualityError as error:
            _log.warning("no heartbeat: %s", error)
