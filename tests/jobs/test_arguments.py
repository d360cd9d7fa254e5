"""Arguments: mistakes are one line that says what was meant, values are checked by kind."""

import argparse
import datetime as dt

import pytest

from jobs.arguments import Parser, day, whole_number


@pytest.fixture
def refused(capsys):
    """Give what a parser says of a command line that it refuses."""

    def refused(*given):
        parser = Parser(prog="pricewatch scan", allow_abbrev=False)
        parser.add_argument("panel", metavar="PANEL")
        parser.add_argument("--ruleset", choices=["robust", "notebook"])
        parser.add_argument("--rules", action="append", default=[])
        parser.add_argument("--limit", type=float)
        with pytest.raises(SystemExit) as ended:
            parser.parse_args(given)
        assert ended.value.code == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("pricewatch scan: ")
        assert line.endswith("; see pricewatch scan --help")
        return line.removeprefix("pricewatch scan: ").removesuffix("; see pricewatch scan --help")

    return refused


def test_an_unknown_flag_is_named_before_anything_else(refused):
    assert refused("--rulesset", "robust") == "there is no flag --rulesset; did you mean --ruleset or --rules?"
    assert refused("--xyzzy=1", "panel") == "there is no flag --xyzzy"


def test_the_value_of_an_unknown_flag_is_not_repeated(refused):
    assert "hunter2" not in refused("panel", "--password=hunter2")
    assert "hunter2" not in refused("panel", "--password", "hunter2")


def test_an_unknown_choice_is_told_what_there_is(refused):
    told = refused("panel", "--ruleset", "notebok")
    assert "there is no 'notebok' (choose from 'robust', 'notebook'); did you mean notebook?" in told


@pytest.mark.parametrize(
    ("given", "name"),
    [([""], "PANEL"), (["p", "--rules", ""], "--rules"), (["p", "--rules="], "--rules"), (["p", "--rules=a", ""], "")],
)
def test_an_empty_value_is_refused_by_name(refused, given, name):
    told = refused(*given)
    assert told == f"{name} is empty" if name else "more arguments" in told


def test_too_many_arguments_are_shown(refused):
    assert refused("one", "two\x1b") == r"more arguments than it takes: two\x1b"


def test_negative_numbers_and_what_follows_two_dashes_are_no_flags():
    parser = Parser(allow_abbrev=False)
    parser.add_argument("panel")
    parser.add_argument("--limit", type=float)
    assert vars(parser.parse_args(["--limit", "-0.2", "--", "--odd"])) == {"panel": "--odd", "limit": -0.2}


@pytest.mark.parametrize("text", ["0", "1025", "-1", "1e3", "", "٣", "9" * 5_000])
def test_a_whole_number_is_within_bounds(text):
    with pytest.raises(argparse.ArgumentTypeError) as refusal:
        whole_number(1, 1024)(text)
    assert len(str(refusal.value)) < 100


def test_a_whole_number_is_read():
    assert [whole_number(-5, 5)(text) for text in ("5", "-5", "+1", "0003")] == [5, -5, 1, 3]


def test_a_day_is_an_iso_date():
    assert day("2022-09-26") == dt.date(2022, 9, 26)
    with pytest.raises(argparse.ArgumentTypeError, match=r"'26\.9\.2022' is not a date YYYY-MM-DD"):
        day("26.9.2022")


@pytest.mark.parametrize("flags", [["--rules", ""], ["--rules="], ["--rules", "mine", "--rules", ""]])
def test_an_empty_folder_is_not_the_current_one(pricewatch, flags):
    assert pricewatch("scan", "panel", "run", *flags).failed(2).startswith("pricewatch scan: --rules is empty")
    assert "CONFIG is empty" in pricewatch("batch", "").failed(2)
