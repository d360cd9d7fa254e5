"""Names and patterns of names, such as `ST0001` and `BRK.*`: what fits, and which of several fits best."""

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from fnmatch import translate

_WILD = re.compile(r"[*?\[]")


def fitting(pattern: str, names: Iterable[str]) -> AbstractSet[str]:
    """Give the names that a pattern fits; `*`, `?` and `[…]` as in a shell, capitals count.

    A pattern always fits the name that is spelled like it: tickers may hold any sign.
    """
    if not _WILD.search(pattern):
        return {pattern} & (names if isinstance(names, AbstractSet) else set(names))
    matches = re.compile(translate(pattern)).match
    return {name for name in names if name == pattern or matches(name)}


def best_fits(patterns: Iterable[str], names: Iterable[str]) -> dict[str, str]:
    """Give, for each name that one fits at all, its most specific pattern.

    The exact name comes first, then the longer pattern before the shorter; of two as long, the one that
    sorts first.
    """
    best: dict[str, str] = {}
    known = list(names)
    exact = set(patterns)
    for pattern in sorted(exact, key=lambda pattern: (-len(pattern), pattern)):
        for name in fitting(pattern, known):
            best.setdefault(name, pattern)
    return best | {name: name for name in known if name in exact}
