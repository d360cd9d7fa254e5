"""Follows prices that leapt to another level for as long as they stand there: an error is one on its second day, too.

The rules of a day compare a price with the ones before it, so a wrong price that lasts would become its own history.
Here the level from before the leap is kept in mind until the price comes back to it, or for `LASTING_SESSIONS` where it
leapt by a power of ten. For ever it cannot be: of two levels that each held for longer than anybody looks back,
the right one is not known.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from quality.evaluation.robust.levels import plain_levels
from quality.evaluation.robust.moves import Moves, powers_of_ten
from quality.evaluation.robust.windows import Places, gather, median
from quality.panel.grid import BoolMatrix, FloatMatrix, Integers

# A leap by a power of ten is kept in mind for so many sessions, another one for so many.
LASTING_SESSIONS, _OTHER_SESSIONS = 75, 50
# The level that it left was that of so many; what came back from a leap of so many sessions before it left none.
_LEVEL_SESSIONS, _BACK_SESSIONS = 10, 65
# How far before a cell all that is looked at lies.
LASTING_BACK = LASTING_SESSIONS + _BACK_SESSIONS + _LEVEL_SESSIONS
# Where a stretch ends is looked for so many sessions ahead.
LASTING_AHEAD = 25
# Smaller leaps are the news of any day.
_LEAST_LEAP = 1.8
# A leap leaves each of so many prices before it by as much: what comes back from one wrong price leaves nothing.
_NEAREST = 3
# A price stands at its new level while it has gone at least this share of the way there, and at most this one; it is
# back at the old one within that share of the way.
_LEAST_WAY, _MOST_WAY, _BACK = 0.5, 1.5, 0.25


@dataclass(frozen=True)
class Lasting:
    """The cells after a leap that still stand where it went.

    Attributes:
        places: The cells.
        first: By cell, where in memory the leap lies.
        is_large: By cell, whether that one is large, not just another ticker's price.
        last: By cell, where the stretch ends, as far as is looked ahead.
        leaps: The leaps themselves.
        until: By leap, where its stretch ends.
        back: The cells on which a price came back.

    """

    places: Places
    first: Integers
    is_large: BoolMatrix
    last: Integers
    leaps: Places
    until: Integers
    back: Places

    def sessions(self) -> Integers:
        """Count, by cell, the sessions since the leap, that one included."""
        return self.places.at - self.first + 1

    def moved(self, rows: int) -> "Lasting":
        """Give the same, of a matrix that has so many tickers more before these."""
        by, width = rows * self.places.width, self.places.width
        places, leaps, back = (Places(each.at + by, width) for each in (self.places, self.leaps, self.back))
        first, last, until = self.first + by, self.last + by, self.until + by
        return Lasting(places, first, self.is_large, last, leaps, until, back)


def joined(parts: Sequence[Lasting]) -> Lasting:
    """Put together what lasts in the parts of a matrix, in its order."""
    width = parts[0].places.width

    def column(name: str) -> Integers:
        return np.concatenate([getattr(part, name) for part in parts])

    def places(name: str) -> Places:
        return Places(np.concatenate([getattr(part, name).at for part in parts]), width)

    return Lasting(
        places=places("places"),
        first=column("first"),
        is_large=column("is_large").astype(np.bool_),
        last=column("last"),
        leaps=places("leaps"),
        until=column("until"),
        back=places("back"),
    )


def measure_lasting(moves: Moves, judged: slice, swapped: Places) -> Lasting:
    """Follow the leaps of the judged sessions, and of those before them that may still last.

    Args:
        moves: The moves of a grid.
        judged: The sessions.
        swapped: Jumps to another ticker's price, which last however small they are.

    """
    large = _leaps(moves, slice(judged.start - LASTING_SESSIONS - _BACK_SESSIONS, judged.stop))
    recent = swapped.only(swapped.sessions >= judged.start - _OTHER_SESSIONS)
    leaps = Places(np.union1d(large.at, _leaving(moves, recent).at), large.width)
    is_large = is_among(leaps, large)
    number, step, back = _followed(moves, leaps, is_large)
    # What came back from a leap leaves no level by that.
    leaves = ~is_among(leaps, back)
    kept = leaves[number]
    number, step = number[kept], step[kept]
    at, until = leaps.at[number] + step, _until(number, step, number, step)
    # Of two leaps that a cell lasts from, the earlier one counts; small ones, last.
    order = np.lexsort((number, ~is_large[number]))
    _, first = np.unique(at[order], return_index=True)
    chosen = order[first]
    which = np.flatnonzero(leaves)
    return Lasting(
        places=Places(at[chosen], leaps.width),
        first=leaps.at[number[chosen]],
        is_large=is_large[number[chosen]],
        last=leaps.at[number[chosen]] + until[chosen],
        leaps=leaps.only(leaves),
        until=leaps.at[which] + _until(number, step, which, np.zeros_like(which)),
        back=back,
    )


def _leaps(moves: Moves, sessions: slice) -> Places:
    """Give the cells of some sessions that leapt away from the prices before them, and from their level."""
    growth = moves.growth[:, sessions]
    chosen = np.zeros(moves.growth.shape, dtype=np.bool_)
    chosen[:, sessions] = (growth > _LEAST_LEAP) | (growth < 1 / _LEAST_LEAP)
    places = Places.where(chosen)
    flat = moves.usable.ravel()
    for step in range(1, _NEAREST + 1):
        way = places.of(moves.usable) / flat[places.at - step]
        up = places.of(moves.growth) > 1
        places = places.only(np.isnan(way) | np.where(up, way > _LEAST_LEAP, way < 1 / _LEAST_LEAP))
    # Most are one wrong price, and followed by a right one.
    has_next = places.sessions + 1 < places.width
    way = np.where(has_next, flat[np.minimum(places.at + 1, len(flat) - 1)], np.nan) / places.of(moves.usable)
    places = places.only(~((way > _LEAST_LEAP) | (way < 1 / _LEAST_LEAP)))
    return _leaving(moves, places)


def _leaving(moves: Moves, places: Places) -> Places:
    """Keep the moves that go away from the level of the sessions before; others return to it."""
    level, _ = median(gather(moves.usable, places, -_LEVEL_SESSIONS, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        gone, size = np.log(places.of(moves.usable) / level), np.log(places.of(moves.growth))
        return places.only((gone * size > 0) & (np.abs(gone) > np.abs(size) / 2))


def _followed(moves: Moves, leaps: Places, is_large: BoolMatrix) -> tuple[Integers, Integers, Places]:
    """Give the cells after leaps that stand where they went, as leap and distance, and those that came back.

    What comes back from a small leap is nothing to tell.
    """
    base = plain_levels(moves, leaps)
    size = np.log(leaps.of(moves.usable) / base)
    is_unit = powers_of_ten(leaps.of(moves.growth)) != 0
    going, nothing = np.arange(len(leaps)), np.zeros(0, dtype=np.int64)
    numbers, steps, back = [nothing], [nothing], [nothing]
    for step, cells in _days_after(moves.usable, leaps):
        going = going[leaps.sessions[going] + step < leaps.width]
        with np.errstate(invalid="ignore", divide="ignore"):
            way = np.log(cells[going] / base[going]) / size[going]
        stands = (way >= _LEAST_WAY) & (way <= _MOST_WAY)
        numbers.append(going[stands])
        steps.append(np.full(np.count_nonzero(stands), step))
        back.append(leaps.at[going[(np.abs(way) < _BACK) & is_large[going]]] + step)
        going = going[(stands | np.isnan(way)) & (is_unit[going] | (step < _OTHER_SESSIONS))]
        if not len(going):
            break
    return np.concatenate(numbers), np.concatenate(steps), Places(np.unique(np.concatenate(back)), leaps.width)


def _days_after(usable: FloatMatrix, leaps: Places) -> Iterator[tuple[int, FloatMatrix]]:
    flat = usable.ravel()
    for step in range(1, LASTING_SESSIONS + 1):
        yield step, flat[np.minimum(leaps.at + step, len(flat) - 1)]


def _until(number: Integers, step: Integers, of: Integers, seen_from: Integers) -> Integers:
    """Give how far from its leap the last cell lies that stands where it went, as far as is looked ahead from a cell.

    Args:
        number: Of the cells that do, the leap.
        step: How far each is from it.
        of: Of the cells from which is looked, the leap.
        seen_from: How far each is from it.

    """
    longest = LASTING_SESSIONS + LASTING_AHEAD + 1
    key = np.sort(number * longest + step)
    found = np.searchsorted(key, of * longest + seen_from + LASTING_AHEAD, side="right") - 1
    if not len(key):
        return np.zeros_like(of)
    near = key[np.maximum(found, 0)]
    return np.where((found >= 0) & (near // longest == of), near % longest, 0)


def is_among(places: Places, others: Places) -> BoolMatrix:
    """Say which of some places are among others."""
    return places.look_up(others, np.ones(len(others), dtype=np.bool_), fill=False)
