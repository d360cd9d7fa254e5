"""Digests of values and of files."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

_BYTES_AT_ONCE = 1 << 20


def digest_files(files: Sequence[Path]) -> str:
    """Digest the bytes of files, one after the other."""
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as opened:
            while block := opened.read(_BYTES_AT_ONCE):
                digest.update(block)
    return digest.hexdigest()[:32]


def digest_bytes(data: bytes) -> str:
    """Digest the bytes of one file as `digest_files` does."""
    return hashlib.sha256(data).hexdigest()[:32]


def digest_of(*parts: object) -> str:
    """Digest values that decide findings, in order."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]
