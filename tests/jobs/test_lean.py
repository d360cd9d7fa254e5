"""A library that is not needed seems not to be there, for as long as it is not needed."""

import gc
import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.lean import without_collection, without_import


def test_a_library_cannot_be_imported_within_and_can_be_after(monkeypatch):
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with without_import("colorsys"):
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module("colorsys")
        assert importlib.import_module("fractions")
    assert importlib.import_module("colorsys")


def test_what_was_imported_before_stays():
    with without_import("json"):
        assert importlib.import_module("json") is json


def test_garbage_is_sought_again_afterwards():
    with without_collection():
        assert not gc.isenabled()
    assert gc.isenabled()


@pytest.mark.parametrize("layout", ["wide", "long"])
def test_a_check_imports_what_it_needs(acceptance, tmp_path, layout):
    """Neither Polars nor pandas: each takes longer to import than the check of a day takes."""
    file = acceptance.file
    if layout == "long":
        header, fields = (line.split(",") for line in Path(file).read_text(encoding="utf-8").splitlines())
        rows = [f"{fields[0]},{name},{price}" for name, price in zip(header[1:], fields[1:], strict=True) if name]
        file = str(tmp_path / "day.csv")
        Path(file).write_text("\n".join(["date,ticker,price", *rows]), encoding="utf-8")
    code = (
        "import sys; from jobs.cli import main; "
        f"main(['check', {file!r}, '--history', {acceptance.history!r}, '--out', 'run', '--quiet']); "
        "print(sorted({'polars', 'pandas', 'boto3', 'smtplib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.splitlines()[-1] == "[]"
