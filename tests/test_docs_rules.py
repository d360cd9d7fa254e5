"""docs/rules.md is true: its five minutes run and print what it shows, and its tables are those of the code."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from quality.rules.files import read_rule
from quality.rules.structural import STRUCTURAL_RULES

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
SECTION = PAGE.split("## Write a rule in five minutes")[1].split("\n## ")[0]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    command = tmp_path / "bin" / "pricewatch"
    command.parent.mkdir()
    command.write_text(
        f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {shlex.quote(sys.executable)} -m jobs.cli "$@"\n'
    )
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{command.parent}:/usr/bin:/bin")
    return tmp_path


def bash(text, folder):
    return subprocess.run(["bash", "-uc", text], cwd=folder, capture_output=True, text=True, check=False)


def test_the_rule_of_five_minutes_finds_what_the_page_shows_and_a_wrong_one_is_refused_as_it_says(folder):
    (script,) = re.findall(r"```sh\n(.*?)```", SECTION, re.DOTALL)
    shown, refusal = re.findall(r"```console\n(.*?)```", SECTION, re.DOTALL)
    done = bash(script, folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(shown)
    rule = folder / "my-rules" / "low_price.sql"
    rule.write_text(rule.read_text().replace("price < ", "prise < "))
    command, message = refusal.splitlines()
    assert bash(command.removeprefix("$ "), folder).stderr.strip() == message


def test_the_rule_is_the_one_of_the_examples(folder):
    (script,) = re.findall(r"```sh\n(.*?SQL\n)", SECTION, re.DOTALL)
    assert bash(script, folder).returncode == 0
    written = (folder / "my-rules" / "low_price.sql").read_text()
    assert written == (ROOT / "examples" / "rules" / "low_price.sql").read_text()


def test_every_structural_rule_stands_in_the_table_with_severity_and_parameters():
    rows = {row[0]: row[1:] for row in re.findall(r"\| `(\w+)` \| (\w+) \| .*? \|(.*)\|", PAGE)}
    for name, rule in STRUCTURAL_RULES.items():
        severity, parameters = rows[name]
        assert severity == rule.severity
        shown = ", ".join(f"{key} = {value:g}" for key, value in rule.parameters.items())
        assert parameters.strip(" `") == shown


def test_every_example_is_a_rule():
    names = [read_rule(path).name for path in sorted((ROOT / "examples" / "rules").glob("*.sql"))]
    assert names == ["low_price", "too_many_decimals"]
