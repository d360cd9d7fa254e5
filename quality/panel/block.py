"""A year of a synthetic panel, sessions by tickers, and its rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from quality.panel.grid import BoolMatrix, Days, FloatMatrix, Integers
from quality.panel.partitions import ROWS_A_GROUP

_TICKER = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True)
class Block:
    """Consecutive sessions of a panel as a matrix.

    Attributes:
        sessions: `datetime64[D]`, ascending.
        prices: float64, sessions by tickers, NaN where there is no price.
        absent: bool, sessions by tickers, true where there is no row at all.

    """

    sessions: Days
    prices: FloatMatrix
    absent: BoolMatrix


def to_table(block: Block, tickers: Sequence[str]) -> pa.Table:
    """Turn a block into rows sorted by ticker and date; absent cells have no row, NaN becomes null.

    Columns are date (date32), ticker (codes of texts) and price (float64), which files hold as date, text and number.
    """
    order = sorted(range(len(tickers)), key=tickers.__getitem__)
    prices, absent = block.prices.T, block.absent.T
    if order != list(range(len(tickers))):
        prices, absent = prices[order], absent[order]
    days = block.sessions.astype(np.int32)
    if absent.any():
        present = ~absent
        days, values = np.broadcast_to(days, present.shape)[present], prices[present]
        rows = np.count_nonzero(present, axis=1)
    else:
        days, values = np.tile(days, len(order)), prices.reshape(-1)
        rows = np.full(len(order), len(block.sessions))
    names = [tickers[number] for number, count in zip(order, rows.tolist(), strict=True) if count]
    return pa.table(
        {
            "date": pa.Array.from_buffers(pa.date32(), len(days), [None, pa.py_buffer(days)]),
            "ticker": pa.chunked_array(_coded(names, rows[rows > 0]), _TICKER),
            "price": _priced(values),
        }
    )


def _coded(names: Sequence[str], rows: Integers) -> Iterator[pa.DictionaryArray]:
    """Give the ticker of each row as codes, a piece a row group: each lists the names of its own rows and no others."""
    codes = np.repeat(np.arange(len(names), dtype=np.int32), rows)
    for start in range(0, len(codes), ROWS_A_GROUP):
        piece = codes[start : start + ROWS_A_GROUP]
        first, last = int(piece[0]), int(piece[-1])
        numbers = pa.Array.from_buffers(pa.int32(), len(piece), [None, pa.py_buffer(piece - first)])
        yield pa.DictionaryArray.from_arrays(numbers, _texts(names[first : last + 1]))


def _texts(names: Sequence[str]) -> pa.StringArray:
    """Lay texts out by hand: `pa.array` would do so too, but imports all of pandas first."""
    encoded = [name.encode() for name in names]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    return pa.StringArray.from_buffers(len(encoded), pa.py_buffer(ends), pa.py_buffer(b"".join(encoded)))


def _priced(values: npt.NDArray[np.float64]) -> pa.Array:
    is_empty = np.isnan(values)
    bits = np.packbits(~is_empty, bitorder="little") if is_empty.any() else None
    validity = None if bits is None else pa.py_buffer(bits)
    return pa.Array.from_buffers(pa.float64(), len(values), [validity, pa.py_buffer(values)])
