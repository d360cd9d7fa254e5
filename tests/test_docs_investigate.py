"""The worked investigation: its commands print what the page says, its Python lines, too."""

import io
import re
import shlex
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from jobs.cli import main
from quality.rules.loading import load_ruleset
from quality.scan.run import ScanOptions, scan
from quality.storage import open_store
from quality.synthetic.market import Market
from quality.synthetic.panels import write_faulty, write_market

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "investigate.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def commands():
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, answer = part.partition("\n")
            yield command, answer


@pytest.fixture(scope="module")
def after_demo(tmp_path_factory):
    """What `make demo` leaves, as far as the page looks at it."""
    folder = tmp_path_factory.mktemp("investigation")
    clean, faulty = open_store(folder / "demo/clean"), open_store(folder / "demo/faulty")
    write_market(Market(1000, 100), clean)
    write_faulty(clean, faulty, str(folder / "demo/truth.parquet"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)  # so that the run names its panel as the demo's does
        scan(open_store("demo/faulty"), open_store("demo/runs/scan"), load_ruleset("notebook"), ScanOptions())
    return folder


def test_the_commands_print_what_the_page_says(after_demo, monkeypatch, capsys):
    monkeypatch.chdir(after_demo)
    asked = list(commands())
    assert len(asked) >= 6
    for command, answer in asked:
        capsys.readouterr()
        assert main(shlex.split(command)[1:]) == 0, command
        printed = "\n".join(line.rstrip() for line in capsys.readouterr().out.splitlines())
        # A line of three dots stands for what the page leaves out.
        for piece in re.split(r"^…\n", answer, flags=re.MULTILINE):
            assert piece.rstrip("\n") in printed, command


def test_the_lines_of_python_print_what_the_page_says(after_demo, monkeypatch):
    monkeypatch.chdir(after_demo)
    (lines,), (answer,) = blocks("python"), blocks("text")
    out = io.StringIO()
    with redirect_stdout(out):
        exec(lines, {})  # noqa: S102 - the page's own lines
    assert out.getvalue() == answer


def test_the_question_that_the_page_shows_is_one(after_demo, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(after_demo)
    (question,) = blocks("sql")
    (tmp_path / "latest.sql").write_text(question)
    asked = ["sql", "latest", "--set", "ticker=ST0001", "--questions", str(tmp_path), "--panel", "demo/faulty"]
    assert main(asked) == 0
    assert len(capsys.readouterr().out.splitlines()) == 12


def test_the_picture_is_small():
    assert (Path(__file__).resolve().parents[1] / "docs" / "report.png").stat().st_size < 200_000
