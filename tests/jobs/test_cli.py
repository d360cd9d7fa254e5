"""The `pricewatch` command: verbs, help, what is imported, and real processes that end as they should."""

import subprocess
import sys
from pathlib import Path

import pytest

from jobs.cli import VERBS

NOTEBOOK = ("--ruleset", "notebook")
README = Path(__file__).resolve().parents[2] / "README.md"


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example(pricewatch, verb):
    done = pricewatch(verb, "--help")
    assert (done.code, done.err) == (0, "")
    _, _, example = done.out.partition("example:\n")
    assert f"pricewatch {verb}" in example
    assert "--json" in done.out


@pytest.mark.parametrize("verb", VERBS)
def test_the_readme_mentions_every_verb(verb):
    text = README.read_text(encoding="utf-8")
    assert f"`{verb} " in text or f"`{verb}`" in text


def test_the_usage_lists_every_verb_and_exit_code(pricewatch):
    done = pricewatch("--help")
    assert done.code == 0
    for verb, what in VERBS.items():
        assert f"{verb} " in done.out
        assert what in done.out
    assert pricewatch("help").out == done.out
    nothing = pricewatch()
    assert (nothing.code, nothing.out) == (2, done.out)


def test_the_version_is_told(pricewatch):
    assert pricewatch("--version").out.startswith("pricewatch 0.")


def test_an_unknown_verb_is_told_what_there_is(pricewatch):
    assert pricewatch("scna").failed(2) == "pricewatch: no verb 'scna'; did you mean scan?"
    assert "no verb 'xyzzy'; there is " in pricewatch("xyzzy").failed(2)
    assert "\x1b" not in pricewatch("\x1b[31m").failed(2)


def test_help_imports_no_heavy_library(tmp_path):
    program = (
        "import sys; from jobs.cli import main; main(['--help'])\n"
        "print(*[name for name in ('polars', 'duckdb', 'numpy', 'boto3', 'argparse') if name in sys.modules], sep=',')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(README.parent)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == ""


class TestProcesses:
    """Once for every exit code: what a shell and a scheduler see."""

    def test_0_results_on_stdout_and_nothing_on_stderr(self, process):
        done = process("generate", "clean", "--days", 5)
        assert (done.code, done.err) == (0, "")
        assert done.out.startswith("clean: 3 sessions")

    def test_1_findings(self, process, acceptance):
        done = process("check", acceptance.file, "--history", acceptance.history, *NOTEBOOK, "--fail-on", "error")
        assert done.code == 1
        assert done.out.splitlines() == acceptance.lines

    def test_2_wrong_usage(self, process):
        assert "--bogus" in process("scan", "panel", "run", "--bogus").failed(2)

    def test_3_no_input(self, process):
        assert "no panel at none" in process("scan", "none", "run").failed(3)

    def test_4_not_delivered(self, process, acceptance):
        process("check", acceptance.file, "--history", acceptance.history, "--out", "run")
        environment = {
            "PRICEWATCH_MAIL_HOST": "127.0.0.1",
            "PRICEWATCH_MAIL_PORT": "9",
            "PRICEWATCH_MAIL_SENDER": "a@example.com",
            "PRICEWATCH_MAIL_ATTEMPTS": "1",
        }
        assert "mail server 127.0.0.1:9" in process("mail", "run", "--to", "b@example.com", **environment).failed(4)

    def test_a_terminal_without_unicode_fails_no_job(self, process):
        done = process("generate", "clean", "--days", 5, PYTHONIOENCODING="ascii")
        assert (done.code, done.err) == (0, "")
        assert r"3 sessions \xd7 100 tickers" in done.out

    def test_a_reader_that_has_seen_enough_is_no_error(self, tmp_path):
        command = '"$0" -m jobs.cli sql "select range from range(1000000)" --csv | head -n 1'
        done = subprocess.run(
            ["bash", "-c", f"set -o pipefail; {command}", sys.executable],
            env={"PYTHONPATH": str(README.parent), "PATH": "/usr/bin:/bin"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "range\n", "")
