"""Faults of whole days: a file that came again, came short, came shifted, or came in another unit."""

from collections.abc import Callable

import numpy as np

from quality.scoring.realism.inject import Injected
from quality.scoring.realism.kinds import Generator, Stretch
from quality.scoring.realism.sample import Sample

_FIRST, _APART = 130, 70


def _stale_file(injected: Injected, session: int, _generator: Generator) -> None:
    prices = injected.sample.prices
    for ticker in _priced(injected.sample, session):
        injected.put(
            "stale_file", ticker, slice(session, session + 1), Stretch(prices[ticker, session - 1 : session].copy())
        )


def _incomplete_file(injected: Injected, session: int, generator: Generator) -> None:
    priced = _priced(injected.sample, session)
    for ticker in generator.permutation(priced)[: int(len(priced) * 0.4) + 1]:
        injected.put(
            "incomplete_file", ticker, slice(session, session + 1), Stretch(np.full(1, np.nan), has_rows=False)
        )


def _misaligned_file(injected: Injected, session: int, _generator: Generator) -> None:
    """Shift the prices of half the tickers by one column."""
    priced = _priced(injected.sample, session)
    part = priced[: max(2, len(priced) // 2)]
    shifted = np.roll(injected.sample.prices[part, session], 1)
    for ticker, price in zip(part, shifted, strict=True):
        injected.put("misaligned_file", ticker, slice(session, session + 1), Stretch(np.array([price])))


def _vendor_units(injected: Injected, session: int, generator: Generator) -> None:
    priced, factor = _priced(injected.sample, session), float(generator.choice([100, 0.01]))
    for ticker in generator.permutation(priced)[: max(5, len(priced) * 3 // 10)]:
        prices = injected.sample.prices[ticker, session : session + 1] * factor
        injected.put("vendor_units", ticker, slice(session, session + 1), Stretch(prices, factor))


DAY_KINDS: dict[str, tuple[Callable[[Injected, int, Generator], None], tuple[str, ...]]] = {
    "stale_file": (_stale_file, ("stale_day",)),
    "incomplete_file": (_incomplete_file, ("incomplete_session", "incomplete_day")),
    "misaligned_file": (_misaligned_file, ("misaligned_file",)),
    "vendor_units": (_vendor_units, ("vendor_incident",)),
}


def inject_days(sample: Sample, *, seed: int) -> Injected:
    """Put a fault of a whole day into every seventieth session of a copy, one kind after the other."""
    injected = Injected(sample.copy())
    generator = np.random.default_rng(seed)
    kinds = list(DAY_KINDS.values())
    for number, session in enumerate(range(_FIRST, len(sample.sessions) - _APART // 2, _APART)):
        if len(_priced(sample, session)) >= 10:  # noqa: PLR2004 - fewer tickers are no market
            kinds[number % len(kinds)][0](injected, session, generator)
    return injected


def _priced(sample: Sample, session: int) -> list[int]:
    """Give the tickers with a price on a session and on the one before."""
    both = np.isfinite(sample.prices[:, session]) & np.isfinite(sample.prices[:, session - 1])
    return [int(ticker) for ticker in np.flatnonzero(both)]
