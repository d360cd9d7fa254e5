"""The kinds of realistic faults: what vendors and feeds do to prices, one ticker at a time."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from quality.panel.grid import FloatMatrix

_SPIKES = ("price_spike", "price_drop", "unit_error", "spike_in_hindsight", "drop_in_hindsight", "spike_reverted")
_UNITS = ("unit_error", "block_error", "price_spike", "price_drop", "vendor_incident")
_BLOCKS = ("block_error", "unit_error", "price_spike", "price_drop", "spike_reverted", "likely_split")
_STALE = ("frozen_price", "frozen_in_hindsight", "frozen_run", "stale_day")

Generator = np.random.Generator


@dataclass(frozen=True)
class Stretch:
    """What a fault made of a stretch of prices.

    Attributes:
        values: The new prices, NaN for none.
        factor: How many times too high they are, NaN where that is no single number.
        has_rows: False where even the rows are gone.

    """

    values: FloatMatrix
    factor: float = float("nan")
    has_rows: bool = True


@dataclass(frozen=True)
class Kind:
    """A kind of fault.

    Attributes:
        name: As the truth names it.
        sessions: How long it lasts, at least and at most.
        apply: Makes it, from the prices of the stretch, the price before it, and a generator.
        rules: The rules that name it right.
        returns: Whether the level returns after it: then it has a factor, a beginning and an end.

    """

    name: str
    sessions: tuple[int, int]
    apply: Callable[[FloatMatrix, float, Generator], Stretch]
    rules: tuple[str, ...]
    returns: bool = False


def _times(*factors: float) -> Callable[[FloatMatrix, float, Generator], Stretch]:
    def apply(prices: FloatMatrix, _before: float, generator: Generator) -> Stretch:
        factor = float(generator.choice(factors))
        return Stretch(prices * factor, factor)

    return apply


def _off_by(least: float, most: float) -> Callable[[FloatMatrix, float, Generator], Stretch]:
    def apply(prices: FloatMatrix, _before: float, generator: Generator) -> Stretch:
        factor = 1 + generator.uniform(least, most) * generator.choice([-1, 1])
        return Stretch(prices * factor, factor)

    return apply


def _large(prices: FloatMatrix, _before: float, generator: Generator) -> Stretch:
    up, size = generator.random() < 0.5, generator.uniform(1.5, 3)  # noqa: PLR2004 - a coin
    factor = size if up else 1 / size
    return Stretch(prices * factor, factor)


def _sign(prices: FloatMatrix, _before: float, _generator: Generator) -> Stretch:
    return Stretch(-prices, -1)


def _zero(prices: FloatMatrix, _before: float, _generator: Generator) -> Stretch:
    return Stretch(np.zeros_like(prices), 0)


def _null(prices: FloatMatrix, _before: float, _generator: Generator) -> Stretch:
    return Stretch(np.full_like(prices, np.nan))


def _no_row(prices: FloatMatrix, _before: float, _generator: Generator) -> Stretch:
    return Stretch(np.full_like(prices, np.nan), has_rows=False)


def _stale(prices: FloatMatrix, before: float, _generator: Generator) -> Stretch:
    return Stretch(np.full_like(prices, before))


def _rounded(prices: FloatMatrix, before: float, _generator: Generator) -> Stretch:
    """Keep three digits: integers of prices from a hundred on."""
    decimals = int(np.clip(2 - np.floor(np.log10(max(abs(before), 1e-6))), 0, 8))
    return Stretch(np.asarray(np.round(prices, decimals), dtype=np.float64))


def _yesterdays(prices: FloatMatrix, before: float, _generator: Generator) -> Stretch:
    return Stretch(np.concatenate([[before], prices[:-1]]))


def _drift(prices: FloatMatrix, _before: float, _generator: Generator) -> Stretch:
    return Stretch(prices * 1.01 ** np.arange(1, len(prices) + 1))


KINDS = (
    Kind("spike_50", (1, 1), _large, _SPIKES),
    Kind("spike_10_20", (1, 1), _off_by(0.1, 0.2), _SPIKES),
    Kind("spike_3_8", (1, 1), _off_by(0.03, 0.08), _SPIKES),
    Kind("sign_flip", (1, 1), _sign, ("negative_price",)),
    Kind("zero", (1, 1), _zero, ("zero_price",)),
    Kind("null", (1, 1), _null, ("missing_price",)),
    Kind("no_row", (1, 1), _no_row, ("missing_ticker",)),
    Kind("unit_day", (1, 1), _times(10, 100, 0.01), _UNITS),
    Kind("unit_stretch", (2, 15), _times(100, 0.01, 10), ("block_error",), returns=True),
    Kind("scale_20", (3, 15), _times(0.8, 1.25), _BLOCKS, returns=True),
    Kind("scale_10", (3, 15), _times(1.1, 0.9), _BLOCKS, returns=True),
    Kind("split_mix", (3, 15), _times(0.5, 1 / 3, 2, 0.1), _BLOCKS, returns=True),
    Kind("stale_run", (2, 10), _stale, _STALE),
    Kind("rounded", (8, 20), _rounded, ("rounded_prices",)),
    Kind("off_by_one", (10, 20), _yesterdays, ()),
    Kind("drift", (10, 20), _drift, ()),
)
# Faults that a single stretch of one ticker does not hold; `inject` makes them.
SWAPS = {"swap_day": (1, 1), "swap_month": (15, 21)}
SWAP_RULES = ("swapped_tickers",)
SPLITS = {"split_2": 2.0, "split_3_2": 1.5, "split_10": 10.0}
SPLIT_RULES = ("likely_split", "price_drop", "unit_error")
