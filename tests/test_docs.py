"""The pages of the documentation: what they show of the command line is what it says."""

import re
from pathlib import Path

import pytest

from jobs.cli import VERBS, main
from jobs.running import build_parser

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted((ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert "://" in target or (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_verbs_that_are_shown_exist(page):
    shown = set(re.findall(r"^(?:\$ )?pricewatch ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
    assert shown - {"help", "scna"} <= set(VERBS)


def test_mistakes_are_answered_as_the_page_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\$ pricewatch (scna|scan .*--rulset.*)\n(pricewatch.*)$", page, re.MULTILINE)
    assert len(shown) == 2
    for command, answer in shown:
        assert main(command.split()) == 2
        assert capsys.readouterr().err == f"{answer}\n"


def test_every_common_option_is_on_the_page():
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    from jobs import rules  # noqa: PLC0415 - any verb has them

    common = next(group for group in build_parser("rules", rules).groups() if group.title == "common options")
    for action in common._group_actions:
        assert f"`{action.option_strings[0]}" in page
