"""`pricewatch score`: a run against the truth, or rule sets on fresh synthetic panels."""

import argparse
from collections.abc import Callable
from typing import Any

import polars as pl

from jobs.rule_options import add_sensitivity
from jobs.running import DONE, Console, whole_number
from quality.errors import UsageError
from quality.scoring.realism.bench import level_alarms, measure_realism, pooled
from quality.scoring.realism.classes import generated_samples
from quality.scoring.realism.sample import read_sample
from quality.scoring.score import Score, read_run, read_truth, score, write_score
from quality.scoring.trials import sweep, trials
from quality.settings import Settings
from quality.storage import open_store, read_file

SUMMARY = "Hold a run's findings against the truth of injected faults: precision, recall, F1, by type and by rule."
EXAMPLE = """  pricewatch score demo/runs/scan demo/truth.parquet
  pricewatch score demo/runs/scan demo/truth.parquet --sweep    # beside the limits chosen
  pricewatch score --trials --days 300 --stocks 20 --seeds 1,2 --rates 0.01,0.05    # on fresh panels
  # realistic faults in generated prices of seven asset classes, and in a panel of your own:
  # pricewatch score data/clean --realism"""
_RULESETS = ("robust", "notebook")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument(
        "run", metavar="RUN", nargs="?", help="a scan's run; tables go to RUN/score/ (with --realism: a clean panel)"
    )
    parser.add_argument("truth", metavar="TRUTH", nargs="?", help="what `inject` wrote with --truth")
    parser.add_argument("--sweep", action="store_true", help="scan the run's panel again with other limits")
    parser.add_argument("--trials", action="store_true", help="score fresh panels instead of a run")
    parser.add_argument(
        "--realism", action="store_true", help="put realistic faults of every kind into generated and given prices"
    )
    parser.add_argument("--quick", action="store_true", help="with --realism: small samples, a few faults of a kind")
    add_sensitivity(parser)
    parser.add_argument(
        "--days", type=whole_number(1), default=1000, help="calendar days of a trial's panel (default 1000)"
    )
    parser.add_argument(
        "--stocks", type=whole_number(1, 1_000_000), default=100, help="stocks of a trial's panel (default 100)"
    )
    parser.add_argument("--seeds", default="1,2,3", metavar="LIST", help="seeds of the trials (default 1,2,3)")
    parser.add_argument("--rates", default="0.01,0.05,0.2", metavar="LIST", help="rates (default 0.01,0.05,0.2)")


def run(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Score, show the tables, and write them beside the run."""
    if options.trials:
        return _trials(options, console)
    if options.realism:
        return _realism(options, settings, console)
    if not options.run or not options.truth:
        raise UsageError("score needs RUN and TRUTH (or --trials)")
    store = open_store(options.run, settings.s3)
    data = read_file(options.truth, settings.s3)
    summary, findings = read_run(store)
    scored = score(summary, findings, read_truth(data, options.truth))
    write_score(scored, store)
    result = scored.as_dict()
    if options.sweep:
        panel = open_store(summary["panel"], settings.s3)
        result["sweep"] = sweep(panel, data, summary["ruleset"], console.progress)
        with store.writing("score/sweep.parquet") as path:
            pl.DataFrame(result["sweep"]).write_parquet(path)
    console.result(result)
    _show(console, scored)
    if options.sweep:
        _table(console, "limits (factor 1 is in force)", pl.DataFrame(result["sweep"]))
    return DONE


def _show(console: Console, scored: Score) -> None:
    total = scored.total
    console.say(
        f"precision {_share(total['precision'])}  recall {_share(total['recall'])}  F1 {_share(total['f1'])}  "
        f"type named right {_share(total['type_right'])}  "
        f"({total['found']:,} of {total['bad']:,} bad cells found, {total['claimed']:,} claimed)"
    )
    for title, rows in (("by type", scored.by_type), ("by rule", scored.by_rule), ("named", scored.confusion)):
        _table(console, title, rows)
    _table(console, "errors", scored.reasons)


def _table(console: Console, title: str, rows: pl.DataFrame) -> None:
    if rows.height:
        console.say(f"\n{title}", "bold")
        console.table(rows, _text, indent="  ")


def _text(value: object) -> str:
    if isinstance(value, float):
        return _share(value)
    if isinstance(value, int):
        return f"{value:,}"
    return "-" if value is None else str(value)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _trials(options: argparse.Namespace, console: Console) -> int:
    seeds, rates = _list(options.seeds, int, "--seeds"), _list(options.rates, float, "--rates")
    rows = trials((options.days, options.stocks), seeds, rates, _RULESETS, console.progress)
    means = (
        pl.DataFrame(rows)
        .group_by("rate", "ruleset", maintain_order=True)
        .agg(pl.col("precision", "recall", "f1", "type_right").mean(), seeds=pl.len())
        .sort("rate", maintain_order=True)
    )
    console.result({"days": options.days, "stocks": options.stocks, "trials": rows, "means": means.to_dicts()})
    _table(console, f"{options.days} days × {options.stocks} stocks, mean over seeds {options.seeds}", means)
    _table(console, "every trial", pl.DataFrame(rows))
    return DONE


def _realism(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Measure the robust rules on realistic faults; a panel that is named counts as clean."""
    shape = {"tickers": 20, "sessions": 320} if options.quick else {"tickers": 50, "sessions": 700}
    seed = _list(options.seeds, int, "--seeds")[0]
    samples = generated_samples(**shape, seed=seed)
    if options.run:
        samples.append(read_sample(options.run, open_store(options.run, settings.s3)))
    ruleset = settings.load_rules("robust", sensitivity=options.sensitivity)
    measured = measure_realism(
        samples, episodes=3 if options.quick else 20, seed=seed, ruleset=ruleset, progress=console.progress
    )
    console.result(measured.as_dict())
    _table(console, "recall by kind of fault, all samples pooled", pooled(measured.kinds))
    _table(console, "alarms per 10,000 clean prices, by rule", measured.alarms)
    _table(console, "level alarms per 10,000 clean prices", level_alarms(measured.alarms))
    return DONE


def _list(text: str, read: Callable[[str], Any], flag: str) -> list[Any]:
    try:
        return [read(part) for part in text.split(",")]
    except ValueError:
        raise UsageError(f"{flag} {text}: must be numbers with commas between") from None
