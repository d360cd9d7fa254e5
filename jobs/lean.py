"""Spares a run what it does not need: libraries that are there, memory cleared again and again, and garbage sought."""

import ctypes
import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

# Options of glibc, by number; musl and others have no `mallopt`.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT_BYTES = 64 << 20


class _Absent(MetaPathFinder):
    """Finds that a module does not exist."""

    def __init__(self, name: str) -> None:
        self._name = name

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Refuse the module; say nothing of others."""
        del path, target
        if fullname == self._name:
            raise ModuleNotFoundError(f"{fullname} is not needed here", name=fullname)
        return None


@contextmanager
def without_import(name: str) -> Iterator[None]:
    """Let a library seem not to be installed, unless it has been imported before.

    PyArrow and DuckDB import pandas, where it is installed, to see whether what they are given is of its kinds.
    """
    absent = _Absent(name)
    sys.meta_path.insert(0, absent)
    try:
        yield
    finally:
        sys.meta_path.remove(absent)


@contextmanager
def without_collection() -> Iterator[None]:
    """Let nobody look for garbage that refers to itself: a short run leaves little, and looking takes a tenth of it."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def keep_freed_memory() -> None:
    """Let the allocator keep what is freed, up to some megabytes, instead of handing it back to be cleared anew.

    A scan makes and frees the same large arrays for every chunk; without this, a tenth of its time is page faults.
    Where the C library knows no such options, nothing happens.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        for option in (_TRIM_THRESHOLD, _MMAP_THRESHOLD):
            mallopt(option, _KEPT_BYTES)
