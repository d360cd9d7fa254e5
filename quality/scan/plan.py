"""Plans a scan: consecutive years as units of work."""

from collections.abc import Sequence
from itertools import pairwise
from math import ceil

from quality.panel.catalogue import Catalogue
from quality.panel.year_index import YearIndex

# About four years of a thousand tickers: large enough to amortise a chunk's fixed costs, small enough for the caches.
CELLS_A_CHUNK = 1_000_000
# So many of them are one unit of work: rules are asked of all together where few cells are suspect.
PORTIONS_A_CHUNK = 8
# A task lays out so many cells of a year at most, margins not counted: about two GiB with all that is measured.
CELLS_A_TASK = 8_000_000


def tickers_a_task(wanted: int, index: YearIndex) -> int:
    """Give how many tickers of a year one task may hold: what is wanted, or as many as have `CELLS_A_TASK` cells."""
    return wanted or max(1, CELLS_A_TASK // len(index.sessions))


def plan_chunks(catalogue: Catalogue, years: Sequence[int], cells: int = CELLS_A_CHUNK) -> list[tuple[int, ...]]:
    """Group years into chunks of about so many cells; a larger year, or one without its neighbours, is its own.

    Args:
        catalogue: The panel's table of contents.
        years: The years to judge, ascending.
        cells: Sessions times tickers that a chunk has, about; between one and a half times as many and one year.

    """
    after = dict(pairwise(catalogue.by_year))
    groups: list[list[int]] = []
    cells_so_far = 0
    for year in years:
        index = catalogue.by_year[year]
        size = len(index.sessions) * len(index.tickers)
        # The nearest number of years, so that chunks of one size stay of one size.
        if groups and after.get(groups[-1][-1]) == year and cells_so_far + size // 2 <= cells:
            groups[-1].append(year)
            cells_so_far += size
        else:
            groups.append([year])
            cells_so_far = size
    return [tuple(group) for group in groups]


def group_portions(
    portions: Sequence[tuple[int, ...]], threads: int, most: int = PORTIONS_A_CHUNK
) -> list[tuple[tuple[int, ...], ...]]:
    """Group portions that follow each other into units of work, about as many for each thread.

    Args:
        portions: Years that are laid out together, ascending.
        threads: How many work at once.
        most: The most portions of a unit.

    """
    count = ceil(len(portions) / most / threads) * threads
    edges = [len(portions) * unit // count for unit in range(count + 1)] if count else []
    return [tuple(portions[start:end]) for start, end in pairwise(edges) if end > start]
