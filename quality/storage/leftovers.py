"""Names files that are being written after their writer, and removes those whose writer was killed."""

import hashlib
import os
import re
import secrets
import socket
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

_LEFT = re.compile(r"\.([0-9a-f]{8})-(\d+)-[0-9a-f]{16}\.tmp")
# What a writer of another machine did not touch for so long is taken for left: of a container, nobody else can tell.
_SECONDS_ELSEWHERE = 7 * 24 * 3600
_swept: set[Path] = set()


def beside(path: Path) -> Path:
    """Give a hidden path beside another, to write to; what killed writers left there is removed first.

    It is not named after the file: neither a pattern such as *.parquet nor the limit on names can meet it.
    """
    sweep(path.parent)
    return path.with_name(f".{machine()}-{os.getpid()}-{secrets.token_hex(8)}.tmp")


def sweep(folder: Path) -> None:
    """Remove, once a process, what killed writers left in a folder, and nothing of living ones."""
    if folder in _swept:
        return
    _swept.add(folder)
    with suppress(OSError):
        for file in folder.iterdir():
            left = _LEFT.fullmatch(file.name)
            if left and _is_dead(file, left[1], int(left[2])):
                file.unlink(missing_ok=True)


def _is_dead(file: Path, its_machine: str, process: int) -> bool:
    if its_machine == machine():
        return not lives(process)
    return time.time() - file.stat().st_mtime > _SECONDS_ELSEWHERE


def lives(process: int) -> bool:
    """Tell whether a process of this machine runs."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


@cache
def machine() -> str:
    """Name this machine in eight digits."""
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]
