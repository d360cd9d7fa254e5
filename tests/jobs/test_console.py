"""Where a verb speaks: results, messages, JSON, tables and progress, each to its stream."""

import datetime as dt
import io
import json
import logging
import sys

import polars as pl
import pytest

from jobs.console import Console


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    """Make both streams a terminal of 60 columns; to be called within a test, whose streams pytest sets up late."""
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)

    def terminal():
        streams = Terminal(), Terminal()
        monkeypatch.setattr(sys, "stdout", streams[0])
        monkeypatch.setattr(sys, "stderr", streams[1])
        return streams

    return terminal


def test_results_go_to_stdout_and_messages_to_stderr(capsys):
    console = Console(as_json=False, quiet=False)
    console.say("result")
    console.note("message")
    console.result({"not": "asked for"})
    assert capsys.readouterr() == ("result\n", "message\n")


def test_quiet_hides_messages_but_no_damage(capsys):
    console = Console(as_json=False, quiet=True)
    console.note("message")
    console.warn("a year is damaged")
    assert capsys.readouterr() == ("", "a year is damaged\n")


def test_json_alone_where_it_is_asked_for(capsys):
    console = Console(as_json=True, quiet=True)
    console.say("result")
    console.note("message")
    console.table(pl.DataFrame({"a": [1]}))
    value = {"day": dt.date(2022, 1, 3), "values": [float("nan"), -float("inf"), 1.5], "text": "\x9b\x7f\u202e株"}
    console.result(value)
    out, err = capsys.readouterr()
    assert json.loads(out) == {"day": "2022-01-03", "values": ["nan", "-inf", 1.5], "text": "\x9b\x7f\u202e株"}
    assert (err, "株" in out) == ("", True)
    assert all(line.isprintable() for line in out.split("\n"))


def test_lines_stay_lines_and_escapes_are_shown(capsys):
    Console(as_json=False, quiet=False).say("a\nb\x1b[2J\tc")
    assert capsys.readouterr().out == "a\nb\\x1b[2J\\tc\n"


def test_data_keeps_its_bytes_for_programs(capsys):
    Console(as_json=False, quiet=False).data("a\x1b[2J\nb\n")
    assert capsys.readouterr().out == "a\x1b[2J\nb\n"


def test_data_does_not_command_a_terminal(terminal):
    out, _ = terminal()
    Console(as_json=False, quiet=True).data("a\x1b[2J\nb\n")
    assert out.getvalue() == "a\\x1b[2J\nb\n"


def test_a_table_fits_the_terminal_and_says_what_it_cuts(terminal):
    streams = terminal()
    rows = pl.DataFrame({"ticker": ["T" * 70], "message": ["zero"], "severity": ["error"], "expected": [1.5]})
    console = Console(as_json=False, quiet=False)
    console.table(rows)
    console.end()
    out, err = (stream.getvalue() for stream in streams)
    assert "\x1b[31mTTT" in out
    assert err == "1 value cut (…); a wider terminal or --json shows all\n"


def test_a_table_for_a_program_is_whole(capsys):
    Console(as_json=False, quiet=False).table(pl.DataFrame({"ticker": ["T" * 300], "message": ["zero " * 100]}))
    out, err = capsys.readouterr()
    assert ("T" * 300 in out, "zero " * 99 + "zero" in out, err) == (True, True, "")


@pytest.mark.parametrize("name", ["NO_COLOR", "TERM"])
def test_colour_can_be_forbidden(terminal, monkeypatch, name):
    monkeypatch.setenv(name, "dumb")
    streams = terminal()
    console = Console(as_json=False, quiet=False)
    console.say("total", "bold")
    console.warn("damage")
    console.end()
    assert "\x1b" not in streams[0].getvalue() + streams[1].getvalue()


def test_progress_is_shown_on_a_terminal_only(capsys):
    Console(as_json=False, quiet=False).progress("scan", 1, 1)
    assert capsys.readouterr() == ("", "")


def test_quiet_starts_no_progress(terminal):
    _, err = terminal()
    console = Console(as_json=False, quiet=True)
    console.progress("scan", 1, 1)
    console.end()
    assert err.getvalue() == ""


def test_each_stage_is_logged_at_its_end(caplog):
    console = Console(as_json=False, quiet=False)
    with caplog.at_level(logging.INFO):
        for done in (1, 2):
            console.progress("merge", done, 2)
    (record,) = caplog.records
    assert record.getMessage().startswith("merge: done, ")
