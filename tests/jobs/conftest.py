"""The command as a person meets it: its exit code, its results and its messages."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from jobs.cli import main

CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Outcome:
    """What a command left behind: exit code, stdout and stderr."""

    code: int
    out: str
    err: str

    def failed(self, code: int) -> str:
        """Give the one line of an error, which must be all there is."""
        assert (self.code, self.out) == (code, ""), self
        (line,) = self.err.splitlines()
        assert line.startswith("pricewatch")
        assert "Traceback" not in line
        assert "internal error" not in line
        return line


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test runs in its own folder, without settings of whoever runs it."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith("PRICEWATCH_"):
            monkeypatch.delenv(name)


@pytest.fixture
def pricewatch(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run the command in this process."""

    def run(*arguments: object) -> Outcome:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Outcome(code, out, err)

    return run


@pytest.fixture
def process(tmp_path: Path) -> Callable[..., Outcome]:
    """Run the command in a process of its own."""

    def run(*arguments: object, stdin: str = "", **environment: str) -> Outcome:
        done = subprocess.run(
            [sys.executable, "-m", "jobs.cli", *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": str(CHECKOUT), **environment},
            cwd=tmp_path,
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run
