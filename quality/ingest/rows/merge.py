"""One year of arrivals and the panel's own rows of that year: which price of a key counts."""

from dataclasses import dataclass

import polars as pl

from quality.panel.partitions import SCHEMA

POLICIES = ("last", "first", "error")
_DAYS_A_TICKER = 1 << 32
PANEL_FILE = -1  # stands before every file that arrives

CONFLICTS = pl.Schema(
    {
        "date": pl.Date,
        "ticker": pl.String,
        "kept_price": pl.Float64,
        "kept_file": pl.Int32,
        "kept_line": pl.UInt32,
        "other_price": pl.Float64,
        "other_file": pl.Int32,
        "other_line": pl.UInt32,
    }
)


@dataclass(frozen=True)
class Merged:
    """A year after its arrivals.

    Attributes:
        rows: The panel's rows of the year, sorted by ticker and date.
        counts: file, written, agreed, lost: what became of the rows of each file.
        conflicts: Every row whose price differs from the one that counts, as `CONFLICTS`.
        is_changed: Whether the year differs from what the panel holds.

    """

    rows: pl.DataFrame
    counts: pl.DataFrame
    conflicts: pl.DataFrame
    is_changed: bool


def merge_year(arrived: pl.DataFrame, held: pl.DataFrame | None, policy: str) -> Merged:
    """Merge a year's arrivals into what the panel holds.

    Args:
        arrived: date, ticker, price, file, line, in order of arrival.
        held: The panel's rows of the year; None where it has none.
        policy: Which of several different prices of one key counts: "last" or "first" to arrive; the
            panel's own came before all others. "error" is as "last": the caller looks at the conflicts.

    """
    own = [] if held is None else [_numbered(held)]
    rows = pl.concat([*own, arrived.select(*SCHEMA, "file", "line")])
    order, is_doubled = _order(rows)
    if not is_doubled:
        return _without_doubles(rows.select(pl.all().gather(order)))
    rows = rows.sort("ticker", "date", "file", "line", maintain_order=True)
    again = (pl.col("ticker") == pl.col("ticker").shift(1)) & (pl.col("date") == pl.col("date").shift(1))
    is_again = rows.select(again.fill_null(value=False)).to_series()
    return _with_doubles(rows, is_again, policy, 0 if held is None else held.height)


def _order(rows: pl.DataFrame) -> tuple[pl.Series, bool]:
    """Give the order of rows by ticker and date, and whether any share both: one integer a key sorts fast."""
    names = rows.get_column("ticker").unique().sort()
    number = pl.col("ticker").cast(pl.Enum(names)).to_physical().cast(pl.Int64)
    keys = rows.select(key=number * _DAYS_A_TICKER + pl.col("date").to_physical().cast(pl.Int64)).to_series()
    order = keys.arg_sort()
    sorted_keys = keys.gather(order)
    return order, bool((sorted_keys == sorted_keys.shift(1)).any())


def _numbered(held: pl.DataFrame) -> pl.DataFrame:
    origin = {"file": pl.lit(PANEL_FILE, dtype=pl.Int32), "line": pl.lit(None, dtype=pl.UInt32)}
    return held.select(*SCHEMA, **origin)


def _without_doubles(rows: pl.DataFrame) -> Merged:
    counts = rows.filter(pl.col("file") != PANEL_FILE).group_by("file").agg(written=pl.len())
    counts = counts.with_columns(agreed=pl.lit(0, pl.UInt32), lost=pl.lit(0, pl.UInt32))
    is_changed = bool(counts.height)
    return Merged(rows.select(*SCHEMA), counts.sort("file"), pl.DataFrame(schema=CONFLICTS), is_changed)


def _with_doubles(rows: pl.DataFrame, is_again: pl.Series, policy: str, held: int) -> Merged:
    """Judge rows sorted by key and arrival: the rows of one key stand together, the panel's own first."""
    place = pl.int_range(pl.len(), dtype=pl.UInt32)
    is_last = ~is_again.shift(-1, fill_value=False)
    begin = pl.when(~is_again).then(place).forward_fill()
    kept = begin if policy == "first" else pl.when(is_last).then(place).backward_fill()
    own = pl.col("file") == PANEL_FILE
    judged = rows.with_columns(place=place, begin=begin, kept=kept).with_columns(
        kept_price=pl.col("price").gather(pl.col("kept")),
        kept_file=pl.col("file").gather(pl.col("kept")),
        kept_line=pl.col("line").gather(pl.col("kept")),
        held_same=own.gather(pl.col("begin"))
        & pl.col("price").gather(pl.col("begin")).eq_missing(pl.col("price").gather(pl.col("kept"))),
    )
    is_kept = pl.col("place") == pl.col("kept")
    agrees = pl.col("price").eq_missing(pl.col("kept_price"))
    fate = pl.when(~agrees).then(pl.lit("lost")).when(is_kept & ~pl.col("held_same")).then(pl.lit("written"))
    counts = (
        judged.filter(~own)
        .select("file", fate=fate.otherwise(pl.lit("agreed")))
        .group_by("file")
        .agg((pl.col("fate") == name).sum().alias(name) for name in ("written", "agreed", "lost"))
    )
    conflicts = judged.filter(~agrees).select(
        "date",
        "ticker",
        "kept_price",
        "kept_file",
        "kept_line",
        other_price="price",
        other_file="file",
        other_line="line",
    )
    after = judged.filter(is_kept).select(*SCHEMA)
    is_changed = bool(counts.get_column("written").sum()) or after.height != held
    return Merged(after, counts.sort("file"), conflicts, is_changed)
