"""The rule sets behind one protocol: what they need, what decides their findings, and that it cannot change unseen."""

from dataclasses import replace

import pytest

from quality.engine.statements import sql_root
from quality.errors import UsageError
from quality.evaluation import sets
from quality.evaluation.notebook import Notebook
from quality.rules.loading import load_ruleset, ruleset_names
from tests.code_digests import digest_of_code

ROOT = sql_root().parent
# What computes metrics outside of SQL, and a digest of what it says. Where it changes so that a finding may, raise the
# set's `version`, so that `--resume` makes every year again; then put the new digest here.
COMPUTED = {
    "notebook": (
        1,
        "15de0ff92703e668",
        ["quality/evaluation/notebook.py", "quality/evaluation/rule_findings.py", "quality/rules/message_texts.py"],
    ),
}


@pytest.mark.parametrize("name", COMPUTED)
def test_code_that_decides_findings_has_a_version_that_changes_with_it(name):
    version, digest, modules = COMPUTED[name]
    assert sets.evaluation_of(load_ruleset(name)).version == version
    found = digest_of_code(ROOT / module for module in modules)
    assert found == digest, f"raise the version of {name}, then note both here"


@pytest.mark.parametrize("name", ruleset_names())
def test_every_set_has_its_evaluation_metrics_and_statements(name):
    ruleset = load_ruleset(name)
    evaluation = sets.evaluation_of(ruleset)
    assert f"metrics/{name}" in evaluation.statements
    assert all((sql_root() / f"{statement}.sql").is_file() for statement in evaluation.statements)
    assert ruleset.look_back <= evaluation.look_back
    assert ruleset.look_ahead <= evaluation.look_ahead


@pytest.mark.parametrize("key", ["look_back", "look_ahead"])
def test_a_rule_that_looks_further_than_the_metrics_is_refused(key):
    ruleset = load_ruleset("notebook")
    further = replace(ruleset, rules=(replace(ruleset.rules[0], **{key: 8}), *ruleset.rules[1:]))
    with pytest.raises(UsageError, match=rf"{ruleset.rules[0].name}.sql: {key.replace('_', '-')} is 8 sessions"):
        sets.evaluation_of(further)


def test_the_fingerprint_changes_with_the_version_of_the_code(monkeypatch):
    before = sets.fingerprint(load_ruleset("notebook"))
    monkeypatch.setattr(Notebook, "version", 99)
    assert sets.fingerprint(load_ruleset("notebook")) != before
