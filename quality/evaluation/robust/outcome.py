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

from quality.evaluation import rule as evaluation
from quality.findings.schema import in_order

_CELL = ("date", "ticker")
_SEVERITIES = pl.Enum(["error", "warning", "info"])
# What a rule says: the findings' columns up to the limits, and the rules whose findings it explains.
FOUND = pl.DataFrame(schema={**evaluation.FOUND, "reclassifies": pl.List(pl.String)})


def reconsider(
    on_the_day: pl.DataFrame, late: pl.DataFrame, settled: dt.date | None, reclassified: Collection[str]
) -> pl.DataFrame:
    """Merge what the rules of the day found with what the retrospective ones found, a cell at a time.

    Args:
        on_the_day: What the causal rules found (the columns of `FOUND`).
        late: What the retrospective rules found, likewise.
        settled: The last session whose following days have come; None for none.
        reclassified: All rules that a retrospective rule of the set can overturn.

    Returns:
        The findings' columns, sorted by date, ticker and rule. What the day saw (price, expected value,
        deviation, limits) stays; a cell has at most one finding by hindsight.

    """
    late = _one_a_cell(late)
    is_settled = pl.lit(value=False) if settled is None else pl.col("date") <= settled
    stands = pl.when(is_settled & pl.col("rule").is_in(list(reclassified))).then(pl.lit("confirmed"))
    first = on_the_day.with_columns(status=stands.otherwise(pl.lit("open")), first_rule="rule")
    unseen = late.join(on_the_day, on=_CELL, how="anti").with_columns(
        status=pl.lit("hindsight"), first_rule=pl.lit(None, dtype=pl.String)
    )
    return in_order(pl.concat([_explained(first, late), unseen.drop("reclassifies")]))


def _one_a_cell(late: pl.DataFrame) -> pl.DataFrame:
    """Keep the most severe of what hindsight says of a cell, the first by name among equals."""
    order = late.sort(pl.col("severity").cast(_SEVERITIES), "rule", maintain_order=True)
    return order.unique(_CELL, keep="first", maintain_order=True)


def _explained(first: pl.DataFrame, late: pl.DataFrame) -> pl.DataFrame:
    """Let hindsight rename the findings that it may."""
    columns = [name for name in first.columns if name != "reclassifies"]
    said = late.select(*_CELL, "rule", "severity", "message", "reclassifies")
    both = first.drop("reclassifies").join(said, on=_CELL, how="left", suffix="_late", maintain_order="left")
    explains = pl.col("reclassifies").list.contains(pl.col("rule")).fill_null(value=False)
    renamed = [
        pl.when(explains).then(f"{name}_late").otherwise(name).alias(name) for name in ("rule", "severity", "message")
    ]
    status = pl.when(explains).then(pl.lit("reclassified")).otherwise("status").alias("status")
    return both.with_columns(*renamed, status).select(columns)
