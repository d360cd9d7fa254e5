"""The section "Write a rule in five minutes" of the page on rules, followed word for word by a newcomer."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from quality.rules.files import read_rule

_ROOT = Path(__file__).resolve().parent.parent
_TITLE = "## Write a rule in five minutes"


def _blocks() -> list[str]:
    section = (_ROOT / "docs" / "rules.md").read_text(encoding="utf-8").split(_TITLE)[1].split("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], Path]:
    """What each block of the section prints, run one after the other in an empty folder."""
    home = tmp_path_factory.mktemp("newcomer")
    command = home / "bin" / "pricewatch"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m jobs.cli "$@"\n')
    command.chmod(0o755)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PRICEWATCH_")},
        "PATH": f"{command.parent}:{os.environ['PATH']}",
        "PYTHONPATH": f"{_ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
    }
    printed = []
    for block in _blocks():
        done = subprocess.run(
            ["bash", "-euc", block], cwd=home, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{block}\n{done.stderr}"
        printed.append(done.stdout)
    return printed, home


def test_the_rule_that_the_newcomer_writes_is_the_one_in_the_examples(outputs: tuple[list[str], Path]):
    written = (outputs[1] / "my-rules" / "low_price.sql").read_text()
    assert written == (_ROOT / "examples" / "rules" / "low_price.sql").read_text()


def test_the_rule_is_listed_and_finds_low_prices(outputs: tuple[list[str], Path]):
    listed_and_run = outputs[0][1]
    assert re.search(r"low_price +limit +all +25 +25 +my-rules/low_price\.sql", listed_and_run)
    assert re.search(r"low_price +info .* Price below 25\.00 \(value=\d{1,2}\.\d+\)", listed_and_run)


def test_the_settings_reach_the_rule_and_are_named(outputs: tuple[list[str], Path]):
    where = r"pricewatch\.toml:5: rules\.notebook\.low_price\.tickers\.ST0011\.limit"
    assert re.search(rf"low_price +limit +ST0011 +25 +20 +{where}", outputs[0][2])
    before, after = (re.search(r"low_price +([\d,]+)$", text, re.MULTILINE) for text in outputs[0][1:])
    assert before
    assert after
    assert int(after[1]) < int(before[1])


def test_every_example_is_a_rule():
    names = [read_rule(path).name for path in sorted((_ROOT / "examples" / "rules").glob("*.sql"))]
    assert names == ["low_price", "too_many_decimals"]
