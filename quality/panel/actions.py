"""Corporate actions that a file lists: by which ratio a ticker's shares were split, and from when on."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import compress
from typing import Any

import numpy as np
import numpy.typing as npt

from quality.digests import digest_of

# An action shows within a few sessions of its date.
_DAYS_BESIDE = np.timedelta64(5, "D")


@dataclass(frozen=True)
class CorporateActions:
    """Some corporate actions, by ticker, then date.

    Attributes:
        tickers: The ticker of each.
        dates: `datetime64[D]`, the first session on which the price is of the new shares.
        ratios: float64, the new shares for an old one: 2 halves the price.
        name: The file that lists them; "" for none.

    """

    tickers: tuple[str, ...] = ()
    dates: npt.NDArray[np.datetime64] = field(default_factory=lambda: np.empty(0, dtype="datetime64[D]"))
    ratios: npt.NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    name: str = ""

    def __len__(self) -> int:
        return len(self.tickers)

    def only(self, tickers: Iterable[str], first: np.datetime64, last: np.datetime64) -> "CorporateActions":
        """Keep those of some tickers between two dates."""
        if not len(self):
            return self
        known = set(tickers)
        kept = np.fromiter((ticker in known for ticker in self.tickers), np.bool_, len(self))
        return self._where(kept & (self.dates >= first) & (self.dates <= last))

    def about(self, tickers: Iterable[str], first: np.datetime64, last: np.datetime64) -> "CorporateActions":
        """Keep those that may show on some tickers' sessions between two dates, a few days beside them, too."""
        return self.only(tickers, first - _DAYS_BESIDE, last + _DAYS_BESIDE)

    def _where(self, kept: npt.NDArray[np.bool_]) -> "CorporateActions":
        return CorporateActions(
            tuple(compress(self.tickers, kept.tolist())), self.dates[kept], self.ratios[kept], self.name
        )

    def as_dict(self) -> dict[str, Any]:
        """Give what a summary says of them."""
        return {"file": self.name, "listed": len(self), "digest": self.digest}

    @cached_property
    def digest(self) -> str:
        """A digest of what they are, whichever file lists them; "" for none."""
        return digest_of(self.tickers, self.dates.tolist(), self.ratios.tolist()) if len(self) else ""


def ratio_text(ratio: float) -> str:
    """Give a ratio as people write it: 2:1, 3:2, 1:10."""
    for before in (1, 2, 3, 4, 5):
        for shares, text in ((ratio * before, "{0}:{1}"), (before / ratio, "{1}:{0}")):
            if shares >= before and abs(shares - round(shares)) <= 1e-4 * shares:
                return text.format(round(shares), before)
    return f"{ratio:.6g}:1"
