"""Finds stretches of prices that left their level by one jump and came back to it by another: blocks.

A price that jumps away and back within a month, by the same factor, had been wrong, or of another unit, share class or
currency, all the while: markets do not give back a jump to within a tenth of it. One session alone is a spike, and
none of this module's business.
"""

from dataclasses import dataclass

import numpy as np

from quality.evaluation.robust.jumps import Jumps
from quality.evaluation.robust.moves import Moves
from quality.evaluation.robust.volatility import Volatility
from quality.evaluation.robust.windows import Places, gather, median
from quality.panel.grid import BoolMatrix, FloatMatrix, Integers

# A block returns within so many sessions; before it, the level was that of as many.
BLOCK_SESSIONS = 25
# A jump counts if it is so many times the ticker's volatility, or this large where that is not known yet.
_LEAST_SIGMAS, _LEAST_UNKNOWN = 5.5, np.log(1.5)
# What the way back may lack of the way there: so many volatilities or a share of it, but never more than another share.
_SIGMAS_OFF, _SHARE_OFF, _MOST_OFF = 3.5, 0.1, 0.3
# How far prices stray within a block, with the market or without it, as a share of the jump: so many volatilities of a
# walk, at least, at most. All of them stay away from the level before by as much of the jump as this.
_SIGMAS_STRAYED, _LEAST_STRAYED, _MOST_STRAYED, _LEAST_AWAY = 4, 0.2, 0.75, 0.25
# A block is not told from chance after a month with more jumps than these that are larger than this.
_LARGE_JUMP, _MOST_LARGE = 0.1, 6
# Factors that vendors and feeds are off by, and how near, as a logarithm, an estimate must be to count as one of them.
_PLAIN = np.array([*(10.0**power for power in (-3, -2, -1, 1, 2, 3)), *range(2, 10), *(1 / n for n in range(2, 10))])
_NEAR_SIGMAS, _NEAR_LEAST, _NEAR_MOST = 2.0, 0.01, 0.05


@dataclass(frozen=True)
class Blocks:
    """Some blocks, by ticker, then session.

    Attributes:
        start: Their first cells.
        length: How many sessions each lasts; it returned on the one after.
        factor: How many times too high its prices are.

    """

    start: Places
    length: Integers
    factor: FloatMatrix

    def __len__(self) -> int:
        return len(self.length)

    @property
    def back(self) -> Places:
        """The cells on which the level was back."""
        return Places(self.start.at + self.length, self.start.width)

    def cells(self) -> tuple[Places, Integers]:
        """Give every cell of every block, and which block it belongs to."""
        block = np.repeat(np.arange(len(self)), self.length)
        offset = np.arange(len(block)) - np.repeat(np.cumsum(self.length) - self.length, self.length)
        return Places(self.start.at[block] + offset, self.start.width), block


def measure_blocks(moves: Moves, jumps: Jumps, volatilities: Volatility) -> tuple[Blocks, Blocks]:
    """Pair the jumps that leave a level with those that return to it, as is seen in the end, and on the day of return.

    A jump that is undone on the very next session is a spike, and neither leaves nor returns. Of the others, a jump
    from a price that was at its level is paired with the first one that undoes it, if there is no nearer one for that.
    On the day of return nobody knows whether the next session will undo that jump.
    """
    undone, undoes = _spikes(jumps)
    kept = ~undoes
    kept[kept] = _has_partner(jumps.only(kept))
    exceeds, volatility = volatilities.exceeded(jumps.places.only(kept), jumps.size[kept], _LEAST_SIGMAS)
    exceeds[exceeds] = known = (volatility > 0) | (np.abs(jumps.size[kept][exceeds]) > _LEAST_UNKNOWN)
    volatility = volatility[known]
    kept[kept] = exceeds
    may_return, is_lone = jumps.only(kept), ~undone[kept]
    leaves = is_lone & _was_at_its_level(moves, may_return) & _was_quiet(jumps, may_return.places)
    most_off = np.maximum(_SIGMAS_OFF * volatility, _SHARE_OFF * np.abs(may_return.size))
    most_off = np.minimum(most_off, _MOST_OFF * np.abs(may_return.size))
    partner, origin = _nearest(may_return, leaves, is_lone, most_off)
    back = np.flatnonzero(origin >= 0)
    first = partner[origin[back]]
    back = back[(first < 0) | (first >= back)]
    back = back[_stays_away(moves, may_return, volatility, origin[back], back)]
    in_the_end, on_the_day = back[partner[origin[back]] == back], back
    return (
        _blocks(may_return, origin[in_the_end], in_the_end, volatility),
        _blocks(may_return, origin[on_the_day], on_the_day, volatility),
    )


def _stays_away(moves: Moves, jumps: Jumps, volatility: FloatMatrix, there: Integers, back: Integers) -> BoolMatrix:
    """Say between which jumps every price is at the level of the first, as far as the ticker's volatility lets it."""
    places = Places(jumps.places.at[there], jumps.places.width)
    length = jumps.places.at[back] - places.at
    month = gather(moves.usable, Places(jumps.places.at[back], places.width), -BLOCK_SESSIONS, -1)
    before = places.of(moves.usable) / places.of(moves.growth)
    inside = np.arange(-BLOCK_SESSIONS, 0) >= -length[:, np.newaxis]
    sessions = jumps.places.sessions[back][:, np.newaxis] + np.arange(-BLOCK_SESSIONS, 0)
    market = np.cumsum(np.where(inside, np.log(moves.market[sessions]), 0), axis=1)
    with np.errstate(invalid="ignore"):
        way = np.log(month / before[:, np.newaxis]) / jumps.size[there][:, np.newaxis]
        off = np.minimum(np.abs(way - 1), np.abs(way - market / jumps.size[there][:, np.newaxis] - 1))
    strays = _SIGMAS_STRAYED * volatility[there] * np.sqrt(length) / np.abs(jumps.size[there])
    near = (off <= np.clip(strays, _LEAST_STRAYED, _MOST_STRAYED)[:, np.newaxis]) & (way >= _LEAST_AWAY)
    return np.asarray((near | np.isnan(way) | ~inside).all(axis=1))


def _blocks(jumps: Jumps, there: Integers, back: Integers, volatility: FloatMatrix) -> Blocks:
    order = np.argsort(there, kind="stable")
    there, back = there[order], back[order]
    factor = _plain(np.exp((jumps.size[there] - jumps.size[back]) / 2), volatility[there])
    at = jumps.places.at
    return Blocks(Places(at[there], jumps.places.width), at[back] - at[there], factor)


def _spikes(jumps: Jumps) -> tuple[BoolMatrix, BoolMatrix]:
    """Say which jumps the next session's undoes, and which undo the one of the session before."""
    at, size = jumps.places.at, jumps.size
    follows = np.diff(at) == 1  # a ticker's first session has no previous price, so no jump
    pairs = follows & (np.abs(size[1:] + size[:-1]) <= _MOST_OFF * np.minimum(np.abs(size[1:]), np.abs(size[:-1])))
    undone, undoes = np.zeros((2, len(jumps)), dtype=np.bool_)
    undone[:-1], undoes[1:] = pairs, pairs
    return undone, undoes


def _pairs_apart(jumps: Jumps, apart: int) -> tuple[Integers, Integers]:
    """Give the positions of jumps that are so many jumps apart, of one ticker and within a block's length."""
    at, width = jumps.places.at, jumps.places.width
    there = np.arange(max(len(jumps) - apart, 0))
    back = there + apart
    near = (at[back] - at[there] <= BLOCK_SESSIONS) & (at[back] // width == at[there] // width)
    return there[near], back[near]


def _has_partner(jumps: Jumps) -> BoolMatrix:
    """Say which jumps might be undone, or undo one, so that only those need a closer look."""
    has = np.zeros(len(jumps), dtype=np.bool_)
    for apart in range(1, BLOCK_SESSIONS + 1):
        there, back = _pairs_apart(jumps, apart)
        if not len(there):
            break
        matches = np.abs(jumps.size[there] + jumps.size[back]) <= _MOST_OFF * np.abs(jumps.size[there])
        has[there[matches]] = has[back[matches]] = True
    return has


def _was_at_its_level(moves: Moves, jumps: Jumps) -> BoolMatrix:
    """Say which jumps set out from the level of the month before: those that return to it do not."""
    month = gather(moves.usable, jumps.places, -BLOCK_SESSIONS, -1)
    before = jumps.places.of(moves.usable) / jumps.places.of(moves.growth)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.abs(np.log(before / median(month)[0])) < np.abs(jumps.size) / 2)


def _was_quiet(jumps: Jumps, places: Places) -> BoolMatrix:
    """Say before which cells the month held few large jumps: among many, some undo each other by chance."""
    large = jumps.places.at[np.abs(jumps.size) > _LARGE_JUMP]
    count = np.searchsorted(large, places.at) - np.searchsorted(large, places.at - BLOCK_SESSIONS)
    return np.asarray(count <= _MOST_LARGE)


def _nearest(jumps: Jumps, leaves: BoolMatrix, is_lone: BoolMatrix, most_off: FloatMatrix) -> tuple[Integers, Integers]:
    """Give, by jump, the first lone one after it that undoes it, and the nearest one before it that it undoes."""
    partner, origin = np.full(len(jumps), -1), np.full(len(jumps), -1)
    for apart in range(1, BLOCK_SESSIONS + 1):
        there, back = _pairs_apart(jumps, apart)
        if not len(there):
            break
        matches = leaves[there] & (np.abs(jumps.size[there] + jumps.size[back]) <= most_off[there])
        there, back = there[matches], back[matches]
        free_there, free_back = (partner[there] < 0) & is_lone[back], origin[back] < 0
        partner[there[free_there]] = back[free_there]
        origin[back[free_back]] = there[free_back]
    return partner, origin


def _plain(factor: FloatMatrix, volatility: FloatMatrix) -> FloatMatrix:
    """Give a factor that is near to a plain one as that one: the day's own move is in the estimate, too."""
    off = np.abs(np.log(factor)[:, np.newaxis] - np.log(_PLAIN))
    nearest = off.argmin(axis=1)
    near = off.min(axis=1) <= np.clip(_NEAR_SIGMAS * volatility, _NEAR_LEAST, _NEAR_MOST)
    return np.where(near, _PLAIN[nearest], factor)
