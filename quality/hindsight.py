"""Reconsiders the findings of a day in the light of the days since.

The column `status` says what came of it:

- `open`: it is too early to tell, or no retrospective rule can overturn it.
- `confirmed`: the days that a retrospective rule looks ahead to have come, and nothing speaks against it.
- `reclassified`: the days since explain it: `rule` is what they say, `first_rule` what was said on the day.
- `hindsight`: only the days since show it; `first_rule` is null.
"""

import datetime as dt
from collections.abc import Collection

import polars as pl

_CELL = ("date", "ticker")
_SEVERITIES = pl.Enum(["error", "warning", "info"])


def reconsider(found: pl.DataFrame, settled: dt.date | None, reclassified: Collection[str]) -> pl.DataFrame:
    """Merge what the rules of the day found with what the retrospective ones found, a cell at a time.

    Args:
        found: The findings' columns up to `upper`, `is_retrospective`, and `reclassifies`: the rules whose
            findings a retrospective one explains.
        settled: The last session whose following days have come; None for none.
        reclassified: All rules that a retrospective rule of the set can overturn.

    Returns:
        The findings' columns, sorted by date, ticker and rule. What the day saw (price, expected value,
        deviation, limits) stays; a cell has at most one finding by hindsight.

    """
    on_the_day = found.filter(~pl.col("is_retrospective"))
    late = _one_a_cell(found.filter("is_retrospective"))
    is_settled = pl.lit(value=False) if settled is None else pl.col("date") <= settled
    stands = pl.when(is_settled & pl.col("rule").is_in(list(reclassified))).then(pl.lit("confirmed"))
    first = on_the_day.with_columns(status=stands.otherwise(pl.lit("open")), first_rule="rule")
    if late.height:
        first = _explained(first, late)
        unseen = late.join(on_the_day, on=_CELL, how="anti")
        added = unseen.with_columns(status=pl.lit("hindsight"), first_rule=pl.lit(None, dtype=pl.String))
        first = pl.concat([first, added.select(first.columns)])
    return first.drop("is_retrospective", "reclassifies").sort("date", "ticker", "rule", "first_rule")


def _one_a_cell(late: pl.DataFrame) -> pl.DataFrame:
    """Keep the most severe of what hindsight says of a cell, the first by name among equals."""
    order = late.sort(pl.col("severity").cast(_SEVERITIES), "rule", maintain_order=True)
    return order.unique(_CELL, keep="first", maintain_order=True)


def _explained(first: pl.DataFrame, late: pl.DataFrame) -> pl.DataFrame:
    """Let hindsight rename the findings that it may."""
    said = late.select(*_CELL, "rule", "severity", "message", "reclassifies")
    both = first.drop("reclassifies").join(said, on=_CELL, how="left", suffix="_late", maintain_order="left")
    explains = pl.col("reclassifies").list.contains(pl.col("rule")).fill_null(value=False)
    renamed = [
        pl.when(explains).then(f"{name}_late").otherwise(name).alias(name) for name in ("rule", "severity", "message")
    ]
    status = pl.when(explains).then(pl.lit("reclassified")).otherwise("status").alias("status")
    return both.with_columns(*renamed, status).select(first.columns)
