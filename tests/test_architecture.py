"""The shape of the house: who imports whom, what mirrors what, and how long a module may be."""

import ast
import re
from functools import cache
from graphlib import TopologicalSorter
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted(path.relative_to(ROOT) for package in ("quality", "jobs") for path in (ROOT / package).rglob("*.py"))
# The floors of the house, from the top down: a module imports from its own floor and from those above it only.
FLOORS = (
    ("errors",),
    ("text", "patterns", "digests", "installed"),
    ("values", "registers"),
    ("storage",),
    ("engine",),
    ("panel",),
    ("calendar",),
    ("synthetic",),
    ("rules",),
    ("findings",),
    ("evaluation",),
    ("scan",),
    ("ingest",),
    ("check",),
    ("scoring",),
    ("direct",),
    ("investigate",),
    ("delivery",),
    ("settings",),
    ("batch",),
    ("readiness",),
    ("servers",),
)
# Imports against the order, and why they are there.
EXEMPT: dict[tuple[str, str], str] = {}
SEEN_IN_BATCHES = "is seen in every batch: tests/quality/batch/test_run.py"
SEEN_IN_ROBUST = "is seen through the rules: tests/quality/evaluation/robust/test_metrics.py"
SEEN_IN_STRETCHES = "is seen through the rules: tests/quality/evaluation/robust/test_stretches.py"
# Modules that are tested by another file than their mirror, and why.
TESTED_ELSEWHERE = {
    "quality/delivery/smtp_settings.py": "says where and to whom: tests/quality/delivery/test_smtp.py",
    "quality/batch/work.py": SEEN_IN_BATCHES,
    "quality/batch/state.py": SEEN_IN_BATCHES,
    "quality/batch/deliveries.py": SEEN_IN_BATCHES,
    "quality/batch/reports.py": SEEN_IN_BATCHES,
    "quality/batch/outcome.py": SEEN_IN_BATCHES,
    "quality/batch/telling.py": SEEN_IN_BATCHES,
    "quality/delivery/story_text.py": "is what a story reads like: tests/quality/delivery/test_story.py",
    "quality/delivery/story_html.py": "is what a story reads like: tests/quality/delivery/test_story.py",
    "quality/errors.py": "holds names only; every test of a refusal uses them",
    "quality/registers.py": "is read as suppressions and as actions: tests/quality/findings/test_suppression_file.py",
    "quality/digests.py": "decides what a resumed scan keeps: tests/quality/scan/test_ledger.py",
    "quality/rules/severities.py": "holds names only",
    "quality/rules/model.py": "is what rule files are read into: tests/quality/rules/test_loading.py",
    "quality/rules/files.py": "is read through the loader: tests/quality/rules/test_loading.py",
    "quality/rules/description.py": "puts thresholds in force: tests/quality/rules/test_thresholds.py",
    "quality/engine/syntax.py": "is what rule files and queries are parsed by: tests/quality/engine/test_connection.py",
    "quality/panel/block.py": "is what panels are written from: tests/quality/panel/test_partitions.py",
    "quality/panel/parquet.py": "is what panels and findings are written by: tests/quality/panel/test_partitions.py",
    "quality/direct/recognise.py": "is what scan looks at first: tests/quality/direct/test_files.py",
    "quality/panel/year_files.py": "decodes what is indexed: tests/quality/panel/test_year_index.py",
    "quality/findings/columns.py": "holds names only",
    "quality/findings/csv_file.py": "is what a scan writes last: tests/jobs/test_scan.py",
    "quality/findings/quarantine.py": "is what an ingest refused: tests/quality/ingest/test_bad_files.py",
    "quality/evaluation/session_findings.py": "is tested with the gaps: tests/quality/calendar/test_session_gaps.py",
    "quality/evaluation/protocol.py": "holds names only: what every rule set implements",
    "quality/evaluation/rule_findings.py": "evaluates every rule: tests/quality/scan/test_run.py",
    "quality/scan/units.py": "holds names only: what every unit of work implements",
    "quality/evaluation/robust/common.py": "is known of groups: tests/quality/evaluation/robust/test_first_pass.py",
    "quality/evaluation/robust/blocks.py": SEEN_IN_STRETCHES,
    "quality/evaluation/robust/jumps.py": SEEN_IN_STRETCHES,
    "quality/evaluation/robust/runs.py": SEEN_IN_STRETCHES,
    "quality/evaluation/robust/lasting.py": SEEN_IN_STRETCHES,
    "quality/evaluation/robust/stretches.py": SEEN_IN_STRETCHES,
    "quality/evaluation/robust/shared.py": SEEN_IN_ROBUST,
    "quality/evaluation/robust/found.py": "finds what every rule finds: tests/quality/evaluation/robust/test_set.py",
    "quality/evaluation/robust/questions.py": "are what is asked: tests/quality/evaluation/robust/test_set.py",
    "quality/evaluation/robust/candidates.py": "picks for rules: tests/quality/evaluation/robust/test_evidence.py",
    "quality/evaluation/robust/volatility.py": SEEN_IN_ROBUST,
    "quality/evaluation/robust/windows.py": SEEN_IN_ROBUST,
    "quality/evaluation/robust/margins.py": SEEN_IN_ROBUST,
    "quality/evaluation/robust/levels.py": SEEN_IN_ROBUST,
    "quality/evaluation/robust/moves.py": SEEN_IN_ROBUST,
    "quality/evaluation/robust/sessions.py": SEEN_IN_ROBUST,
    "quality/evaluation/robust/outcome.py": SEEN_IN_ROBUST,
    "quality/scan/executors/local.py": "runs in every scan: tests/quality/scan/test_run.py",
    "quality/scan/options.py": "holds what a scan is told: tests/jobs/test_scan.py",
    "quality/scan/tasks.py": "decides what a resumed scan keeps: tests/quality/scan/test_ledger.py",
    "quality/scan/chunk.py": "runs in every scan: tests/quality/scan/test_run.py",
    "quality/scan/restated.py": "is what resuming finds: tests/quality/scan/test_ledger.py",
    "quality/check/appending.py": "is tested with the run: tests/quality/check/test_results.py",
    "quality/panel/years.py": "is what partitions are listed by: tests/quality/panel/test_partitions.py",
    "quality/storage/walking.py": "is how folders are listed: tests/quality/test_storage.py",
    "quality/findings/plain_text.py": "is how reports are written: tests/quality/findings/test_schema.py",
    "quality/findings/notebook_report.py": "is written by every check: tests/quality/findings/test_schema.py",
    "quality/check/day.py": "is what days are read into: tests/quality/check/test_day_file.py",
    "quality/check/day_table.py": "is what days are read by: tests/quality/check/test_day_file.py",
    "quality/check/report.py": "speaks at the end of a check: tests/quality/check/test_job.py",
    "quality/check/history.py": "is seen through the check: tests/quality/check/test_run.py",
    **dict.fromkeys(
        [f"quality/investigate/{name}.py" for name in ("catalogue", "files", "lazy_file", "sources", "views")],
        "is seen through queries: tests/quality/investigate/test_queries.py",
    ),
    **dict.fromkeys(
        [f"quality/investigate/report/{name}.py" for name in ("heat", "plots", "series", "pictures")],
        "is a part of the page: tests/quality/investigate/report/test_data.py",
    ),
    "quality/investigate/verdicts.py": "is what explain says of rules: tests/quality/investigate/test_explain.py",
    "quality/investigate/answers.py": "is how answers are given: tests/jobs/test_sql.py",
    "quality/delivery/mail_message.py": "is what is sent: tests/quality/delivery/test_smtp.py",
    "quality/scoring/trials.py": "is seen through score: tests/quality/scoring/test_score.py",
    "quality/scoring/realism/classes.py": "is what the bench measures on: tests/quality/scoring/realism/test_bench.py",
    "quality/scoring/realism/kinds.py": "is what is injected: tests/quality/scoring/realism/test_inject.py",
    "quality/scoring/realism/days.py": "is what is injected: tests/quality/scoring/realism/test_inject.py",
    "jobs/rule_options.py": "is the flags of scan and check: tests/jobs/test_rules.py",
    "quality/scan/executors/protocol.py": "holds a protocol only: both executors are tested",
    "quality/servers/spark.py": "is what scans run on: tests/quality/scan/executors/test_spark.py",
    "jobs/spark_submit.py": "is started by spark-submit: tests/quality/scan/executors/test_spark.py",
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


@cache
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


def test_imports_go_from_jobs_to_quality_and_never_back():
    barred = {"quality": {"tests", "jobs"}, "jobs": {"tests"}}
    wrong = [
        f"{module} imports {name}"
        for module in MODULES
        for name in imported(module)
        if name.split(".")[0] in barred.get(module.parts[0], {"tests"})
    ]
    assert wrong == []


def floor_of(name):
    """Give the part of a module's dotted name that stands on a floor: `quality.scan.run` stands on `scan`."""
    return name.split(".")[1]


def imports_between_floors():
    """Give every import of one part of the library by another: the module, the part, and the part that it imports."""
    for module in MODULES:
        if module.parts[0] != "quality" or module == Path("quality/__init__.py"):
            continue
        own = floor_of(".".join(module.with_suffix("").parts))
        for name in imported(module):
            if name.startswith("quality.") and floor_of(name) != own:
                yield module.as_posix(), own, floor_of(name)


def against_the_order():
    height = {part: floor for floor, parts in enumerate(FLOORS) for part in parts}
    return {(module, theirs) for module, own, theirs in imports_between_floors() if height[theirs] >= height[own]}


def test_every_part_of_the_library_stands_on_a_floor():
    parts = {module.with_suffix("").parts[1] for module in MODULES if module.parts[0] == "quality"} - {"__init__"}
    assert parts == {part for floor in FLOORS for part in floor}


def test_imports_go_up_the_floors_only():
    above = {part: set(uppers) for uppers, lowers in pairwise(FLOORS) for part in lowers}
    sorter = TopologicalSorter(above)
    exempt = set(EXEMPT)
    for module, own, theirs in imports_between_floors():
        if (module, theirs) not in exempt:
            sorter.add(own, theirs)
    list(sorter.static_order())  # a cycle would be an error that names it


def test_exemptions_from_the_order_are_still_needed():
    assert set(EXEMPT) <= against_the_order(), "an exemption is stale: remove it"


def test_modules_of_one_floor_do_not_import_in_circles():
    graph = {}
    for module in MODULES:
        if module.parts[0] == "quality":
            name = ".".join(module.with_suffix("").parts).removesuffix(".__init__")
            graph[name] = {other for other in imported(module) if other.startswith("quality.")} - {name}
    list(TopologicalSorter(graph).static_order())


@pytest.mark.parametrize(
    ("library", "doors"),
    [
        ("boto3", {"quality/storage"}),
        ("smtplib", {"quality/delivery/smtp.py"}),
        ("duckdb", {"quality/engine", "quality/ingest"}),
        ("argparse", {"jobs"}),
    ],
)
def test_each_library_has_its_door(library, doors):
    users = {module.as_posix() for module in MODULES if library in {name.split(".")[0] for name in imported(module)}}
    assert users
    assert {user for user in users if not any(user.startswith(door) for door in doors)} == set()


def mirror_of(module):
    door = next((test for package, test in ONE_DOOR.items() if module.as_posix().startswith(f"{package}/")), None)
    return door or f"tests/{module.parent.as_posix()}/test_{module.name}"


def test_every_module_has_its_mirror_among_the_tests():
    mirrored = [path for path in MODULES if path.name != "__init__.py" and path.as_posix() not in TESTED_ELSEWHERE]
    assert [mirror_of(module) for module in mirrored if not (ROOT / mirror_of(module)).exists()] == []


def test_what_is_tested_elsewhere_is_still_there():
    names = {module.as_posix() for module in MODULES}
    assert set(TESTED_ELSEWHERE) <= names


def test_every_module_opens_with_one_sentence():
    first = {module: (ast.get_docstring(tree(module)) or "").split("\n\n")[0] for module in MODULES}
    assert [str(module) for module, text in first.items() if not ONE_SENTENCE.fullmatch(text)] == []


def test_no_module_is_long():
    lines = {module: len((ROOT / module).read_text(encoding="utf-8").splitlines()) for module in MODULES}
    assert {str(module): count for module, count in lines.items() if count > MOST_LINES} == {}


def test_every_rule_lies_in_a_set_and_every_set_has_metrics():
    rules = ROOT / "sql" / "rules"
    assert [path for path in rules.iterdir() if not path.is_dir()] == []
    for ruleset in rules.iterdir():
        assert (ROOT / "sql" / "metrics" / f"{ruleset.name}.sql").is_file()


def test_every_module_is_on_the_map():
    floors = dict(
        re.findall(r"^\| `(\w+)/?` \| (.*) \|$", (ROOT / "docs" / "architecture.md").read_text(), re.MULTILINE)
    )
    for module in MODULES:
        if module.parts[0] != "quality" or module.name == "__init__.py":
            continue
        floor, *inner = module.with_suffix("").parts[1:]
        assert floor in floors, f"{module} stands on a floor that is not on the map"
        assert not inner or f"`{'/'.join(inner)}`" in floors[floor], f"{module} is not on the map"


def test_the_map_names_no_module_that_is_gone():
    for floor, text in re.findall(
        r"^\| `(\w+)/` \| (.*) \|$", (ROOT / "docs" / "architecture.md").read_text(), re.MULTILINE
    ):
        for name in re.findall(r"`([a-z0-9_/]+)`", text.rpartition(": ")[2]):
            assert (ROOT / "quality" / floor / f"{name}.py").exists(), f"{floor}/{name} is on the map and gone"


def test_the_readme_shows_the_floors_in_their_order():
    lines = re.search(r"```\n(errors → .*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert lines, "README shows no floors"
    shown = [re.split(r"\s{2,}", floor)[0].split() for floor in lines[1].split("→")]
    assert [tuple(floor) for floor in shown] == list(FLOORS)
