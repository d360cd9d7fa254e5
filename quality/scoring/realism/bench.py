"""Measures a rule set on realistic faults: recall by kind on the day and in hindsight, and what it costs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from quality.rules.loading import load_ruleset
from quality.rules.model import RuleSet
from quality.scan.run import ScanOptions, scan
from quality.scoring.realism.days import DAY_KINDS, inject_days
from quality.scoring.realism.inject import inject_realistic
from quality.scoring.realism.kinds import KINDS, SPLIT_RULES, SPLITS, SWAP_RULES, SWAPS
from quality.scoring.realism.sample import Sample, write_sample
from quality.scoring.score import read_run
from quality.storage import open_store, temporary_folder

# Findings of these severities are alarms.
_ALARMS = ("error", "warning")
# The rules that speak of a price's level; their alarms are what an analyst looks into one by one.
LEVEL_RULES = (
    *("price_spike", "price_drop", "unit_error", "spike_in_hindsight", "drop_in_hindsight", "spike_reverted"),
    *("block_error", "swapped_tickers", "likely_split"),
)
RIGHT_RULES: dict[str, Sequence[str]] = {
    **{kind.name: kind.rules for kind in KINDS},
    **dict.fromkeys(SWAPS, SWAP_RULES),
    **dict.fromkeys(SPLITS, SPLIT_RULES),
    **{name: rules for name, (_, rules) in DAY_KINDS.items()},
}
_RETURNING = tuple(kind.name for kind in KINDS if kind.returns)
_NEAR = 0.02


@dataclass(frozen=True)
class Realism:
    """What was measured.

    Attributes:
        kinds: sample, kind, episodes, cells; shares: onset_check, onset_scan (the first bad cell), cells_scan,
            named (an alarm of a right rule in the stretch), exact (with factor, beginning and end).
        alarms: sample, rule, cells, check, scan: alarms per 10,000 prices of the clean sample.

    """

    kinds: pl.DataFrame
    alarms: pl.DataFrame

    def as_dict(self) -> dict[str, Any]:
        """Give both tables as JSON takes them."""
        return {"kinds": self.kinds.to_dicts(), "alarms": self.alarms.to_dicts()}


def measure_realism(
    samples: Sequence[Sample],
    *,
    episodes: int,
    seed: int,
    ruleset: RuleSet | None = None,
    progress: Callable[[str, int, int], None] = lambda _what, _done, _all: None,
) -> Realism:
    """Scan each sample clean, with faults of single tickers, and with faults of whole days.

    Args:
        samples: Clean prices.
        episodes: Faults of each kind a sample.
        seed: Of the faults.
        ruleset: The rules; None for the robust ones.
        progress: Told how many samples are done, and of how many.

    """
    rules = ruleset or load_ruleset()
    kinds, alarms = [], []
    for done, sample in enumerate(samples, start=1):
        alarms.append(_alarms(sample, _findings(sample, rules), rules))
        for injected in (inject_realistic(sample, episodes=episodes, seed=seed), inject_days(sample, seed=seed)):
            if injected.rows:
                found = _findings(injected.sample, rules)
                kinds.append(_recall(injected.truth, found).insert_column(0, pl.lit(sample.name).alias("sample")))
        progress("realism", done, len(samples))
    return Realism(pl.concat(kinds), pl.concat(alarms))


def _findings(sample: Sample, ruleset: RuleSet) -> pl.DataFrame:
    with temporary_folder() as folder:
        panel, run = open_store(f"{folder}/panel"), open_store(f"{folder}/run")
        write_sample(sample, panel)
        scan(panel, run, ruleset, ScanOptions(formats=("parquet",)))
        return read_run(run)[1]


def _alarms(sample: Sample, found: pl.DataFrame, ruleset: RuleSet) -> pl.DataFrame:
    """Count alarms per 10,000 prices, by the rule of the day and by the rule that stands in the end."""
    severities = {rule.name: rule.severity for rule in ruleset.rules}
    of_day = pl.col("first_rule").replace_strict(severities, default="info", return_dtype=pl.String)
    on_the_day = found.filter(of_day.is_in(_ALARMS) & ~pl.col("covered")).group_by(rule="first_rule").len("check")
    in_the_end = found.filter(pl.col("severity").is_in(_ALARMS) & ~pl.col("covered")).group_by("rule").len("scan")
    both = on_the_day.join(in_the_end, on="rule", how="full", coalesce=True).sort("rule")
    rate = pl.col("check", "scan").fill_null(0) * (10_000 / sample.cells)
    return both.select(pl.lit(sample.name).alias("sample"), "rule", pl.lit(sample.cells).alias("cells"), rate)


def _recall(truth: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Say, by kind, what share of episodes and cells was found."""
    alarm = found.filter(pl.col("severity").is_in(_ALARMS)).select(
        "date", "ticker", "rule", is_found=pl.lit(value=True),
        **{f"found_{name}": pl.col(name) for name in ("first_date", "last_date", "factor")},
    )  # fmt: skip
    day = found.filter(pl.col("first_rule").is_not_null()).select("date", "ticker", is_seen=pl.lit(value=True))
    on_days = alarm.filter(pl.col("ticker").str.starts_with("__")).select("date", whole_day="rule")
    keys = ["date", "ticker"]
    right = pl.DataFrame(
        [(kind, rule) for kind, rules in RIGHT_RULES.items() for rule in rules],
        schema={"anomaly_type": pl.String, "rule": pl.String}, orient="row",
    ).with_columns(is_right=pl.lit(value=True))  # fmt: skip
    cells = (
        truth.join(alarm, on=keys, how="left")
        .join(right, on=["anomaly_type", "rule"], how="left")
        .join(on_days.rename({"whole_day": "day_rule"}), on="date", how="left")
        .join(right.rename({"rule": "day_rule", "is_right": "day_right"}), on=["anomaly_type", "day_rule"], how="left")
        .join(day.unique(), on=keys, how="left")
    )
    near = (pl.col("found_factor") / pl.col("factor") - 1).abs() < _NEAR
    same = (pl.col("found_first_date") == pl.col("first_date")) & (pl.col("found_last_date") == pl.col("last_date"))
    flags = pl.col("is_found", "is_right", "day_right", "is_seen").fill_null(value=False)
    is_first = pl.col("date") == pl.col("first_date")
    episodes = (
        cells.with_columns(flags)
        .with_columns(is_exact=(near & same & pl.col("is_right")).fill_null(value=False))
        .group_by("anomaly_type", "episode", "ticker")
        .agg(
            cells=pl.struct("date").n_unique(),
            onset_check=(pl.col("is_seen") & is_first).any(),
            onset_scan=((pl.col("is_found") | pl.col("day_right")) & is_first).any(),
            found=pl.col("date").filter(pl.col("is_found") | pl.col("day_right")).n_unique(),
            named=(pl.col("is_right") | pl.col("day_right")).any(),
            exact=pl.col("is_exact").any(),
        )
    )
    return (
        episodes.group_by(kind="anomaly_type")
        .agg(
            episodes=pl.len(), cells=pl.col("cells").sum(), onset_check=pl.col("onset_check").mean(),
            onset_scan=pl.col("onset_scan").mean(), cells_scan=pl.col("found").sum() / pl.col("cells").sum(),
            named=pl.col("named").mean(), exact=pl.col("exact").mean(),
        )
        .with_columns(exact=pl.when(pl.col("kind").is_in(_RETURNING)).then("exact"))
        .sort(pl.col("kind").replace_strict({kind: n for n, kind in enumerate(RIGHT_RULES)}, return_dtype=pl.Int64))
    )  # fmt: skip


def pooled(kinds: pl.DataFrame) -> pl.DataFrame:
    """Pool the samples: a row a kind, shares weighted by episodes and cells."""

    def mean(name: str, weight: str) -> pl.Expr:
        known = pl.col(weight).filter(pl.col(name).is_not_null()).sum()
        return pl.when(known > 0).then((pl.col(name) * pl.col(weight)).sum() / known).alias(name)

    shares = [mean(name, "episodes") for name in ("onset_check", "onset_scan", "named", "exact")]
    shares.insert(2, mean("cells_scan", "cells"))
    return kinds.group_by("kind", maintain_order=True).agg(pl.col("episodes", "cells").sum(), *shares)


def level_alarms(alarms: pl.DataFrame) -> pl.DataFrame:
    """Sum, by sample, the alarms of the rules that speak of a price's level."""
    is_level = pl.col("rule").is_in(LEVEL_RULES)
    rates = pl.col("check", "scan").filter(is_level).sum()
    return alarms.group_by("sample", maintain_order=True).agg(pl.col("cells").first(), rates)
