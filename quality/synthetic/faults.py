"""Injects faults into a panel, one after the other as the notebook did, and logs the truth."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from quality.errors import UsageError
from quality.panel.block import Block
from quality.panel.grid import BoolMatrix, Days, FloatMatrix
from quality.panel.rounding import round_to_cents
from quality.synthetic.market import check_seed

WEIGHTS = {
    "price_spike": 0.25,
    "price_drop": 0.25,
    "missing_value": 0.15,
    "duplicate_value": 0.15,
    "zero_price": 0.10,
    "negative_price": 0.05,
    "missing_ticker": 0.05,
}
KINDS = tuple(WEIGHTS)
SPIKE, DROP, MISSING_VALUE, DUPLICATE, ZERO, NEGATIVE, MISSING_TICKER = range(len(KINDS))
# What was already worked out for the session before a block.
_KNOWN = len(KINDS)
_SPIKE_FACTORS = (1.5, 6.0)
_DROP_FACTORS = (0.1, 0.7)

Integers = npt.NDArray[np.int64]


@dataclass
class Faults:
    """All faults of a panel in the order of injection, each array of length n.

    Attributes:
        session: Position of the session hit.
        stock: Position of the ticker hit.
        kind: Index into `KINDS`.
        factor: What a spike or drop multiplies by, NaN for other kinds.
        original: The cell's value when its fault came, unrounded, NaN for none; filled by `faulty_blocks`.
        new: The value after it, likewise.
        vanished: Whether the cell had no row after it, likewise.

    """

    session: Integers
    stock: Integers
    kind: Integers
    factor: FloatMatrix
    original: FloatMatrix
    new: FloatMatrix
    vanished: BoolMatrix


def draw_faults(sessions: int, stocks: int, rate: float = 0.05, seed: int = 42) -> Faults:
    """Draw where faults strike and of what kind, from one `RandomState(seed)`.

    Args:
        sessions: Number of sessions of the panel.
        stocks: Number of its tickers.
        rate: Faults per cell, from 0 to 1.
        seed: Seed of NumPy's legacy generator.

    Raises:
        UsageError: `rate` or `seed` is out of range.

    """
    if not 0 <= rate <= 1:
        raise UsageError(f"--rate must be from 0 to 1: {rate}")
    check_seed(seed)
    generator = np.random.RandomState(seed)  # not default_rng: the contract is the legacy stream
    count = int(sessions * stocks * rate)
    session = generator.choice(sessions, count)
    stock = generator.choice(stocks, count)
    kind = generator.choice(len(KINDS), count, p=list(WEIGHTS.values()))
    scaled = (kind == SPIKE) | (kind == DROP)
    low, high = np.where(kind[scaled, np.newaxis] == SPIKE, _SPIKE_FACTORS, _DROP_FACTORS).T
    factor = np.full(count, np.nan)
    factor[scaled] = generator.uniform(low, high)
    return Faults(
        session=session,
        stock=stock,
        kind=kind,
        factor=factor,
        original=np.full(count, np.nan),
        new=np.full(count, np.nan),
        vanished=np.zeros(count, dtype=np.bool_),
    )


def faulty_blocks(blocks: Iterable[Block], faults: Faults) -> Iterator[Block]:
    """Apply the faults to consecutive blocks of a clean panel, and note in `faults` what each did.

    Yields:
        Each block with its faults, rounded to cents. Memory holds one block and the faults.

    """
    by_session = np.argsort(faults.session)
    sorted_sessions = faults.session[by_session]
    before: Block | None = None
    stop = 0
    for block in blocks:
        state = _stack([block] if before is None else [before, block])
        before = Block(state.sessions[-1:], state.prices[-1:].copy(), state.absent[-1:].copy())
        known = len(state.sessions) - len(block.sessions)
        start, stop = stop - known, stop + len(block.sessions)
        chosen = np.sort(by_session[slice(*np.searchsorted(sorted_sessions, (start, stop)))])
        _apply(state, faults, chosen, first_session=start, known=known)
        yield Block(block.sessions, round_to_cents(state.prices[known:]), state.absent[known:])


def truth_frame(faults: Faults, sessions: Days, tickers: Sequence[str]) -> pl.DataFrame:
    """Give the log of the truth: date, ticker, anomaly_type, original_value, new_value, as injected."""
    return pl.DataFrame(
        {
            "date": sessions[faults.session],
            "ticker": pl.Series(tickers, dtype=pl.String).gather(faults.stock),
            "anomaly_type": pl.Series(KINDS, dtype=pl.String).gather(faults.kind),
            "original_value": faults.original,
            "new_value": faults.new,
        },
        nan_to_null=True,
    )


def _stack(blocks: Sequence[Block]) -> Block:
    """Copy blocks into one, in C order."""
    shape = sum(len(block.sessions) for block in blocks), blocks[0].prices.shape[1]
    return Block(
        np.concatenate([block.sessions for block in blocks]),
        np.concatenate([block.prices for block in blocks], out=np.empty(shape)),
        np.concatenate([block.absent for block in blocks], out=np.empty(shape, dtype=np.bool_)),
    )


def _apply(state: Block, faults: Faults, chosen: Integers, *, first_session: int, known: int) -> None:
    """Apply the chosen faults in their order, in place; those of the first `known` sessions repeat what is noted.

    Faults that share no cell cannot disturb each other, so they are applied in rounds: a round takes
    every fault that is the earliest left on each cell it reads or writes. Two or three faults in the
    same place are rare, so there are few rounds, each of whole arrays.
    """
    stocks = state.prices.shape[1]
    row = faults.session[chosen] - first_session
    cell = row * stocks + faults.stock[chosen]
    kind = np.where(row < known, _KNOWN, faults.kind[chosen])
    # Only a duplicate reads another cell; in the panel's first session there is none to read.
    source = np.where((kind == DUPLICATE) & (cell >= stocks), cell - stocks, cell)
    prices, absent = state.prices.reshape(-1), state.absent.reshape(-1)
    earliest = np.empty(prices.size, dtype=np.int64)
    left = np.arange(len(chosen))
    while len(left):
        earliest[cell[left]] = earliest[source[left]] = len(chosen)
        np.minimum.at(earliest, cell[left], left)
        np.minimum.at(earliest, source[left], left)
        ready = (earliest[cell[left]] == left) & (earliest[source[left]] == left)
        now = left[ready]
        _strike(prices, absent, faults, chosen[now], kind=kind[now], cell=cell[now], source=source[now])
        left = left[~ready]


def _strike(
    prices: FloatMatrix,
    absent: BoolMatrix,
    faults: Faults,
    chosen: Integers,
    *,
    kind: Integers,
    cell: Integers,
    source: Integers,
) -> None:
    """Let faults that share no cell change the flat state, and note what they found and left.

    What is known already is noted once more, unchanged.
    """
    value, gone = prices[cell], absent[cell]
    new = np.select(
        [kind == _KNOWN, kind == DUPLICATE, kind == ZERO, kind == NEGATIVE, (kind == SPIKE) | (kind == DROP)],
        [faults.new[chosen], prices[source], 0.0, -value, value * faults.factor[chosen]],
        default=np.nan,
    )
    # No price to scale or turn: a cell without a row stays without one.
    vanished = np.select(
        [kind == _KNOWN, kind == DUPLICATE, kind == MISSING_TICKER, (kind == ZERO) | (kind == MISSING_VALUE)],
        [faults.vanished[chosen], absent[source], True, False],
        default=gone,
    )
    prices[cell], absent[cell] = new, vanished
    faults.original[chosen], faults.new[chosen], faults.vanished[chosen] = value, new, vanished
