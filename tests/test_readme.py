"""README: short, it leads to every page, and what it tells a newcomer to type works, in order."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
PAGES = [README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)
README_BYTES = 8_192


def anchor(heading: str) -> str:
    """Give the anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def blocks(page: Path, title: str) -> list[str]:
    """Give the commands of a section: its blocks of `sh`, in order."""
    section = page.read_text(encoding="utf-8").split(f"## {title}\n")[1].split("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_headings_that_are_there(page: Path):
    for link in _LINK.findall(page.read_text(encoding="utf-8")):
        name, _, fragment = link.partition("#")
        if "://" in link:
            continue
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{page.name}: {link}"
        if fragment:
            anchors = {anchor(heading) for heading in _HEADING.findall(target.read_text(encoding="utf-8"))}
            assert fragment in anchors, f"{page.name}: {link}"


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name)
def test_the_readme_leads_to_every_page(page: Path):
    assert f"(docs/{page.name}" in README.read_text(encoding="utf-8")


def test_the_readme_is_short():
    assert len(README.read_bytes()) <= README_BYTES


def test_the_tour_works_in_order(tmp_path: Path):
    command = tmp_path / "bin" / "pricewatch"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m jobs.cli "$@"\n')
    command.chmod(0o755)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PRICEWATCH_")},
        "PATH": f"{command.parent}:{os.environ['PATH']}",
        "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
    }
    home = tmp_path / "home"
    home.mkdir()
    for block in ["pricewatch demo demo\n", *blocks(README, "A tour")]:
        done = subprocess.run(
            ["bash", "-euc", block], cwd=home, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        assert done.stdout


def test_the_reference_that_is_shown_is_the_one_in_force():
    shown = re.search(r"```sql\n(.*?)\n```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert shown
    assert shown[1] in (ROOT / "sql" / "reference" / "notebook.sql").read_text(encoding="utf-8")
