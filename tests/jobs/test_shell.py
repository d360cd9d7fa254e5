"""The shell of `pricewatch sql`, in a terminal of its own and line by line."""

import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from jobs.console import Console
from jobs.shell import Shell, Words, history_file
from quality.investigate.queries import Limits, Sources
from quality.investigate.questions import saved_questions

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def shell(flat_panel):
    return Shell(Sources(flat_panel.address), Limits(), saved_questions(), (), Console(as_json=False, quiet=False))


def completions(shell, text):
    return {found.text for found in Words(shell).get_completions(Document(text, len(text)), CompleteEvent())}


def test_completes_views_columns_questions_and_commands(shell):
    assert "findings" in completions(shell, "select * from fin")
    assert {"price", "price_count"} <= completions(shell, "select pri")
    assert completions(shell, "select * from panel where pri") == {"price"}
    assert "worst_tickers" in completions(shell, "wor")
    assert completions(shell, ".q") == {".questions", ".quit"}
    assert completions(shell, "select ") == set()


def test_enter_ends_a_statement_at_its_semicolon(shell):
    assert not shell.is_complete("select 1")
    assert all(map(shell.is_complete, ("select 1;", "", ".help", "coverage", "ticker_history ticker=A", "quit")))


def test_answers_and_goes_on_after_a_mistake(shell, capsys):
    assert shell.answer("select prize from panel;")
    assert "prize" in capsys.readouterr().err
    assert shell.answer("select count(*) as days from panel;")
    assert capsys.readouterr().out.splitlines()[-1].strip() == "30"
    assert shell.answer("coverage")
    assert "per_cent_priced" in capsys.readouterr().out


def test_formats_rows_and_help(shell, capsys):
    for line in (
        ".format csv",
        ".rows 2",
        "select range as n from range(9);",
        ".help findings",
        ".views",
        ".help",
        ".x",
    ):
        assert shell.answer(line)
    out, err = capsys.readouterr()
    assert out.startswith("n\n0\n1\n2")
    assert re.search(r"deviation +price / expected - 1", out)
    assert "cannot do .x" in err
    assert not shell.answer("quit")
    assert not shell.answer(".quit")


def test_the_history_is_its_owners_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert history_file() == tmp_path / "pricewatch" / "sql_history"
    assert history_file().stat().st_mode & 0o077 == 0


def test_in_a_terminal_it_reads_several_lines_and_answers(flat_panel, tmp_path):
    master, slave = pty.openpty()
    running = subprocess.Popen(
        [sys.executable, "-m", "jobs.cli", "sql", "--panel", flat_panel.address],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "TERM": "xterm", "XDG_STATE_HOME": str(tmp_path)},
    )
    os.close(slave)

    screen = ""

    def until(text):
        """Read the screen up to a text; what follows is for the next time."""
        nonlocal screen
        end = time.monotonic() + 20
        while text not in screen:
            assert select.select([master], [], [], max(end - time.monotonic(), 0))[0], screen
            new = os.read(master, 4096).decode(errors="replace")
            if "\x1b[6n" in new:  # where is the cursor?
                os.write(master, b"\x1b[1;1R")
            screen += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", new)
        screen = screen.partition(text)[2]

    until("sql>")
    os.write(master, b"select 40 + 2\r")
    until("…>")
    os.write(master, b"as answer;\r")
    until("42")
    until("sql>")
    os.write(master, b"\x04")
    assert running.wait(timeout=20) == 0
    os.close(master)
    assert "select 40 + 2" in (tmp_path / "pricewatch" / "sql_history").read_text()
