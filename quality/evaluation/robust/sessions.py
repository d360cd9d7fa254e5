"""Who is there on a session: absent tickers that were expected, and tickers that are new."""

from dataclasses import dataclass

import numpy as np

from quality.evaluation.robust.windows import Places
from quality.panel.grid import BoolMatrix, Integers

# A ticker is expected until it has been absent for so many sessions.
SEEN_SESSIONS = 20


@dataclass(frozen=True)
class Absence:
    """The cells without a row, and those with one after many without.

    Attributes:
        absent: The cells of expected tickers without a row.
        since: By absent cell, the sessions since the ticker's last row, this one included.
        new: The cells with a row, and none in the `SEEN_SESSIONS` sessions before.

    """

    absent: Places
    since: Integers
    new: Places


def measure_absence(present: BoolMatrix, judged: slice) -> Absence:
    """Find the absent and the new cells of the judged sessions, which have `SEEN_SESSIONS` more before them."""
    width = present.shape[1]
    gone = np.flatnonzero(~present)
    begins = np.ones(len(gone), dtype=np.bool_)
    begins[1:] = (np.diff(gone) > 1) | (gone[1:] % width == 0)
    first = gone[begins][np.cumsum(begins) - 1] if len(gone) else gone
    since = gone - first + 1
    session = gone % width
    is_judged = (session >= judged.start) & (session < judged.stop)
    kept = is_judged & (since <= SEEN_SESSIONS)
    after = gone[(since >= SEEN_SESSIONS) & (session + 1 >= judged.start) & (session + 1 < judged.stop)] + 1
    return Absence(Places(gone[kept], width), since[kept], Places(after[present.ravel()[after]], width))
