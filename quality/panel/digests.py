"""Remembers beside a panel what its files were when this program wrote them, so that no flipped bit goes unnoticed."""

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from quality.errors import InputError
from quality.storage import Store

# Hidden, so no reader of the panel takes it for data. Without it, files are read as they are.
KEY = ".digests.json"
_MOST_BYTES = 1 << 26
_log = logging.getLogger(__name__)

# By key: the digests that the file may have; while it is being replaced, the old one and the new one.
Digests = Mapping[str, tuple[str, ...]]


def digest_bytes(data: bytes) -> str:
    """Digest the bytes of one file of a panel."""
    return hashlib.sha256(data).hexdigest()[:32]


def read_digests(panel: Store) -> Digests:
    """Read which digests a panel's files may have; files that are not among them are not known.

    Where the memory itself is damaged, nothing is known, which is logged.
    """
    try:
        found = json.loads(panel.read(KEY, _MOST_BYTES))
        return {str(key): tuple(map(str, accepted)) for key, accepted in found.items()}
    except (InputError, ValueError, TypeError, AttributeError) as error:
        if isinstance(error, InputError) and not panel.exists(KEY):
            return {}
        _log.warning("%s cannot be read, so that damage may go unnoticed: %s", panel.url(KEY), error)
        return {}


def check_bytes(digests: Digests, key: str, digest: str, url: str) -> None:
    """Make sure that a file is as it was written.

    Args:
        digests: Of the panel's files (`read_digests`).
        key: The file's key in the panel.
        digest: Of its bytes, by `digest_bytes`.
        url: Its address, for the message.

    Raises:
        InputError: It is not.

    """
    if key in digests and digest not in digests[key]:
        raise InputError(
            f"{url} is not as it was written: a part of it is damaged, or another program changed it; "
            f"restore it, or remove {KEY} beside the panel's years to take it as it is"
        )


@contextmanager
def replacing(panel: Store, new: Mapping[str, str | None]) -> Iterator[None]:
    """Remember what files are about to become, and once they are, nothing else.

    Whenever the process is killed in between, each file is still known as it was, and as it is to be.

    Args:
        panel: The panel; its lock is held.
        new: By key, the digest of the new bytes; None for a file that goes.

    """
    old = read_digests(panel)
    if announced := {key: (*old[key], digest) for key, digest in new.items() if key in old and digest}:
        _write(panel, {**old, **announced})
    yield
    kept = {key: accepted for key, accepted in old.items() if key not in new}
    _write(panel, {**kept, **{key: (digest,) for key, digest in new.items() if digest}})


def _write(panel: Store, digests: Digests) -> None:
    panel.write(KEY, (json.dumps(digests, sort_keys=True, indent=0) + "\n").encode())
