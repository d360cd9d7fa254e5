"""Reads off a rule what must be true of some cell or session, or it finds nothing: the first condition that it states.

To ask whether that is true anywhere takes a fraction of the time that it takes the engine to plan the whole rule.
"""

import re
from functools import lru_cache

_COMMENT = re.compile(r"--.*")
_UNION = re.compile(r"\bunion all(?: by name)?\b")
# More than one filter, or another word between conditions than `and`: then the first one may be false of what is found.
_WHERE, _OTHERWISE = re.compile(r"\bwhere\b"), re.compile(r"\bor\b")
_OPERAND = r"\w+(?:\([\w, ]*\))?"
_FIRST = re.compile(
    r"\bfrom (?P<relation>metrics|days)(?:\s+join days using \(date\))?"
    rf"\s+where (?P<condition>{_OPERAND}(?: (?:>=|<=|>|<|=) -?[$\w.]+| is null| is not null)?)(?=\s+and\b|\s*$)"
)


@lru_cache(maxsize=256)
def first_conditions(sql: str) -> tuple[tuple[str, str], ...]:
    """Give, by SELECT of a rule's union, the relation that it filters and its first condition; () where none is plain.

    A rule finds nothing where each of these conditions is true of nothing in its relation.
    """
    found = []
    for part in _UNION.split(_COMMENT.sub("", sql)):
        first = _FIRST.search(part)
        if first is None or len(_WHERE.findall(part)) > 1 or _OTHERWISE.search(part):
            return ()
        found.append((first["relation"], first["condition"]))
    return tuple(found)
