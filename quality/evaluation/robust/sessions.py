"""Who is there on a session: absent tickers that were expected, those that are often absent, and new ones."""

from dataclasses import dataclass

import numpy as np

from quality.evaluation.robust.windows import Places
from quality.panel.grid import BoolMatrix, Integers

# A ticker is expected until it has been absent for so many sessions.
SEEN_SESSIONS = 20
# A ticker with so many gaps in so many sessions before is absent by habit.
HABIT_SESSIONS, _HABIT_GAPS = 60, 3
# A session is incomplete if so large a share of the expected tickers has no row, and so many at least.
GONE_SHARE, LEAST_GONE = 0.2, 5


@dataclass(frozen=True)
class Absence:
    """The cells without a row, and those with one after many without.

    Attributes:
        absent: The cells of expected tickers without a row.
        since: By absent cell, the sessions since the ticker's last row, this one included.
        is_habit: By absent cell, whether its ticker is often absent.
        new: The cells with a row, and none in the `SEEN_SESSIONS` sessions before.
        incomplete: By session of the grid, whether so many tickers have no row that the file is to blame.
        gone, expected: By session, how many tickers have no row, and how many were expected to have one.
        counted: By absent cell, `since` without the sessions on which the file was to blame.

    """

    absent: Places
    since: Integers
    is_habit: BoolMatrix
    new: Places
    incomplete: BoolMatrix
    gone: Integers
    expected: Integers
    counted: Integers

    def by_session(self, sessions: slice) -> dict[str, Integers | BoolMatrix]:
        """Give how many tickers are missing on some sessions, of how many, and whether that is the file."""
        return {
            "absent": self.gone[sessions],
            "expected_tickers": self.expected[sessions],
            "is_incomplete": self.incomplete[sessions],
        }


@dataclass(frozen=True)
class Counts:
    """What was counted on more tickers than a grid holds, by session of the grid.

    Attributes:
        often: Whether gaps of so many tickers end on the session that they are no habit of any of them.
        gone, expected: As of `Absence`.

    """

    often: BoolMatrix
    gone: Integers
    expected: Integers


def measure_absence(
    present: BoolMatrix, judged: slice, counts: Counts | None = None, closed: BoolMatrix | None = None
) -> Absence:
    """Find the absent and the new cells of the judged sessions; there are enough sessions before them.

    On a day on which its exchange is closed nobody is missing, and such days count for nothing.
    """
    width = present.shape[1]
    places, first = _gaps(present)
    since, session = places - first + 1, places % width
    lasting, is_open = _open_sessions(places, first, closed)
    after = places[(lasting >= SEEN_SESSIONS) & (session + 1 >= judged.start) & (session + 1 < judged.stop)] + 1
    kept = (session >= judged.start - SEEN_SESSIONS) & (session < judged.stop) & (lasting <= SEEN_SESSIONS) & is_open
    places, first, since, session, lasting = places[kept], first[kept], since[kept], session[kept], lasting[kept]
    ended, rows = gap_ends(present, closed)
    is_habit = _gaps_before(present, first, counts.often if counts else ends_of_many(ended, rows)) >= _HABIT_GAPS
    gone = counts.gone if counts else np.bincount(session[~is_habit], minlength=width)
    expected = counts.expected if counts else rows + gone
    incomplete = (gone >= LEAST_GONE) & (gone >= GONE_SHARE * expected)
    running = np.concatenate([[0], np.cumsum(incomplete)])
    counted = lasting - (running[session + 1] - running[session + 1 - since])
    now = session >= judged.start
    return Absence(
        absent=Places(places[now], width),
        since=lasting[now],
        is_habit=is_habit[now],
        new=Places(after[present.ravel()[after]], width),
        incomplete=incomplete,
        gone=gone,
        expected=expected,
        counted=counted[now],
    )


def count_gone(present: BoolMatrix, judged: slice, often: BoolMatrix, closed: BoolMatrix | None = None) -> Integers:
    """Count, by judged session, the expected tickers of a grid that have no row, and not by habit (see `Counts`)."""
    width = present.shape[1]
    places, first = _gaps(present)
    session = places % width
    lasting, is_open = _open_sessions(places, first, closed)
    kept = (session >= judged.start) & (session < judged.stop) & (lasting <= SEEN_SESSIONS) & is_open
    is_habit = _gaps_before(present, first[kept], often) >= _HABIT_GAPS
    return np.bincount(session[kept][~is_habit], minlength=width)[judged]


def _gaps(present: BoolMatrix) -> tuple[Integers, Integers]:
    """Give the cells without a row, and by cell the first one of its gap."""
    places = np.flatnonzero(~present)
    begins = np.ones(len(places), dtype=np.bool_)
    begins[1:] = (np.diff(places) > 1) | (places[1:] % present.shape[1] == 0)
    return places, places[begins][np.cumsum(begins) - 1] if len(places) else places


def _open_sessions(places: Integers, first: Integers, closed: BoolMatrix | None) -> tuple[Integers, BoolMatrix]:
    """Count the sessions of each gap up to each of its cells, closed ones left out; say which cells are open."""
    since = places - first + 1
    if closed is None:
        return since, np.ones(len(places), dtype=np.bool_)
    is_closed = closed.ravel()[places]
    running = np.concatenate([[0], np.cumsum(is_closed)])
    return since - (running[1:] - running[np.searchsorted(places, first)]), ~is_closed


def gap_ends(present: BoolMatrix, closed: BoolMatrix | None = None) -> tuple[Integers, Integers]:
    """Count, by session, the gaps that end on it, and the rows, those of closed days left out."""
    ends = np.zeros(present.shape[1], dtype=np.int64)
    ends[1:] = np.count_nonzero(present[:, 1:] & ~present[:, :-1], axis=0)
    return ends, np.count_nonzero(present if closed is None else present & ~closed, axis=0)


def ends_of_many(ends: Integers, rows: Integers) -> BoolMatrix:
    """Say on which sessions gaps of many tickers end: holidays and files that came short, no habit of any of them."""
    return np.asarray(ends >= np.maximum(LEAST_GONE, GONE_SHARE * rows))


def _gaps_before(present: BoolMatrix, first: Integers, often: BoolMatrix) -> Integers:
    """Count the gaps that ended in the `HABIT_SESSIONS` sessions before the gaps that begin at some cells.

    Gaps of many tickers at once are left out.
    """
    ends = np.zeros(present.shape, dtype=np.bool_)
    ends[:, 1:] = present[:, 1:] & ~present[:, :-1]
    ends[:, often] = False
    where = np.flatnonzero(ends)
    return np.searchsorted(where, first) - np.searchsorted(where, first - HABIT_SESSIONS)
