"""Remembers beside a panel what its files were when this program wrote them, so that no flipped bit goes unnoticed."""

import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from quality.digests import digest_bytes, digest_of
from quality.errors import InputError
from quality.storage import Store

# Hidden, so no reader of the panel takes it for data. Without it, files are read as they are.
KEY = ".digests.json"
_MOST_BYTES = 1 << 26
_log = logging.getLogger(__name__)

# By key: the digests that the file may have; while it is being replaced, the old one first and the new one last.
Digests = Mapping[str, tuple[str, ...]]
# In place of a digest: there was, or will be, no such file.
_NO_FILE = ""
_OF_YEAR = re.compile(r"year=(\d{4})/")


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

    Whenever the process is killed in between, each file is still known as it was, and as it is to be; who reads
    meanwhile can tell that some are of the one version, and some of the other (`half_replaced`).

    Args:
        panel: The panel; its lock is held.
        new: By key, the digest of the new bytes; None for a file that goes.

    """
    old = read_digests(panel)
    if len(new) > 1 or any(key in old for key in new):
        _write(panel, {**old, **_announced(panel, old, new)})
    yield
    kept = {key: accepted for key, accepted in old.items() if key not in new}
    _write(panel, {**kept, **{key: (digest,) for key, digest in new.items() if digest}})


def remember(panel: Store, digests: Mapping[str, str]) -> None:
    """Remember what all files of a panel are, by key, in place of whatever was remembered before."""
    _write(panel, {key: (digest,) for key, digest in digests.items()})


def half_replaced(digests: Digests, contents: Mapping[int, str | None]) -> list[int]:
    """Name the years that are being replaced together, where some are replaced and others are not yet.

    Args:
        digests: Of the panel's files (`read_digests`).
        contents: By year that the panel holds, the digest of its files (`digest_of_year`); None where it is not known.

    """
    announced, no_files = _announced_files(digests), digest_of_year([])
    versions = {year: _version(files, contents.get(year, no_files)) for year, files in announced.items()}
    found = {version for version in versions.values() if version != "unknown"}
    return sorted(versions) if len(found) > 1 or "mixed" in found else []


def announced_years(digests: Digests) -> list[int]:
    """Name the years of which files are being replaced, or were when their writer was stopped."""
    return sorted(_announced_files(digests))


def digest_of_year(digests: Sequence[str]) -> str:
    """Digest the files of a year, given the digest of each in the order of their keys."""
    there = [digest for digest in digests if digest != _NO_FILE]
    return there[0] if len(there) == 1 else digest_of(there)


def _announced_files(digests: Digests) -> dict[int, list[tuple[str, ...]]]:
    """Give what all files of each announced year may be, in the order of their keys."""
    files: dict[int, list[tuple[str, ...]]] = {}
    for key, accepted in sorted(digests.items()):
        if match := _OF_YEAR.match(key):
            files.setdefault(int(match[1]), []).append(accepted)
    return {year: known for year, known in files.items() if any(len(accepted) > 1 for accepted in known)}


def _version(files: Sequence[tuple[str, ...]], content: str | None) -> str:
    if content is None:
        return "unknown"
    if content == digest_of_year([accepted[0] for accepted in files]):
        return "old"
    return "new" if content == digest_of_year([accepted[-1] for accepted in files]) else "mixed"


def _announced(panel: Store, old: Digests, new: Mapping[str, str | None]) -> dict[str, tuple[str, ...]]:
    """Give what each file may be while it is replaced; one that is there and not known is looked at."""
    is_known = all(key in old for key in new)
    there = set() if is_known else {entry.key for entry in panel.entries("year=")}
    before = {key: digest_bytes(panel.read(key)) if key in there else _NO_FILE for key in new if key not in old}
    return {key: (*old.get(key, (before.get(key, _NO_FILE),)), digest or _NO_FILE) for key, digest in new.items()}


def _write(panel: Store, digests: Digests) -> None:
    panel.write(KEY, (json.dumps(digests, sort_keys=True, indent=0) + "\n").encode())
