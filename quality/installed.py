"""The versions of installed distributions, read from the names of their folders: what reads their contents is slow."""

import re
import sys
from functools import cache
from pathlib import Path


@cache
def version_of(distribution: str) -> str:
    """Give the version of an installed distribution.

    Raises:
        importlib.metadata.PackageNotFoundError: It is not installed.

    """
    stem = re.sub(r"[-_.]+", "_", distribution).lower()
    for folder in map(Path, filter(None, sys.path)):
        for found in folder.glob(f"{stem}-*.dist-info") if folder.is_dir() else ():
            return found.name.removesuffix(".dist-info").partition("-")[2]
    # Whatever installed it another way.
    from importlib.metadata import version  # noqa: PLC0415

    return version(distribution)
