"""Writes the messages of many findings at once: numbers of two decimals are looked up, not formatted one by one."""

from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from quality.panel.grid import FloatMatrix

# Hundredths that are kept as texts: from -160 to 650. What lies beyond is formatted on its own.
_LEAST, _MOST = -(1 << 14), 1 << 16
# A table grows by steps of so many.
_STEP = 1 << 12


@dataclass
class TwoDecimals:
    """Texts with one number of two decimals in them, exactly as Python's `f"{before}{number:.2f}{after}"`.

    The nearest hundredth of a number is known from the number times 100, unless that seems to lie exactly between two:
    it is rounded itself, and only there can it mislead. Those numbers are few, and are rounded one by one.

    Attributes:
        before: The text before the number.
        after: The text after it.

    """

    before: str
    after: str
    _texts: pa.Array = field(default_factory=lambda: pa.array([], pa.string()))
    _first: int = 0
    _growing: Lock = field(default_factory=Lock)

    def of(self, values: FloatMatrix, factor: float = 1.0) -> pa.DictionaryArray:
        """Give the text of each value times a factor; NaN and infinities have theirs."""
        with np.errstate(over="ignore", invalid="ignore"):
            numbers = values * factor
            scaled = numbers * 100
            hundredths = np.rint(scaled)
            between = np.flatnonzero(np.abs(scaled - np.trunc(scaled)) == 0.5)  # noqa: PLR2004 - half a hundredth
            hundredths[between] = [int(f"{number:.2f}".replace(".", "")) for number in numbers[between].tolist()]
            # Zero has two texts, 0.00 and -0.00.
            is_plain = (hundredths >= _LEAST) & (hundredths < _MOST) & ((hundredths != 0) | ~np.signbit(numbers))
        texts, codes = self._looked_up(hundredths[is_plain].astype(np.int64))
        if not is_plain.all():
            # None of the others is in the table, but two of them may have one text.
            formatted = [f"{self.before}{number:.2f}{self.after}" for number in numbers[~is_plain].tolist()]
            own = pa.array(formatted, pa.string()).dictionary_encode()
            all_codes = np.empty(len(numbers), dtype=np.int32)
            all_codes[is_plain] = codes
            all_codes[~is_plain] = own.indices.to_numpy() + np.int32(len(texts))
            texts, codes = pa.concat_arrays([texts, own.dictionary]), all_codes
        return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), texts, safe=False)

    def _looked_up(self, hundredths: npt.NDArray[np.int64]) -> tuple[pa.Array, npt.NDArray[np.int32]]:
        """Give the texts that are needed, and which of them each number has."""
        if not len(hundredths):
            return pa.array([], pa.string()), np.empty(0, dtype=np.int32)
        texts, first = self._table(int(np.min(hundredths)), int(np.max(hundredths)))
        is_used = np.zeros(len(texts), dtype=np.bool_)
        is_used[hundredths - first] = True
        places = np.cumsum(is_used, dtype=np.int32) - np.int32(1)
        return texts.take(pa.array(np.flatnonzero(is_used))), places[hundredths - first]

    def _table(self, least: int, most: int) -> tuple[pa.Array, int]:
        with self._growing:
            if least < self._first or most >= self._first + len(self._texts):
                begin = min(self._first, least // _STEP * _STEP)
                end = max(self._first + len(self._texts), (most // _STEP + 1) * _STEP)
                self._texts, self._first = _hundredths(begin, end, self.before, self.after), begin
            return self._texts, self._first


@lru_cache(maxsize=256)
def two_decimals(before: str, after: str) -> TwoDecimals:
    """Give the texts of a message, the same ones each time."""
    return TwoDecimals(before, after)


def _hundredths(begin: int, end: int, before: str, after: str) -> pa.Array:
    """Write a range of hundredths, one after the other."""
    numbers = np.arange(begin, end)
    whole, part = np.divmod(np.abs(numbers), 100)
    sign = pa.array([before, f"{before}-"]).take(pa.array((numbers < 0).astype(np.int8)))
    parts = pc.utf8_lpad(pc.cast(pa.array(part), pa.string()), 2, "0")
    return pc.binary_join_element_wise(sign, pc.cast(pa.array(whole), pa.string()), ".", parts, after, "")
