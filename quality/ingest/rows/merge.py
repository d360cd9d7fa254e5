"""Arrivals of a year and the panel's own rows of it: which price of a key counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from quality.panel.extras import extras_among
from quality.panel.partitions import SCHEMA

_DAYS_A_TICKER = 1 << 32
PANEL_FILE = -1  # stands before every file that arrives

# The panel's own rows, and which of the year's files each is of; optional columns stand before the latter.
HELD = pl.Schema([*SCHEMA.items(), ("part", pl.Int32())])
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
        "times": pl.UInt32,
    }
)


@dataclass(frozen=True)
class Choice:
    """Which of several prices of one key counts.

    Attributes:
        keep: "last" or "first": of arrivals, where `by_rank` is false; else of the ranks of their files.
        by_rank: Whether rows have a `rank`, which comes before the order of arrival.
        tolerance: Up to which share of the larger one two prices are the same.

    """

    keep: str = "last"
    by_rank: bool = False
    tolerance: float = 0.0


@dataclass(frozen=True)
class Merged:
    """Some tickers of a year after their arrivals.

    Attributes:
        rows: The panel's rows, sorted by ticker and date, as `HELD`; with `rank`, where rows had one.
        counts: file, written, agreed, lost: what became of the rows of each file.
        conflicts: Every row whose price differs from the one that counts, as `CONFLICTS`.
        is_changed: Whether the rows differ from what the panel holds.
        filled: By optional column, of how many rows of the panel it is another one now, or is there at all.

    """

    rows: pl.DataFrame
    counts: pl.DataFrame
    conflicts: pl.DataFrame
    is_changed: bool
    filled: Mapping[str, int] = field(default_factory=dict)


def merge(arrived: pl.DataFrame, existing: pl.DataFrame | None, choice: Choice) -> Merged:
    """Merge arrivals into what the panel holds.

    Args:
        arrived: date, ticker, price, file, line, times, and rank where the choice is by rank; in order of arrival.
        existing: The panel's rows, as `HELD`, with rank likewise; None where it has none. They came before all others.
        choice: Which of several different prices of one key counts.

    """
    rank = ["rank"] if choice.by_rank else []
    extras = extras_among([*arrived.columns, *(existing.columns if existing is not None else ())])
    columns = [*SCHEMA, *extras, "file", "line", "times", "part", *rank]
    own = [] if existing is None else [_with(_as_arrivals(existing), extras).select(columns)]
    rows = pl.concat([*own, _with(arrived, extras).with_columns(part=pl.lit(None, pl.Int32)).select(columns)])
    ordered, is_again = _in_order(rows, rank)
    given = [*SCHEMA, *extras, "part", *rank]
    if not is_again.any():
        return _without_doubles(ordered, given)
    return _with_doubles(ordered, is_again, choice, given, 0 if existing is None else existing.height)


def _with(rows: pl.DataFrame, extras: Sequence[str]) -> pl.DataFrame:
    """Give rows the optional columns that they lack, null."""
    lacking = {name: pl.lit(None, dtype=pl.Float64) for name in extras if name not in rows.columns}
    return rows.with_columns(**lacking)


def _as_arrivals(existing: pl.DataFrame) -> pl.DataFrame:
    return existing.with_columns(
        file=pl.lit(PANEL_FILE, dtype=pl.Int32), line=pl.lit(None, dtype=pl.UInt32), times=pl.lit(1, dtype=pl.UInt32)
    )


def _in_order(rows: pl.DataFrame, rank: list[str]) -> tuple[pl.DataFrame, pl.Series]:
    """Sort rows by ticker, date, rank and arrival, and tell which share the key of the row before them.

    One integer a key sorts fast; where keys are doubled, the order of rows within them is that of arrival.
    """
    names = rows.get_column("ticker").unique().sort()
    number = pl.col("ticker").cast(pl.Enum(names)).to_physical().cast(pl.Int64)
    key = number * _DAYS_A_TICKER + pl.col("date").to_physical().cast(pl.Int64)
    keys = rows.select(key=key).to_series()
    order = keys.arg_sort()
    keys = keys.gather(order)
    is_again = (keys == keys.shift(1)).fill_null(value=False)
    if not is_again.any():
        return rows.select(pl.all().gather(order)), is_again
    order = rows.select(*rank, key=key).select(pl.arg_sort_by("key", *rank, maintain_order=True)).to_series()
    return rows.select(pl.all().gather(order)), is_again


def _without_doubles(rows: pl.DataFrame, given: Sequence[str]) -> Merged:
    of_files = rows.filter(pl.col("file") != PANEL_FILE).group_by("file")
    fates = of_files.agg(written=pl.len(), agreed=pl.col("times").sum() - pl.len(), lost=pl.lit(0, pl.UInt32))
    fates = fates.sort("file")
    return Merged(rows.select(given), fates, pl.DataFrame(schema=CONFLICTS), is_changed=bool(fates.height))


def _with_doubles(
    rows: pl.DataFrame, is_again: pl.Series, choice: Choice, given: Sequence[str], existing: int
) -> Merged:
    """Choose among rows sorted by key and arrival: the rows of one key stand together."""
    place = pl.int_range(pl.len(), dtype=pl.UInt32)
    begin = pl.when(~is_again).then(place).forward_fill()
    end = pl.when(~is_again.shift(-1, fill_value=False)).then(place).backward_fill()
    own = pl.col("file") == PANEL_FILE
    # A key's own row of the panel, wherever its rank puts it; of several, which only damage makes, the last.
    mine = pl.when(own).then(place).forward_fill()
    chosen = rows.with_columns(place=place, kept=begin if choice.keep == "first" else end, begin=begin, end=end)
    chosen = chosen.with_columns(mine=mine.gather(pl.col("end")))
    chosen = chosen.with_columns(mine=pl.when(pl.col("mine") >= pl.col("begin")).then(pl.col("mine")))
    chosen = chosen.with_columns(
        kept_price=pl.col("price").gather(pl.col("kept")),
        kept_file=pl.col("file").gather(pl.col("kept")),
        kept_line=pl.col("line").gather(pl.col("kept")),
        held_price=pl.col("price").gather(pl.col("mine")),
        part=pl.col("part").gather(pl.col("mine")),
    )
    # By rank the price of the newest file is written to the bit, or the panel would depend on the order of arrival.
    same = Choice() if choice.by_rank else choice
    is_held = pl.col("mine").is_not_null() & _agree("held_price", "kept_price", same)
    agrees = _agree("price", "kept_price", choice)
    chosen = chosen.with_columns(agrees=agrees, is_held=is_held)
    is_kept = pl.col("place") == pl.col("kept")
    extras = extras_among(given)
    chosen = _with_extras(chosen, extras, choice)
    counts = _counts(chosen.filter(~own), is_kept)
    conflicts = chosen.filter(~pl.col("agrees")).select(
        "date",
        "ticker",
        "kept_price",
        "kept_file",
        "kept_line",
        "times",
        other_price="price",
        other_file="file",
        other_line="line",
    )
    price = pl.when("is_held").then("held_price").otherwise("kept_price")  # noise leaves the panel as it is
    after = chosen.filter(is_kept).with_columns(price=price)
    is_same = after.get_column("price").eq_missing(after.get_column("held_price"))
    is_of_panel = after.get_column("mine").is_not_null()
    filled = {}
    for name in extras:
        is_other = is_of_panel & ~after.get_column(name).eq_missing(after.get_column(f"held_{name}"))
        filled[name] = int(is_other.sum())
    is_changed = after.height != existing or not (is_same & is_of_panel).all() or any(filled.values())
    return Merged(after.select(given), counts, conflicts.select(*CONFLICTS), is_changed=is_changed, filled=filled)


def _with_extras(chosen: pl.DataFrame, extras: Sequence[str], choice: Choice) -> pl.DataFrame:
    """Give all rows of a key the optional columns of the row that counts.

    Where that row has none, the next one speaks whose price is the same: a file without volumes takes none away.
    """
    for name in extras:
        agreeing = pl.when("agrees").then(pl.col(name)).drop_nulls()
        chosen = chosen.with_columns(
            pl.col(name).gather(pl.col("mine")).alias(f"held_{name}"),
            (agreeing.first() if choice.keep == "first" else agreeing.last()).over("begin").alias(name),
        )
    return chosen


def _agree(price: str, other: str, choice: Choice) -> pl.Expr:
    """Give the condition that two prices are the same, or differ by no more than the tolerance."""
    one, two = pl.col(price), pl.col(other)
    same = one.eq_missing(two)
    if not choice.tolerance:
        return same
    near = (one - two).abs() <= choice.tolerance * pl.max_horizontal(one.abs(), two.abs())
    return same | near.fill_null(value=False)


def _counts(arrived: pl.DataFrame, is_kept: pl.Expr) -> pl.DataFrame:
    """Count by file: of a kept row that the panel did not hold one copy is written, and the others agree with it."""
    is_written = is_kept & ~pl.col("is_held")
    times = pl.col("times")
    return (
        arrived.select(
            "file",
            written=is_written.cast(pl.UInt32),
            lost=pl.when(~pl.col("agrees")).then(times).otherwise(0),
            agreed=pl.when("agrees").then(times - is_written.cast(pl.UInt32)).otherwise(0),
        )
        .group_by("file")
        .agg(pl.col("written", "agreed", "lost").sum())
        .select("file", "written", "agreed", "lost")
        .sort("file")
    )
