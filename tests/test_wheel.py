"""The wheel: what it holds, and that it needs no checkout; `make test-wheel` installs it and runs every verb."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """Build the wheel, and unpack it into an empty folder."""
    built, folder = tmp_path_factory.mktemp("built"), tmp_path_factory.mktemp("unpacked")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(built), str(ROOT)],
        capture_output=True,
        check=True,
    )
    (wheel,) = built.iterdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture
def run(unpacked, tmp_path):
    """Run Python on the unpacked wheel only: no checkout, no user's site, no settings of this process."""

    def run(*arguments, code=0):
        done = subprocess.run(
            [sys.executable, "-s", "-P", *map(str, arguments)],
            env={"PYTHONPATH": str(unpacked), "PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8"},
            cwd=tmp_path,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout

    return run


def test_the_wheel_holds_the_packages_the_statements_and_nothing_else(unpacked):
    assert (unpacked / "quality" / "py.typed").is_file()
    assert {path.name for path in unpacked.iterdir() if path.suffix != ".dist-info"} == {"quality", "jobs"}
    here = {path.relative_to(ROOT / "sql") for path in (ROOT / "sql").rglob("*.sql")}
    there = {path.relative_to(unpacked / "quality/sql") for path in (unpacked / "quality/sql").rglob("*.sql")}
    assert there == here


def test_the_statements_are_the_wheels_own(run, unpacked):
    program = (
        "from quality.engine.statements import sql_root; import jobs.cli; "
        "print(sql_root(), jobs.cli.__file__, sep='\\n')"
    )
    root, module = (Path(line) for line in run("-c", program).splitlines())
    assert root == unpacked / "quality" / "sql"
    assert module == unpacked / "jobs" / "cli.py"
