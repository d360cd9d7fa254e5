"""Names files that are being written after their writer, and removes those whose writer was killed."""

import hashlib
import os
import re
import secrets
import socket
from contextlib import suppress
from pathlib import Path

_LEFT = re.compile(r"\.([0-9a-f]{8})-(\d+)-[0-9a-f]{16}\.tmp")
_swept: set[Path] = set()


def beside(path: Path) -> Path:
    """Give a hidden path beside another, to write to; what killed writers left there is removed first.

    It is not named after the file: neither a pattern such as *.parquet nor the limit on names can meet it.
    """
    sweep(path.parent)
    return path.with_name(f".{_machine()}-{os.getpid()}-{secrets.token_hex(8)}.tmp")


def sweep(folder: Path) -> None:
    """Remove, once a process, what killed writers of this machine left in a folder, and nothing of living ones."""
    if folder in _swept:
        return
    _swept.add(folder)
    with suppress(OSError):
        for file in folder.iterdir():
            left = _LEFT.fullmatch(file.name)
            if left and left[1] == _machine() and not lives(int(left[2])):
                file.unlink(missing_ok=True)


def lives(process: int) -> bool:
    """Tell whether a process of this machine runs."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _machine() -> str:
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]
