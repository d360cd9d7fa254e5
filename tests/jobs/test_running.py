"""What every verb shares: where it speaks, progress, errors to codes, and nothing that escapes."""

import argparse
import datetime as dt
import io
import json
import logging
import sys
import types

import pytest

from jobs.running import Console, day, run_verb
from quality.errors import (
    DeliveryError,
    DestinationBusyError,
    InputError,
    NotEnoughHistoryError,
    QualityError,
    UsageError,
)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def verb(run):
    return types.SimpleNamespace(SUMMARY="Does it.", EXAMPLE="  pricewatch it", add_arguments=lambda _: None, run=run)


def raising(error):
    def run(_options, _settings, _console):
        raise error

    return verb(run)


class TestErrors:
    @pytest.mark.parametrize(
        ("name", "error", "code"),
        [
            ("scan", UsageError("x"), 2),
            ("scan", InputError("x"), 3),
            ("scan", NotEnoughHistoryError("x"), 3),
            ("scan", DestinationBusyError("x"), 3),
            ("scan", QualityError("x"), 3),
            ("scan", DeliveryError("x"), 3),
            ("mail", DeliveryError("x"), 4),
            ("demo", DeliveryError("x"), 4),
            ("scan", KeyboardInterrupt(), 130),
        ],
    )
    def test_are_one_line_and_a_code(self, capsys, name, error, code):
        assert run_verb(name, raising(error), []) == code
        out, err = capsys.readouterr()
        assert out == ""
        assert err == f"pricewatch {name}: {str(error) or 'interrupted'}\n"

    def test_a_bug_is_one_line_too_and_told_in_full_when_asked_for(self, capsys, caplog):
        assert run_verb("scan", raising(ZeroDivisionError("oh")), []) == 3
        line = capsys.readouterr().err
        assert line.startswith("pricewatch scan: internal error: ZeroDivisionError: oh; say --verbose")
        with caplog.at_level(logging.INFO):
            run_verb("scan", raising(ZeroDivisionError("oh")), ["--verbose"])
        assert "Traceback" in caplog.text

    def test_text_in_them_cannot_write_to_the_terminal(self, capsys):
        run_verb("scan", raising(InputError("a\x1b[2J\nb")), [])
        assert capsys.readouterr().err == "pricewatch scan: a\\x1b[2J\\nb\n"

    @pytest.mark.parametrize("flags", [["--bogus"], ["--threads", "x"], ["--threads", "0"], ["more"], ["--bogus\x1b"]])
    def test_bad_flags_are_one_line(self, capsys, flags):
        assert run_verb("scan", verb(lambda *_: 0), flags) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("pricewatch scan: ")
        assert line.isprintable()

    def test_options_are_not_abbreviated(self, capsys):
        assert run_verb("scan", verb(lambda *_: 0), ["--quie"]) == 2
        assert "--quie" in capsys.readouterr().err


class TestVerbs:
    def test_get_options_settings_and_console(self, monkeypatch, tmp_path):
        (tmp_path / "own.toml").write_text("[engine]\nthreads = 3\nrows_a_chunk = 9\n")
        seen = []
        monkeypatch.setenv("PRICEWATCH_ENGINE_THREADS", "4")

        def run(options, settings, console):
            seen.append((options.quiet, settings.threads, settings.rows_a_chunk, console.as_json))
            return 1

        assert run_verb("scan", verb(run), ["--config", "own.toml", "--threads", "5", "--json", "--quiet"]) == 1
        assert seen == [(True, 5, 9, True)]


class TestConsole:
    def test_results_go_to_stdout_and_messages_to_stderr(self, capsys):
        console = Console(as_json=False, quiet=False)
        console.say("result")
        console.note("message")
        console.result({"not": "asked for"})
        assert capsys.readouterr() == ("result\n", "message\n")

    def test_json_alone_where_it_is_asked_for(self, capsys):
        console = Console(as_json=True, quiet=True)
        console.say("result")
        console.note("message")
        console.result({"day": dt.date(2022, 1, 3), "values": [float("nan"), -float("inf"), 1.5], "text": "\x9b株"})
        out, err = capsys.readouterr()
        assert json.loads(out) == {"day": "2022-01-03", "values": ["nan", "-inf", 1.5], "text": "\x9b株"}
        assert (err, "\x9b" in out, "株" in out) == ("", False, True)

    def test_lines_stay_lines_and_escapes_are_shown(self, capsys):
        Console(as_json=False, quiet=False).say("a\nb\x1b[2J\tc")
        assert capsys.readouterr().out == "a\nb\\x1b[2J\\tc\n"

    def test_progress_is_shown_on_a_terminal_only(self, capsys):
        Console(as_json=False, quiet=False).progress("scan", 1, 1)
        assert capsys.readouterr() == ("", "")

    def test_progress_ends_its_line_before_anything_else(self, monkeypatch, capsys):
        monkeypatch.setattr(sys, "stderr", Terminal())
        console = Console(as_json=False, quiet=False)
        console.progress("scan", 1, 4)
        console.progress("scan", 2, 4)  # too soon to redraw
        console.say("result")
        console.progress("scan", 4, 4)
        assert sys.stderr.getvalue() == (
            "\rscan       [#######.......................] 1/4\n\rscan       [##############################] 4/4\n"
        )
        assert capsys.readouterr().out == "result\n"

    def test_quiet_shows_none(self, monkeypatch):
        monkeypatch.setattr(sys, "stderr", Terminal())
        Console(as_json=False, quiet=True).progress("scan", 1, 1)
        assert sys.stderr.getvalue() == ""


def test_a_day_is_an_iso_date():
    assert day("2022-09-26") == dt.date(2022, 9, 26)
    with pytest.raises(argparse.ArgumentTypeError, match=r"'26\.9\.2022' is not a date YYYY-MM-DD"):
        day("26.9.2022")
