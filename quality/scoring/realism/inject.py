"""Puts realistic faults into a sample and logs the truth about them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from quality.panel.grid import Integers
from quality.scoring.realism.kinds import KINDS, SPLITS, SWAPS, Generator, Kind, Stretch
from quality.scoring.realism.sample import Sample, digits_of, rounded

# Faults of one ticker lie this far apart, so that what is found belongs to one of them.
_APART = 45
# Before the first of them, rules have seen this many sessions.
_FIRST = 70
_TRIES = 60
TRUTH_SCHEMA = {
    "date": pl.Date,
    "ticker": pl.String,
    "anomaly_type": pl.String,
    "original_value": pl.Float64,
    "new_value": pl.Float64,
    "episode": pl.Int64,
    "first_date": pl.Date,
    "last_date": pl.Date,
    "factor": pl.Float64,
    "partner": pl.String,
}


@dataclass
class Injected:
    """A sample with faults, and the truth about them, a row a changed cell (the columns of `TRUTH_SCHEMA`)."""

    sample: Sample
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    episodes: int = 0

    @property
    def truth(self) -> pl.DataFrame:
        """The log, in order of injection."""
        return pl.DataFrame(self.rows, schema=TRUTH_SCHEMA, orient="row")

    def put(self, kind: str, ticker: int, span: slice, new: Stretch, partner: str | None = None) -> None:
        """Change a stretch of one ticker, and log each cell that is another one then."""
        prices, present = self.sample.prices[ticker], self.sample.present[ticker]
        old, dates = prices[span].copy(), self.sample.sessions[span].tolist()
        prices[span], present[span] = new.values, new.has_rows
        self.episodes += 1
        for date, before, after in zip(dates, old.tolist(), prices[span].tolist(), strict=True):
            if before != after:
                name, value = self.sample.tickers[ticker], None if np.isnan(after) else after
                stretch = (self.episodes, dates[0], dates[-1], new.factor, partner)
                self.rows.append((date, name, kind, before, value, *stretch))


def inject_realistic(sample: Sample, *, episodes: int, seed: int) -> Injected:
    """Put so many faults of each kind into a copy of a sample, none near another of the same ticker."""
    injected = Injected(sample.copy())
    generator = np.random.default_rng(seed)
    places = _Places(injected.sample, generator)
    digits = digits_of(sample.prices)
    _split(injected, list(SPLITS) * episodes, places, digits)
    for _ in range(episodes):
        for kind in KINDS:
            _put_kind(injected, kind, places, digits, generator)
        for name, lengths in SWAPS.items():
            _swap(injected, name, lengths, places)
    return injected


class _Places:
    """Finds stretches that have all their prices and no fault near."""

    def __init__(self, sample: Sample, generator: Generator) -> None:
        self._sample, self._generator = sample, generator
        self._free = np.isfinite(sample.prices)
        self._free[:, :_FIRST] = False

    def find(self, lengths: tuple[int, int]) -> tuple[int, slice] | None:
        """Give a ticker and a stretch with a price before and after it; None where there is no room."""
        length = int(self._generator.integers(lengths[0], lengths[1] + 1))
        for _ in range(_TRIES):
            ticker = int(self._generator.integers(len(self._free)))
            start = int(self._generator.integers(_FIRST + 1, self._free.shape[1] - length - _APART // 2))
            if self._is_free(ticker, start, start + length):
                self.take(ticker, start, start + length)
                return ticker, slice(start, start + length)
        return None

    def partner(self, ticker: int, span: slice) -> int | None:
        """Give another ticker that is free over the same stretch and has another price."""
        for other in self._generator.permutation(len(self._free))[:_TRIES]:
            own, theirs = np.abs(self._sample.prices[[ticker, other], span.start])
            if (
                other != ticker
                and max(own, theirs) > 1.25 * min(own, theirs)  # a swap of equal prices is none
                and self._is_free(int(other), span.start, span.stop)
            ):
                self.take(int(other), span.start, span.stop)
                return int(other)
        return None

    def _is_free(self, ticker: int, start: int, stop: int) -> bool:
        near = self._free[ticker, start - 1 : stop + 1]
        return bool(near.all() and self._sample.present[ticker, max(0, start - _FIRST) : start].mean() > 0.5)  # noqa: PLR2004

    def take(self, ticker: int, start: int, stop: int) -> None:
        """Keep other faults away from a stretch."""
        self._free[ticker, max(0, start - _APART) : stop + _APART] = False


def _put_kind(injected: Injected, kind: Kind, places: _Places, digits: Integers, generator: Generator) -> None:
    if found := places.find(kind.sessions):
        ticker, span = found
        prices = injected.sample.prices[ticker]
        new = kind.apply(prices[span].copy(), float(prices[span.start - 1]), generator)
        values = rounded(new.values, int(digits[ticker]) if kind.name != "unit_stretch" else -1)
        injected.put(kind.name, ticker, span, Stretch(values, new.factor, new.has_rows))


def _swap(injected: Injected, name: str, lengths: tuple[int, int], places: _Places) -> None:
    found = places.find(lengths)
    if not found:
        return
    ticker, span = found
    other = places.partner(ticker, span)
    if other is None:
        return
    prices, tickers = injected.sample.prices, injected.sample.tickers
    own, theirs = prices[ticker, span].copy(), prices[other, span].copy()
    injected.put(name, ticker, span, Stretch(theirs), tickers[other])
    injected.put(name, other, span, Stretch(own), tickers[ticker])


def _split(injected: Injected, names: Sequence[str], places: _Places, digits: Integers) -> None:
    """Divide all later prices of tickers; the truth is the first session, the others are a level of their own."""
    found = [(*place, name) for name in names if (place := places.find((1, 1)))]
    # In order of time: a split also divides what is logged of the later ones.
    for ticker, span, name in sorted(found, key=lambda split: split[1].start):
        prices, digit, ratio = injected.sample.prices[ticker], int(digits[ticker]), SPLITS[name]
        prices[span.stop :] = rounded(prices[span.stop :] / ratio, digit)
        injected.put(name, ticker, span, Stretch(rounded(prices[span] / ratio, digit), 1 / ratio))
