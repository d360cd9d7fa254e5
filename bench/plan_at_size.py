"""Plans a scan of billions of cells from made-up tables of contents, and prints what that takes: no data is read."""

import argparse
import pickle
import resource
import time
from itertools import islice

import numpy as np

from quality.panel.catalogue import catalogue_of
from quality.panel.grid import FloatMatrix
from quality.panel.year_index import YearIndex
from quality.panel.years import Year
from quality.rules.loading import load_ruleset
from quality.scan.options import ScanOptions
from quality.scan.tasks import Tasks
from quality.storage import Entry


def main() -> None:
    """Build catalogue, keys, first passes and groups, and print seconds, bytes and counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickers", type=int, default=400_000)
    parser.add_argument("--years", type=int, default=100)
    parser.add_argument("--ruleset", default="robust")
    options = parser.parse_args()
    began = time.perf_counter()
    tickers = tuple(f"T{number:07}" for number in range(options.tickers))
    first = 2025 - options.years
    indexes = [_year(year, tickers) for year in range(first, first + options.years)]
    catalogue = catalogue_of(indexes)
    files = {year: Year(year, (Entry(f"year={year}/prices.parquet", 1, "1"),)) for year in catalogue.by_year}
    tasks = Tasks(catalogue, files, _NoPrices(), load_ruleset(options.ruleset), ScanOptions())
    cells = sum(len(index.sessions) * len(index.tickers) for index in indexes)
    print(f"{cells:,} cells, {len(indexes)} years of {len(tickers):,} tickers")
    _say("catalogue", began, len(catalogue.first_seen))
    _say("keys of the ledger", began, len(tasks.years))
    wide = tasks.wide_chunks(leaving_out=())
    _say("chunks in groups", began, sum(len(bounds) for _, bounds in wide))
    passes = tasks.first_passes(wide)
    _say("first passes", began, len(passes))
    largest = max(len(pickle.dumps(task)) for task in islice(passes, 2, 4)) if passes else 0
    chunk, bounds = wide[len(wide) // 2]
    group = len(pickle.dumps(chunk.section.of_tickers(*bounds[0])))
    every = group * len(wide) * len(bounds)
    print(f"bytes of a first pass {largest:,}, of a group's section {group:,}, of all groups about {every:,}")


def _year(year: int, tickers: tuple[str, ...]) -> YearIndex:
    days = np.arange(np.datetime64(f"{year}-01-01"), np.datetime64(f"{year + 1}-01-01"))
    sessions = days[np.is_busday(days)][:252]
    return YearIndex(year, f"{year:032}", sessions, tickers, len(sessions) * len(tickers), is_sorted=True, packed=None)


class _NoPrices:
    """Prices that nobody reads: the digest of the last year's rows would."""

    def lay(self, index: YearIndex, into: FloatMatrix, name: str = "price") -> None:
        """Lay a year out."""
        del index, name
        into[...] = 1.0

    def whole(self, index: YearIndex, name: str = "price") -> FloatMatrix:
        """Give a year."""
        del name
        return np.ones((len(index.tickers), len(index.sessions)))


def _say(what: str, began: float, count: int) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{what}: {count:,}, after {time.perf_counter() - began:.1f} s, at most {peak:,.0f} MiB")


if __name__ == "__main__":
    main()
