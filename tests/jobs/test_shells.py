"""Scripts for shells: descriptions with quotes and brackets stay descriptions."""

import shlex

import pytest

from jobs.shells import SHELLS, Flag, Verb, fish, zsh

ODD = 'it\'s [a] "b": $(rm) `c` \\'
VERBS = [
    Verb("scan", ODD, (Flag("--limit", ODD, takes_value=True), Flag("--on", ODD, False, ()))),
    Verb("sql", "x", ()),
]


def test_zsh_words_are_quoted():
    words = shlex.split(next(line for line in zsh(VERBS).splitlines() if "--limit" in line).rstrip("\\"))
    assert words == ['--limit[it\'s \\[a\\] "b"\\: $(rm) `c` \\\\]:value:_files']


def test_fish_words_are_quoted():
    assert r"""-l limit -r -d 'it\'s [a] "b": $(rm) `c` \\'""" in fish(VERBS)
    assert "-l on -d " in fish(VERBS)


@pytest.mark.parametrize("shell", SHELLS)
def test_values_are_offered_where_there_are_any(shell):
    flag = Flag("--fail-on", "x", takes_value=True, values=("error", "warning"))
    assert "error warning" in SHELLS[shell]([Verb("scan", "x", (flag,), ("name",))])
