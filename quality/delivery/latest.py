"""Publishes runs side by side, and a pointer to the latest: its reader sees the one before or the new one, whole."""

import json
from collections.abc import Mapping
from typing import Any

from quality.delivery.publish import publish
from quality.errors import DeliveryError, InputError, QualityError
from quality.findings import summary as summaries
from quality.findings.identity import run_id_of
from quality.storage import Entry, Store, holding

KEY = "latest.json"


def publish_beside(run: Store, destination: Store, root: Store) -> list[Entry]:
    """Publish a run to a place of its own, and then let the pointer in `root` lead to it.

    Nothing is deleted, so no right to delete is needed where the place is new. The pointer is one small object,
    written last; it never goes back to an earlier day, nor to an earlier run of the same day.

    Raises:
        InputError, UsageError, DeliveryError: As `publish`.

    """
    entries = publish(run, destination)
    summary = summaries.read(run)
    new = {
        "address": destination.address,
        "run_id": run_id_of(summary),
        "job": summary.get("job"),
        "panel": summary.get("panel"),
        "first_session": summary.get("first_session"),
        "last_session": summary.get("last_session"),
        "outcome": summary.get("outcome"),
        "findings": summary.get("findings"),
        "files": [entry.key for entry in entries],
    }
    try:
        with holding(root, f".{KEY}.lock"):
            if _order(new) >= _order(read_latest(root) or {}):
                root.write(KEY, (json.dumps(new, indent=2, default=str) + "\n").encode())
    except QualityError as error:
        if isinstance(error, DeliveryError):
            raise
        raise DeliveryError(str(error)) from error
    return entries


def read_latest(root: Store) -> dict[str, Any] | None:
    """Read the pointer; None where there is none that can be read."""
    try:
        pointer = json.loads(root.read(KEY)) if root.exists(KEY) else None
    except (ValueError, InputError):
        return None
    return pointer if isinstance(pointer, dict) else None


def _order(pointer: Mapping[str, Any]) -> tuple[str, str]:
    return str(pointer.get("last_session") or ""), str(pointer.get("run_id") or "")
