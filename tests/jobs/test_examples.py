"""The examples in every verb's help: each works after `make demo`, as it stands."""

import importlib
import shlex

import pytest

from jobs.cli import VERBS, main
from quality.servers.smtp import SmtpServer


@pytest.fixture(scope="module")
def after_demo(tmp_path_factory):
    """A folder in which the demo has run."""
    folder = tmp_path_factory.mktemp("after")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main(["demo", "demo", "--quiet"]) == 0
    return folder


@pytest.fixture(scope="module")
def smtp():
    with SmtpServer() as server:
        yield server


def commands(verb):
    """Give the commands of a verb's examples, as lists of words; what follows `#` is a comment."""
    for line in importlib.import_module(f"jobs.{verb}").EXAMPLE.splitlines():
        if "pricewatch" not in line:  # a file that is shown, or a comment
            continue
        words = shlex.split(line, comments=True)
        while words and "=" in words[0]:  # variables before the command
            words.pop(0)
        if words[:1] == ["pricewatch"]:
            yield words[1:]


@pytest.mark.parametrize("verb", VERBS)
def test_the_examples_work_after_the_demo(verb, after_demo, smtp, monkeypatch, capsys):
    monkeypatch.chdir(after_demo)
    for name, value in {
        "HOST": smtp.host,
        "PORT": str(smtp.port),
        "USER": smtp.user,
        "PASSWORD": smtp.password,
        "SENDER": "pricewatch@example.com",
        "RECIPIENTS": "desk@example.com",
        "CA_FILE": str(smtp.ca_file),
    }.items():
        monkeypatch.setenv(f"PRICEWATCH_MAIL_{name}", value)
    found = list(commands(verb))
    assert verb in [words[0] for words in found], f"{verb} has no example"
    for words in found:
        code = main(words)
        out, err = capsys.readouterr()
        assert code == 0, f"pricewatch {shlex.join(words)}: {err}"
        assert "Traceback" not in out + err
