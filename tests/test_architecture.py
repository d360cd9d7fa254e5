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
}
# Modules whose tests are on their way from other branches: take each out when its mirror is there.
AWAITED = {
    "jobs/ingest.py",
    "jobs/sources.py",
    "quality/arrival.py",
    "quality/hindsight.py",
    "quality/measures.py",
    "quality/parquet.py",
    "quality/repeats.py",
    "quality/rulebook.py",
    "quality/suspects.py",
    "quality/trials.py",
    "quality/windows.py",
    *(module.as_posix() for module in MODULES if module.parts[:2] == ("quality", "ingest")),
}
# A package with one test file for its one door.
ONE_DOOR = {"quality/storage": "tests/quality/test_storage.py"}
MOST_LINES = 400
# Modules that have grown beyond that, and may not grow further until they are split.
TO_SPLIT = {"quality/scan.py": 424}
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
    if name in TESTED_ELSEWHERE or name in AWAITED:
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
    assert len((ROOT / module).read_text(encoding="utf-8").splitlines()) <= TO_SPLIT.get(module.as_posix(), MOST_LINES)


def test_every_rule_lies_in_a_set_and_every_set_has_metrics():
    rules = ROOT / "sql" / "rules"
    assert [path for path in rules.iterdir() if not path.is_dir()] == []
    for ruleset in rules.iterdir():
        assert (ROOT / "sql" / "metrics" / f"{ruleset.name}.sql").is_file()
