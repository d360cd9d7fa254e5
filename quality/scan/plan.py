"""Plans a scan: consecutive years as units of work, each with the years that it looks back on."""

from dataclasses import dataclass
from itertools import pairwise

import polars as pl

from quality.panel.catalogue import Catalogue

# Large enough to amortise a chunk's fixed costs, small enough that two fit in half a gibibyte.
ROWS_A_CHUNK = 1_000_000


@dataclass(frozen=True)
class Chunk:
    """Consecutive years whose findings are made in one go.

    Attributes:
        years: The years that are judged, ascending.
        look_back_years: Earlier years whose last sessions are needed too, ascending.
        look_ahead_years: Later years whose first sessions are needed too, ascending.

    """

    years: tuple[int, ...]
    look_back_years: tuple[int, ...]
    look_ahead_years: tuple[int, ...] = ()


def plan_chunks(
    catalogue: Catalogue, years: list[int], look_back: int, rows: int = ROWS_A_CHUNK, look_ahead: int = 0
) -> list[Chunk]:
    """Group years into chunks of about `rows` rows; a larger year, or one without its neighbours, is its own.

    Args:
        catalogue: The panel's table of contents.
        years: The years to judge, ascending.
        look_back: Sessions before a cell that its findings depend on.
        rows: What a chunk holds at most, unless it is one year.
        look_ahead: Sessions after a cell that its findings depend on.

    """
    order = list(catalogue.rows)
    after = dict(pairwise(order))
    groups: list[list[int]] = []
    held = 0
    for year in years:
        size = catalogue.rows.get(year, 0)
        if groups and after.get(groups[-1][-1]) == year and held + size <= rows:
            groups[-1].append(year)
            held += size
        else:
            groups.append([year])
            held = size
    return [
        Chunk(
            tuple(group),
            _look_back_years(catalogue, group[0], look_back),
            _look_ahead_years(catalogue, group[-1], look_ahead),
        )
        for group in groups
    ]


def _look_back_years(catalogue: Catalogue, first_year: int, look_back: int) -> tuple[int, ...]:
    before = catalogue.sessions.filter(pl.col("part") < first_year).tail(look_back)
    return tuple(before.get_column("part").unique().sort())


def _look_ahead_years(catalogue: Catalogue, last_year: int, look_ahead: int) -> tuple[int, ...]:
    after = catalogue.sessions.filter(pl.col("part") > last_year).head(look_ahead)
    return tuple(after.get_column("part").unique().sort())


def whole_chunk_sessions(catalogue: Catalogue, chunk: Chunk, look_back: int, look_ahead: int) -> pl.DataFrame:
    """List the sessions of a chunk that is measured as a whole, with its margins before and after.

    Returns:
        As `chunk_sessions`; `is_sorted` marks those that are judged.

    """
    years = [*chunk.look_back_years, *chunk.years, *chunk.look_ahead_years]
    marked = catalogue.sessions.filter(pl.col("part").is_in(years)).with_columns(
        is_filed=pl.lit(value=False), is_sorted=pl.col("part").is_in(chunk.years)
    )
    judged = pl.col("session").filter(pl.col("is_sorted"))
    near = pl.col("session").is_between(judged.min() - look_back, judged.max() + look_ahead)
    return marked.with_columns(is_near=near).filter("is_near")


def chunk_sessions(catalogue: Catalogue, chunk: Chunk, look_back: int, *, in_file_order: bool) -> pl.DataFrame:
    """Say how each session of a chunk and its look-back is read.

    A session within `look_back` of its year's first one looks into another file, so its cells, and the
    sessions that they look back on, are sorted; all others stream in the order of their files. Where
    files are in no order, every session is sorted.

    Returns:
        date, part, session, is_filed (judged, streamed), is_sorted (judged, sorted), is_near (sorted,
        or looked back on from there).

    """
    sessions = catalogue.sessions.filter(pl.col("part").is_in([*chunk.look_back_years, *chunk.years]))
    first = pl.col("session").min().over("part")
    judged = pl.col("part").is_in(chunk.years)
    turning = judged & (pl.col("session") - first < look_back) if in_file_order else judged
    marked = sessions.with_columns(is_sorted=turning, is_filed=judged & ~turning)
    turns = marked.filter("is_sorted").get_column("session")
    near = {session - back for session in turns for back in range(look_back + 1)}
    return marked.with_columns(is_near=pl.col("session").is_in(sorted(near)))
