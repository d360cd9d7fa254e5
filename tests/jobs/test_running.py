"""What every verb shares: where it speaks, progress, errors to codes, and nothing that escapes."""

import logging
import types

import pytest

from jobs.running import run_verb
from quality.errors import (
    DeliveryError,
    DestinationBusyError,
    InputError,
    NotEnoughHistoryError,
    QualityError,
    UsageError,
)


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

    def test_a_panic_of_a_library_is_no_traceback_either(self, capsys):
        class Panic(BaseException):
            pass

        assert run_verb("scan", raising(Panic("index out of range")), []) == 3
        assert "internal error: Panic: index out of range" in capsys.readouterr().err

    def test_text_in_them_cannot_write_to_the_terminal(self, capsys):
        run_verb("scan", raising(InputError("a\x1b[2J\nb")), [])
        assert capsys.readouterr().err == "pricewatch scan: a\\x1b[2J\\nb\n"

    @pytest.mark.parametrize(
        "flags",
        [["--bogus"], ["--threads", "x"], ["--threads", "0"], ["--threads", "1000000"], ["more"], ["--bogus\x1b"]],
    )
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

    def test_say_what_they_use_and_took_when_asked(self, caplog):
        with caplog.at_level(logging.INFO):
            run_verb("scan", verb(lambda *_: 1), ["--verbose", "--threads", "3"])
        told = caplog.text
        assert "scan: python 3." in told
        assert "threads 3, memory limit 1024 MiB, in /" in told
        assert "scan: exit code 1, " in told


class TestInterrupted:
    def test_says_how_to_go_on(self, capsys):
        module = raising(KeyboardInterrupt())
        module.AFTER_INTERRUPT = "go on with: {command} --resume"
        module.add_arguments = lambda parser: parser.add_argument("panel")
        assert run_verb("scan", module, ["my panel", "--quiet"]) == 130
        assert capsys.readouterr().err == (
            "pricewatch scan: interrupted; go on with: pricewatch scan 'my panel' --quiet --resume\n"
        )
