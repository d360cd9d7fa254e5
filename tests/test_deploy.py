"""What is ready to schedule: units that systemd takes, lines that name what is there, and a whole night."""

import ast
import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from quality.batch.config import read_batch

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_takes_service_and_timer(tmp_path):
    for name in ("pricewatch.service", "pricewatch.timer"):
        unit = (DEPLOY / name).read_text().replace("/srv/pricewatch/.venv/bin/pricewatch", sys.executable)
        (tmp_path / name).write_text(unit)
    command = ["systemd-analyze", "verify", *map(str, tmp_path.iterdir())]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_container_installs_extras_that_there_are():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    (named,) = re.findall(r"'\.\[(.*)\]'", (DEPLOY / "Containerfile").read_text())
    assert set(named.split(",")) <= set(extras)


def test_the_other_files_can_be_read():
    assert json.loads((DEPLOY / "eventbridge.json").read_text())["ScheduleExpression"].startswith("cron(30 18")
    ast.parse((DEPLOY / "airflow_dag.py").read_text())
    assert "batch nightly.toml" in (DEPLOY / "pricewatch.cron").read_text()


@pytest.mark.parametrize("name", ["nightly.toml", "nightly/nightly.toml"])
def test_the_examples_are_configurations(name):
    assert read_batch(ROOT / "examples" / name).tasks


def test_a_night_on_this_machine_is_published_mailed_and_told_once(tmp_path):
    command = [sys.executable, str(ROOT / "examples" / "nightly" / "run.py"), str(tmp_path / "night")]
    done = subprocess.run(
        command, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "equities 2021-08-19: 1 error (1 new)" in done.stdout
    assert "mails sent again: 0" in done.stdout
    events = [json.loads(line) for line in (tmp_path / "night" / "lineage.jsonl").read_text().splitlines()]
    assert [event["eventType"] for event in events] == ["START", "COMPLETE"] * 6
    assert "pricewatch_batch_exit_code 0.0" in (tmp_path / "night" / "metrics.prom").read_text()
