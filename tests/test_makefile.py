"""The Makefile: what its targets make, and that `make clean` takes away that and nothing else."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SMALL = ("DAYS=40", "STOCKS=8")


@pytest.fixture
def make(tmp_path):
    """Run make in a folder of its own, with an environment that is made already."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / ".make", tmp_path / ".make")
    command = tmp_path / ".venv" / "bin" / "pricewatch"
    command.parent.mkdir(parents=True)
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m jobs.cli "$@"\n')
    command.chmod(0o755)
    for name in (".demo", ".made-by-make"):
        (tmp_path / ".venv" / name).touch()

    def make(*arguments, code=0):
        done = subprocess.run(
            ["make", "--no-print-directory", *arguments],
            cwd=tmp_path,
            env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    return make


def write(path, text="mine\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_help_lists_every_target(make):
    names = {"demo", "test", "generate", "inject", "scan", "ingest", "check", "score", "report", "sql", "batch"}
    names |= {"bench", "lint", "clean", "setup"}
    listed = [line.split()[0] for line in make("help").splitlines()[1:]]
    assert names <= set(listed)


def test_clean_takes_away_what_targets_made_and_nothing_else(make, tmp_path):
    kept = [
        write(tmp_path / "data" / "mine" / "year=2020" / "prices.parquet"),
        write(tmp_path / "data" / "notes.txt"),
        write(tmp_path / "runs" / "mine" / "summary.json"),
        write(tmp_path / "dist" / "mine.whl"),
    ]
    make("scan", *SMALL)
    kept.append(write(tmp_path / "data" / "faulty" / "year=2020" / "notes.txt"))
    kept.append(write(tmp_path / "runs" / "scan" / "notes.txt"))
    said = make("clean")
    left = {path for path in tmp_path.rglob("*") if path.is_file() and ".make" not in path.parts}
    assert left == {*kept, tmp_path / "Makefile", tmp_path / "pyproject.toml"}
    assert "left: data, 3 files that no target made" in said
    assert not (tmp_path / ".venv").exists()


def test_clean_leaves_an_environment_that_make_did_not_make(make, tmp_path):
    (tmp_path / ".venv" / ".made-by-make").unlink()
    assert "left: .venv, make did not make it" in make("clean")
    assert (tmp_path / ".venv" / "bin" / "pricewatch").exists()


def test_a_panel_of_ones_own_is_not_replaced(make, tmp_path):
    mine = write(tmp_path / "data" / "clean" / "year=2020" / "prices.parquet")
    assert "already holds a panel" in make("generate", *SMALL, code=2)
    assert mine.read_text() == "mine\n"


def test_a_panel_that_a_target_made_is_made_again(make):
    make("generate", *SMALL)
    assert "× 9 tickers" in make("generate", "DAYS=40", "STOCKS=9")


def test_a_panel_with_prices_of_ones_own_is_ones_own(make, tmp_path):
    write(tmp_path / "in.csv", "date,ticker,price\n2020-01-02,ACME,1\n")
    make("inject", *SMALL)
    make("ingest", "FILES=in.csv")
    make("ingest", "FILES=in.csv", "PANEL=data/faulty")
    make("clean")
    for name in ("panel", "faulty"):
        assert (tmp_path / "data" / name / "year=2020" / "prices.parquet").exists()
    assert not (tmp_path / "data" / "clean").exists()


def test_what_fails_keeps_its_exit_code(make):
    assert "Error 2" in make("check", "FILE=gone.csv", "ARGS=--bogus", code=2)
