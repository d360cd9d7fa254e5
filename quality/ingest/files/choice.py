"""Which members of archives are read, and which files may be empty or are no tables: by patterns of their names."""

import re
from collections.abc import Sequence
from functools import lru_cache

from quality.ingest.files.arrivals import glob_regex


@lru_cache(maxsize=256)
def _pattern(pattern: str) -> re.Pattern[str]:
    # From the right, as a shell's user means it: `*/prices.csv` is a file of that name in any folder.
    return re.compile(f"(?:.*/)?{glob_regex(pattern)}", re.DOTALL)


def matches(path: str, patterns: Sequence[str]) -> bool:
    """Tell whether a name with its folders ends as one of some patterns says; its packing (`.gz`) may be left out."""
    bare = re.sub(r"\.(gz|bz2|zst)$", "", path, flags=re.IGNORECASE)
    return any(_pattern(pattern).fullmatch(path) or _pattern(pattern).fullmatch(bare) for pattern in patterns)
