"""Scores rule sets on fresh synthetic panels, and thresholds beside the chosen ones: `make score`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from quality.rules.loading import load_ruleset
from quality.rules.model import Thresholds
from quality.scan.run import ScanOptions, scan
from quality.scoring.score import Score, read_run, read_truth, score
from quality.storage import Store, open_store, temporary_folder
from quality.synthetic.market import Market
from quality.synthetic.panels import write_faulty, write_market

# By how much the sweep moves each limit.
FACTORS = (0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0)
# What the sweep moves, a rule set: rules and the parameter that is their limit.
SWEPT = {
    "robust": (("level", ("price_spike", "price_drop"), "limit"), ("frozen", ("frozen_price",), "odds")),
    "notebook": (("level", ("price_increase", "price_decrease"), "limit"),),
}


def score_panel(panel: Store, truth: bytes, ruleset: str, thresholds: dict[str, Thresholds] | None = None) -> Score:
    """Scan a panel into a folder that does not stay, and score the run."""
    with temporary_folder() as folder:
        run = open_store(folder)
        scan(panel, run, load_ruleset(ruleset, thresholds=thresholds), ScanOptions(formats=("parquet",)))
        return score(*read_run(run), read_truth(truth, "truth"))


def sweep(
    panel: Store,
    truth: bytes,
    ruleset: str,
    progress: Callable[[str, int, int], None] = lambda _what, _done, _all: None,
) -> list[dict[str, Any]]:
    """Score a panel with each limit a little lower and higher than the rule files say.

    Returns:
        One row a limit and factor: limit, factor, value, precision, recall, f1.

    """
    defaults = {rule.name: rule.parameters for rule in load_ruleset(ruleset).rules}
    swept = [(*limit, factor) for limit in SWEPT[ruleset] for factor in FACTORS]
    rows = []
    for done, (what, rules, parameter, factor) in enumerate(swept, start=1):
        moved = {rule: Thresholds({parameter: defaults[rule][parameter] * factor}) for rule in rules}
        total = score_panel(panel, truth, ruleset, moved).total
        rows.append(
            {
                "limit": what,
                "factor": factor,
                "value": abs(defaults[rules[0]][parameter]) * factor,
                **{name: total[name] for name in ("precision", "recall", "f1")},
            }
        )
        progress("sweep", done, len(swept))
    return rows


def trials(
    shape: tuple[int, int],
    seeds: Sequence[int],
    rates: Sequence[float],
    rulesets: Sequence[str],
    progress: Callable[[str, int, int], None] = lambda _what, _done, _all: None,
) -> list[dict[str, Any]]:
    """Score rule sets on panels of `shape` (calendar days, stocks), one a seed and rate.

    Returns:
        One row a rate, seed and rule set: rate, seed, ruleset, and the score's total.

    """
    rows = []
    runs = [(seed, rate) for seed in seeds for rate in rates]
    for done, (seed, rate) in enumerate(runs, start=1):
        with temporary_folder() as folder:
            clean, faulty = open_store(f"{folder}/clean"), open_store(f"{folder}/faulty")
            truth = Path(folder, "truth.parquet")
            write_market(Market(*shape, seed=seed), clean)
            write_faulty(clean, faulty, truth, rate=rate, seed=seed)
            for ruleset in rulesets:
                total = score_panel(faulty, truth.read_bytes(), ruleset).total
                rows.append({"rate": rate, "seed": seed, "ruleset": ruleset, **total})
        progress("score", done, len(runs))
    return rows
