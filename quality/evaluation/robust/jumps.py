"""The jumps of a grid: moves beyond the market that are large, and large for their ticker."""

from dataclasses import dataclass

import numpy as np

from quality.evaluation.robust.moves import Moves, leaps
from quality.evaluation.robust.windows import Places
from quality.panel.grid import BoolMatrix, FloatMatrix

# No smaller move is a jump, however quiet the ticker.
LEAST_JUMP = 0.04
# Of larger ones, the volatility before them is asked for by more than one measure.
LARGE_JUMP = np.log(1.1)


@dataclass(frozen=True)
class Jumps:
    """Some jumps.

    Attributes:
        places: The cells whose price jumped, by ticker, then session.
        size: By jump, the logarithm of the move beyond the market.

    """

    places: Places
    size: FloatMatrix

    def __len__(self) -> int:
        return len(self.size)

    def only(self, kept: BoolMatrix) -> "Jumps":
        """Keep those for which a flag a jump is true."""
        return Jumps(self.places.only(kept), self.size[kept])


def measure_jumps(moves: Moves, sessions: slice) -> Jumps:
    """Find the moves of some sessions that are larger than `LEAST_JUMP`."""
    chosen = np.zeros(moves.growth.shape, dtype=np.bool_)
    chosen[:, sessions] = leaps(moves, sessions, LEAST_JUMP)
    places = Places.where(chosen)
    return Jumps(places, np.log(places.of(moves.growth) / moves.market[places.sessions]))
