"""`pricewatch completion`: the scripts are what the shells understand, and know every verb and flag."""

import json
import shutil
import subprocess

import pytest

from jobs.cli import VERBS


@pytest.fixture
def complete(pricewatch, tmp_path):
    """Give what bash offers for the last word of a command line."""
    (tmp_path / "script").write_text(pricewatch("completion", "bash").out)

    def complete(*words):
        program = 'source ./script; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _pricewatch; echo "${COMPREPLY[@]}"'
        done = subprocess.run(
            ["bash", "-c", program, "bash", *words], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        assert done.stderr == ""
        return done.stdout.split()

    return complete


def test_bash_offers_verbs(complete):
    assert complete("pricewatch", "") == list(VERBS)
    assert {"scan", "score", "sql"} <= set(complete("pricewatch", "s"))


def test_bash_offers_the_flags_of_the_verb(complete):
    assert {"--ruleset", "--rules"} <= set(complete("pricewatch", "scan", "--ru"))
    assert complete("pricewatch", "generate", "panel", "--see") == ["--seed"]
    for verb in VERBS:
        assert {"--json", "--help"} <= set(complete("pricewatch", verb, "--"))


def test_bash_offers_values_and_names(complete):
    assert complete("pricewatch", "scan", "--fail-on", "") == ["error", "warning"]
    assert complete("pricewatch", "check", "day.csv", "--ruleset", "no") == ["notebook"]
    assert "worst_tickers" in complete("pricewatch", "sql", "wor")


def test_bash_leaves_files_to_itself(complete):
    assert complete("pricewatch", "scan", "da") == []
    assert complete("pricewatch", "scan", "--rules", "da") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_takes_its_script(pricewatch, tmp_path, shell):
    script = pricewatch("completion", shell).out
    for verb in VERBS:
        assert verb in script
    if shutil.which(shell):
        (tmp_path / "script").write_text(script)
        subprocess.run([shell, "-n", "script"], cwd=tmp_path, check=True, capture_output=True)


def test_as_json_it_is_a_text(pricewatch):
    assert "complete -c pricewatch" in json.loads(pricewatch("completion", "fish", "--json").out)["script"]


def test_an_unknown_shell_is_told_which_there_are(pricewatch):
    assert "there is no 'zhs' (choose from 'bash', 'zsh', 'fish'); did you mean zsh?" in pricewatch(
        "completion", "zhs"
    ).failed(2)
