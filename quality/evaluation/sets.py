"""The rule sets that there are: how each is evaluated, and what decides its findings."""

from collections.abc import Mapping
from typing import Any

from quality.digests import digest_of
from quality.engine.statements import statement
from quality.errors import UsageError
from quality.evaluation.protocol import Evaluation
from quality.rules.model import RuleSet


def evaluation_of(ruleset: RuleSet) -> Evaluation:
    """Give how the rules of a set are evaluated.

    Raises:
        UsageError: A rule says in its header that it looks further than its set does.

    """
    evaluation = _evaluation(ruleset.name)
    for rule in (*ruleset.rules, *ruleset.disabled):
        for key, own, most in (
            ("look-back", rule.look_back, evaluation.look_back),
            ("look-ahead", rule.look_ahead, evaluation.look_ahead),
        ):
            if own > most:
                raise UsageError(
                    f"{rule.source}: {key} is {own} sessions, but the metrics of {ruleset.name!r} know {most} at most"
                )
    return evaluation


def _evaluation(name: str) -> Evaluation:
    # Each set pays for its own imports only.
    if name == "notebook":
        from quality.evaluation.notebook import Notebook  # noqa: PLC0415

        return Notebook()
    from quality.evaluation.robust.set import Robust  # noqa: PLC0415

    return Robust()


def fingerprint(ruleset: RuleSet) -> str:
    """Give a digest of everything that decides the findings: rules, thresholds, statements, and code by its version."""
    evaluation = _evaluation(ruleset.name)
    statements = [statement(name) for name in evaluation.statements]
    return digest_of(ruleset.fingerprint, evaluation.version, statements)[:16]


def describe(ruleset: RuleSet) -> Mapping[str, Any]:
    """Give what a summary says of the rules: the set, its fingerprint, the thresholds in force."""
    return {**ruleset.as_dict(), "ruleset_fingerprint": fingerprint(ruleset)}
