"""`pricewatch rules`: the rules, what is in force, and where each value comes from."""

import argparse

import polars as pl

from jobs.arguments import path
from jobs.rule_options import add_sensitivity
from jobs.running import DONE, Console
from quality.evaluation.sets import fingerprint
from quality.rules.description import Described, describe
from quality.rules.loading import rules_in_force, ruleset_names
from quality.rules.model import DEFAULT_RULESET
from quality.settings import Settings

SUMMARY = """List the rules of a set: severity, look-back, parameters, defaults, and what is in force.

`from` says where a value comes from: the rule's file, or file, line and key of the setting."""
EXAMPLE = """  pricewatch rules --ruleset notebook
  pricewatch rules --json
  # pricewatch rules --rules my-rules"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    names = " or ".join(ruleset_names())
    parser.add_argument(
        "--ruleset", default=DEFAULT_RULESET, metavar="NAME", help=f"{names} (default {DEFAULT_RULESET})"
    )
    parser.add_argument(
        "--rules", action="append", default=[], type=path, metavar="DIR", help="a folder with rules of your own"
    )
    add_sensitivity(parser)


def run(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """List the rules as a table, or as JSON."""
    folders = options.rules or settings.rules
    sensitivity = options.sensitivity or settings.sensitivity
    digest = fingerprint(rules_in_force(options.ruleset, folders, settings.thresholds, sensitivity))
    rules = describe(options.ruleset, folders, settings.thresholds, sensitivity)
    console.result(
        {
            "ruleset": options.ruleset,
            "sensitivity": sensitivity,
            "ruleset_fingerprint": digest,
            "rules": [rule.as_dict() for rule in rules],
        }
    )
    console.say(f"rule set {options.ruleset}, sensitivity {sensitivity}, {len(rules)} rules, fingerprint {digest}")
    console.say()
    console.table(_overview(rules))
    console.say()
    console.table(_values(rules))
    return DONE


def _overview(rules: list[Described]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            (rule.name, rule.severity if rule.enabled else "off", str(rule.look_back), rule.message, rule.source)
            for rule in rules
        ],
        schema=dict.fromkeys(("rule", "severity", "look-back", "message", "file"), pl.String),
        orient="row",
    )


def _values(rules: list[Described]) -> pl.DataFrame:
    """List the parameters, and of the rest what settings changed."""
    return pl.DataFrame(
        [
            (
                *(rule.name, value.name, value.tickers or "all", _text(value.default), _text(value.value)),
                *(value.origin, value.explanation),
            )
            for rule in rules
            for value in rule.values
            if value.name not in ("severity", "enabled") or value.origin != rule.source
        ],
        schema=dict.fromkeys(("rule", "value", "tickers", "default", "in force", "from", "what it does"), pl.String),
        orient="row",
    )


def _text(value: float | str | bool) -> str:  # noqa: FBT001 - a value to show
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else value
