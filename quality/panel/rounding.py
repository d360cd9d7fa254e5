"""Rounds prices to cents as `"%.2f"` does: by the exact decimal value, not by scaling."""

import numpy as np

from quality.panel.grid import FloatMatrix

# From here on doubles lie further apart than a cent, so the nearest cent is the number itself.
_COARSER_THAN_CENTS = 2.0**46


def round_to_cents(prices: FloatMatrix) -> FloatMatrix:
    """Round to two decimals exactly as `float(f"{price:.2f}")` would, whole arrays at a time.

    `price * 100` is itself rounded, and that can only mislead where the product seems to lie
    exactly between two cents. Those prices are few, so Python's own formatting decides them.

    Args:
        prices: float64, one dimension or more; NaN and infinities pass through.

    """
    with np.errstate(over="ignore", invalid="ignore"):  # inf - inf, where nothing is to be rounded anyway
        scaled = prices * 100
        seems_tied = np.abs(scaled - np.trunc(scaled)) == 0.5  # noqa: PLR2004 - half a cent
    rounded = np.where(np.abs(prices) < _COARSER_THAN_CENTS, np.rint(scaled) / 100, prices)
    rounded[seems_tied] = [float(f"{price:.2f}") for price in prices[seems_tied]]
    return rounded
