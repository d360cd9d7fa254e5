"""Plans a scan: consecutive years as units of work."""

from collections.abc import Sequence
from itertools import pairwise

from quality.panel.catalogue import Catalogue

# About four years of a thousand tickers: large enough to amortise a chunk's fixed costs, small enough for the caches.
CELLS_A_CHUNK = 1_000_000


def plan_chunks(catalogue: Catalogue, years: Sequence[int], cells: int = CELLS_A_CHUNK) -> list[tuple[int, ...]]:
    """Group years into chunks of about so many cells; a larger year, or one without its neighbours, is its own.

    Args:
        catalogue: The panel's table of contents.
        years: The years to judge, ascending.
        cells: Sessions times tickers that a chunk has, about; between one and a half times as many and one year.

    """
    after = dict(pairwise(catalogue.by_year))
    groups: list[list[int]] = []
    held = 0
    for year in years:
        index = catalogue.by_year[year]
        size = len(index.sessions) * len(index.tickers)
        # The nearest number of years, so that chunks of one size stay of one size.
        if groups and after.get(groups[-1][-1]) == year and held + size // 2 <= cells:
            groups[-1].append(year)
            held += size
        else:
            groups.append([year])
            held = size
    return [tuple(group) for group in groups]
