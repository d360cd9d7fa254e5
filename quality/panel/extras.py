"""The optional columns of a panel: numbers beside the price, which corroborate it where a panel has them."""

from collections.abc import Iterable

VOLUME, ADJUSTED_CLOSE = "volume", "adjusted_close"
# In the order in which files hold them, after date, ticker and price; each is a number, null where there is none.
EXTRAS = (VOLUME, ADJUSTED_CLOSE)


def extras_among(names: Iterable[str]) -> tuple[str, ...]:
    """Give those of some columns that are optional ones of a panel, in their order."""
    present = set(names)
    return tuple(name for name in EXTRAS if name in present)
