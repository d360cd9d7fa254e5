"""What corroborates some cells: volume tells stale rows, an adjusted close and listed corporate actions tell splits.

Only the cells that rules may speak of are looked at, and a panel without any of it costs nothing.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from quality.evaluation.robust.actions import Listed
from quality.evaluation.robust.moves import PREVIOUS_SESSIONS, Moves
from quality.evaluation.robust.windows import Places
from quality.panel.actions import ratio_text
from quality.panel.extras import ADJUSTED_CLOSE, VOLUME
from quality.panel.grid import BoolMatrix, FloatMatrix, Grid, Integers

# Rows that come again are counted for so many sessions.
SAME_ROWS = 20
# Who has not traded for so many sessions, this one included, is no ticker that volumes are kept of.
TRADED_SESSIONS = 60
# Ratios of splits, as shares before them: 3:2 is one of two, and no split of more than this is one of three to five.
_SHARES_BEFORE, _MOST_OF_TWO, _MOST_OF_MORE = (1, 2, 3, 4, 5), 4.0, 2.0
# A smaller factor is a dividend, a larger one rather another unit.
_LEAST_FACTOR, _MOST_FACTOR = 1.15, 99.0
# How near to a ratio a factor must be: a dividend of the same day makes a small difference.
_NEAR = 0.008
# How far from the factor, as a logarithm, the move may be, and the price from what was expected.
_MOST_MOVE, _MOST_UNREST = 0.3, 0.35
_NOTHING: Mapping[str, pa.DataType] = {
    "volume": pa.float64(),
    "volume_before": pa.float64(),
    "same_rows": pa.int64(),
    "chance_of_same_row": pa.float64(),
    "adjusted_factor": pa.float64(),
    "confirmed_split": pa.string(),
    "action_ratio": pa.string(),
    "action_date": pa.date32(),
    "action_shows": pa.bool_(),
    "action_before": pa.float64(),
}


def corroborate(
    grid: Grid, moves: Moves, listed: Listed, places: Places, cells: Mapping[str, npt.NDArray[Any]]
) -> Mapping[str, pa.Array]:
    """Give the metrics that come from optional columns and listed actions, null where they say nothing.

    A panel without either has none of them.

    - `volume`: what was traded; none if it is below zero, or nothing was in the last `TRADED_SESSIONS` sessions.
    - `volume_before`: what was traded on the session of the previous price.
    - `same_rows`: for how many sessions, this one included, price and volume have been those of the session before.
    - `chance_of_same_row`: the chance that nature repeats both; null where they are not repeated.
    - `adjusted_factor`: by what share of it the price moved more than the adjusted close did: 0.5 where a share was
      split in two, 1 where nothing happened to it.
    - `confirmed_split`: the ratio, as in 2:1, where the price moved by it and the adjusted close did not.
    - `action_ratio`, `action_date`: of the corporate action that is listed and shows here, or is known here not to.
    - `action_shows`: whether it does; `action_before`: the last price before it.

    Args:
        grid: The grid, with its margins.
        moves: Its moves.
        listed: Its listed corporate actions.
        places: The cells.
        cells: What is known of them: price, expected, own_move, chance_of_repeat.

    """
    if not grid.extras and not len(grid.actions):
        return {}
    found = {name: pa.nulls(len(places), kind) for name, kind in _NOTHING.items()}
    found.update(_of_actions(grid, listed, places))
    if not grid.extras:
        return found
    before = _previous_places(moves, places)
    if VOLUME in grid.extras:
        found.update(_of_volume(grid.extras[VOLUME], moves, places, before, cells["chance_of_repeat"]))
    if ADJUSTED_CLOSE in grid.extras:
        found.update(_of_adjusted(grid, places, before, cells))
    return found


def _of_actions(grid: Grid, listed: Listed, places: Places) -> Iterator[tuple[str, pa.Array]]:
    actions = grid.actions
    number = places.look_up(listed.places, listed.number, -1)
    texts = [ratio_text(ratio) for ratio in actions.ratios.tolist()]
    yield "action_ratio", pa.array([texts[one] if one >= 0 else None for one in number.tolist()], pa.string())
    dates = np.append(actions.dates, np.datetime64("NaT", "D"))
    yield "action_date", pa.array(dates[number], pa.date32())
    shows = places.look_up(listed.places, listed.shows, fill=False)
    yield "action_shows", pa.array(shows, mask=number < 0)
    yield "action_before", _known(places.look_up(listed.places, listed.before, np.nan), number >= 0)


def _of_volume(
    volumes: FloatMatrix, moves: Moves, places: Places, before: Integers, chance_of_repeat: FloatMatrix
) -> Iterator[tuple[str, pa.Array]]:
    volume = places.of(volumes)
    same_rows = _same_rows(moves, volumes, places)
    yield "volume", _known(volume, (volume >= 0) & _are_traded(volumes, places))
    volume_before = _of(volumes, before)
    yield "volume_before", _known(volume_before, volume_before >= 0)
    yield "same_rows", pa.array(same_rows)
    yield "chance_of_same_row", _known(chance_of_repeat / _volumes_like(volume), same_rows > 0)


def _are_traded(volumes: FloatMatrix, places: Places) -> BoolMatrix:
    """Say which cells' tickers traded lately: of an index or a rate, whose volume is always 0, it says nothing."""
    sessions = np.arange(volumes.shape[1])
    last = np.where(volumes > 0, sessions, -TRADED_SESSIONS)
    np.maximum.accumulate(last, axis=1, out=last)
    return np.asarray(places.sessions - places.of(last) < TRADED_SESSIONS)


def _same_rows(moves: Moves, volumes: FloatMatrix, places: Places) -> Integers:
    growth, flat = moves.growth.ravel(), volumes.ravel()
    count = np.zeros(len(places), dtype=np.int64)
    going = np.arange(len(places))
    for step in range(SAME_ROWS):
        at = places.at[going] - step
        going = going[(growth[at] == 1) & (flat[at] > 0) & (flat[at] == flat[at - 1])]
        if not len(going):
            break
        count[going] += 1
    return count


def _volumes_like(volume: FloatMatrix) -> FloatMatrix:
    """Count the volumes with as many digits as each, zeros at the end left out: 16,900 is one of some 170."""
    lots = np.where(np.isfinite(volume) & (volume > 0), volume, 1.0)
    is_round = lots == np.rint(lots)
    while is_round.any():
        is_round &= lots % 10 == 0
        lots = np.where(is_round, lots / 10, lots)
    # Parts of shares and coins have as many digits as anyone writes.
    return np.where(lots == np.rint(lots), np.maximum(lots, 1), 1e6)


def _of_adjusted(
    grid: Grid, places: Places, before: Integers, cells: Mapping[str, npt.NDArray[Any]]
) -> Iterator[tuple[str, pa.Array]]:
    prices, adjusted = grid.prices, grid.extras[ADJUSTED_CLOSE]
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        price, price_before = places.of(prices), _of(prices, before)
        close, close_before = places.of(adjusted), _of(adjusted, before)
        factor = (price / price_before) / (close / close_before)
        # What equals the price on both days knows of no split, or was never adjusted for one: it says nothing.
        is_known = np.isfinite(factor) & (factor > 0) & ((close != price) | (close_before != price_before))
        yield "adjusted_factor", _known(factor, is_known)
        size = np.maximum(factor, 1 / factor)
        fits = is_known & (size > _LEAST_FACTOR) & (size < _MOST_FACTOR)
        fits &= np.abs(np.log((1 + cells["own_move"]) / factor)) < _MOST_MOVE
        fits &= np.abs(np.log(cells["price"] / cells["expected"] / factor)) < _MOST_UNREST
    yield "confirmed_split", pa.array(_ratios(factor, size, fits), pa.string())


def _ratios(factor: FloatMatrix, size: FloatMatrix, fits: BoolMatrix) -> list[str | None]:
    """Give the ratio of each factor that is one of a split, as shares after it to shares before it."""
    found: list[str | None] = [None] * len(factor)
    for at in np.flatnonzero(fits).tolist():
        if shares := split_shares(float(size[at])):
            after, before = shares if factor[at] < 1 else shares[::-1]
            found[at] = f"{after}:{before}"
    return found


def split_shares(size: float) -> tuple[int, int] | None:
    """Give the simplest ratio of shares that a factor above 1 is near to; None for none."""
    for before in _SHARES_BEFORE:
        after = round(before * size)
        most = {1: np.inf, 2: _MOST_OF_TWO}.get(before, _MOST_OF_MORE)
        if size < most and after > before and abs(before * size / after - 1) <= _NEAR:
            return after, before
    return None


def _previous_places(moves: Moves, places: Places) -> Integers:
    """Give where the last usable price before each cell lies, -1 where the last ten sessions hold none."""
    values = moves.usable.ravel()
    before = places.at - 1
    holes = np.flatnonzero(np.isnan(values[before]))
    for step in range(2, PREVIOUS_SESSIONS + 1):
        before[holes] = places.at[holes] - step
        holes = holes[np.isnan(values[before[holes]])]
    before[holes] = -1
    return before


def _of(matrix: FloatMatrix, at: Integers) -> FloatMatrix:
    return np.where(at >= 0, matrix.ravel()[at], np.nan)


def _known(values: FloatMatrix, is_known: BoolMatrix) -> pa.Array:
    return pa.array(np.where(is_known & np.isfinite(values), values, np.nan), from_pandas=True)
