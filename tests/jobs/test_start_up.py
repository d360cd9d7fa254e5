"""A verb imports what it needs and no more: each heavy library costs every run a tenth of a second or more."""

import subprocess
import sys

import pytest

CHILD = """
import sys
from jobs.cli import main
sys.argv = ["pricewatch", *sys.argv[2:]]
code = main()
print(*(name for name in {watched} if name in sys.modules), file=sys.stderr)
sys.exit(code)
"""
HEAVY = ("polars", "pandas", "boto3", "pyarrow.dataset", "smtplib", "http.client", "exchange_calendars")


def imported(*arguments: str) -> list[str]:
    """The heavy libraries that a run of the command had imported at its end."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD.format(watched=HEAVY), "", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr.split("\n")[-2].split()


def test_a_scan_for_parquet_imports_no_frames(default_panels, tmp_path):
    run = str(tmp_path / "run")
    assert imported("scan", default_panels.faulty, run, "--ruleset", "notebook", "--format", "parquet", "--quiet") == []


@pytest.mark.parametrize("arguments", [["--help"], ["scan", "--help"]])
def test_help_imports_nothing_heavy(arguments):
    assert imported(*arguments) == []
