"""The shape of the house: who imports whom, what mirrors what, and how long a module may be."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted(path.relative_to(ROOT) for package in ("quality", "jobs") for path in (ROOT / package).rglob("*.py"))
# Modules that are tested by another file than their mirror, and why.
TESTED_ELSEWHERE = {
    "quality/errors.py": "holds names only; every test of a refusal uses them",
    "quality/executors/local.py": "runs in every scan: tests/quality/test_scan.py",
    "quality/scan_chunk.py": "runs in every scan: tests/quality/test_scan.py",
    "quality/restated.py": "is what resuming tells: tests/quality/test_ledger.py",
    "quality/parquet.py": "is what panels and findings are written by: tests/quality/test_panel.py",
    "quality/suspects.py": "filters every scan, rules of any form beside it: tests/quality/test_judge.py",
    "quality/arrival.py": "is seen through the check: tests/quality/test_check.py",
    "quality/rulebook.py": "puts thresholds in force: tests/quality/test_thresholds.py",
    "quality/evaluation.py": "evaluates every rule: tests/quality/test_judge.py, test_robust.py",
    "quality/measures.py": "is seen through the rules: tests/quality/test_robust.py",
    "quality/windows.py": "is seen through the rules: tests/quality/test_robust.py",
    "quality/repeats.py": "is seen through the rules: tests/quality/test_robust.py",
    "quality/hindsight.py": "is seen through the rules: tests/quality/test_robust.py",
    "quality/trials.py": "is seen through score: tests/quality/test_score.py",
    "jobs/sources.py": "is the flags of ingest and check: tests/jobs/test_ingest.py",
}
# Packages that are tested through their one door.
ONE_DOOR = {
    "quality/storage": "tests/quality/test_storage.py",
    "quality/ingest": "tests/quality/ingest/test_panel_after_ingest.py",
}
MOST_LINES = 400
# "Writes findings." and "`pricewatch scan`: every rule." alike.
ONE_SENTENCE = re.compile(r"[^\n]+[.:]")


def tree(module):
    return ast.parse((ROOT / module).read_text(encoding="utf-8"))


def imported(module):
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            yield node.module


def test_there_is_something_to_look_at():
    assert len(MODULES) > 40


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_imports_go_from_jobs_to_quality_and_never_back(module):
    names = set(imported(module))
    assert not {name for name in names if name.split(".")[0] == "tests"}
    if module.parts[0] == "quality":
        assert not {name for name in names if name.split(".")[0] == "jobs"}


@pytest.mark.parametrize(
    ("library", "doors"),
    [
        ("boto3", {"quality/storage"}),
        ("smtplib", {"quality/mail.py"}),
        ("duckdb", {"quality/engine.py", "quality/ingest"}),
        ("argparse", {"jobs"}),
    ],
)
def test_each_library_has_its_door(library, doors):
    users = {module.as_posix() for module in MODULES if library in {name.split(".")[0] for name in imported(module)}}
    assert users
    assert {user for user in users if not any(user.startswith(door) for door in doors)} == set()


@pytest.mark.parametrize("module", [path for path in MODULES if path.name != "__init__.py"], ids=str)
def test_every_module_has_its_mirror_among_the_tests(module):
    name = module.as_posix()
    if name in TESTED_ELSEWHERE:
        return
    door = next((test for package, test in ONE_DOOR.items() if name.startswith(f"{package}/")), None)
    mirror = ROOT / (door or f"tests/{module.parent.as_posix()}/test_{module.name}")
    assert mirror.exists(), f"{mirror.relative_to(ROOT)} is missing"


def test_what_is_tested_elsewhere_is_still_there():
    names = {module.as_posix() for module in MODULES}
    assert set(TESTED_ELSEWHERE) <= names


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_every_module_opens_with_one_sentence(module):
    docstring = ast.get_docstring(tree(module))
    assert docstring, f"{module} has no docstring"
    assert ONE_SENTENCE.fullmatch(docstring.split("\n\n")[0])


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_no_module_is_long(module):
    assert len((ROOT / module).read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_every_rule_lies_in_a_set_and_every_set_has_metrics():
    rules = ROOT / "sql" / "rules"
    assert [path for path in rules.iterdir() if not path.is_dir()] == []
    for ruleset in rules.iterdir():
        assert (ROOT / "sql" / "metrics" / f"{ruleset.name}.sql").is_file()
