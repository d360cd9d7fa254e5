"""The file of suppressions: CSV and TOML, and what is wrong in it, with file and line."""

import datetime as dt
from pathlib import Path

import pytest

from quality.errors import UsageError
from quality.findings.suppression_file import open_suppressions, read_suppressions
from quality.findings.suppressions import NO_SUPPRESSIONS

_TODAY = dt.date(2024, 6, 30)
_HEADER = "rule,ticker,from,to,reason,author,expires\n"


def _read(text: str, name: str = "known.csv"):
    return read_suppressions(text.encode(), name, _TODAY)


def test_csv_and_toml_say_the_same():
    csv = _read(
        f'\ufeff{_HEADER}\nprice_*,ST0059,2022-09-01,2022-09-30,"a, ""b""\n c",anna,2024-06-30\n*,A,,,x,b,2024-06-29\n'
    )
    toml = _read(
        '[[suppression]]\nrule = "price_*"\nticker = "ST0059"\nfrom = 2022-09-01\nto = "2022-09-30"\n'
        'reason = "a, \\"b\\"\\n c"\nauthor = "anna"\nexpires = 2024-06-30\n'
        '[[suppression]]\nrule = "*"\nticker = "A"\nreason = "x"\nauthor = "b"\nexpires = 2024-06-29\n',
        "known.toml",
    )
    first = csv.entries[0]
    assert (first.rule, first.ticker, first.start, first.end) == (
        "price_*",
        "ST0059",
        dt.date(2022, 9, 1),
        dt.date(2022, 9, 30),
    )
    assert (first.reason, first.author, first.expires) == ('a, "b"\n c', "anna", _TODAY)
    assert [entry.id for entry in csv.entries] == [entry.id for entry in toml.entries]
    assert [entry.line for entry in csv.entries] == [3, 5]
    assert [entry.line for entry in toml.entries] == [1, 9]


def test_an_entry_holds_through_the_day_on_which_it_expires():
    suppressions = _read(f"{_HEADER}a,A,,,x,b,2024-06-30\nb,A,,,x,b,2024-06-29\n")
    assert [entry.rule for entry in suppressions.in_force(_TODAY, _TODAY)] == ["a"]
    assert [entry.rule for entry in suppressions.entries if entry.expires < suppressions.today] == ["b"]


def test_from_and_to_may_be_left_out_altogether():
    (entry,) = _read("expires,rule,ticker,author,reason\n2099-01-01,r,T,a,because\n").entries
    assert (entry.start, entry.end) == (None, None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "known.csv: is empty; a file of suppressions has the columns rule,ticker,"),
        ("rule,ticker,reason,author\n", "known.csv:1: the header lacks expires"),
        ("rule,rule,ticker,reason,author,expires\n", "known.csv:1: column 'rule' stands twice"),
        ("rule,tickers,reason,author,expires\n", "known.csv:1: no column 'tickers'; there is rule, ticker"),
        (f"{_HEADER}a,A,,,x,b\n", "known.csv:2: has 6 fields, its header 7"),
        (f"{_HEADER}a,A,,,,b,2099-01-01\n", "known.csv:2: lacks reason"),
        (f"{_HEADER},A,,,x,,2099-01-01\n", "known.csv:2: lacks rule, author"),
        (f"{_HEADER}a,A,,,x,b,\n", "known.csv:2: lacks expires"),
        (f"{_HEADER}a,A,,,x,b,20990101\n", "known.csv:2: expires: '20990101' is not a date YYYY-MM-DD"),
        (f"{_HEADER}a,A,2024-02-30,,x,b,2099-01-01\n", "known.csv:2: from: '2024-02-30' is not a date"),
        (f"{_HEADER}a,A,2024-02-02,2024-02-01,x,b,2099-01-01\n", "known.csv:2: from 2024-02-02 is after to 2024-02-01"),
        (f"{_HEADER}a,A,,,x,b,2099-01-01\na,A,,,y,c,2098-01-01\n", "known.csv:3: is for the same findings as line 2"),
        (f'{_HEADER}a,A,,,"x\n', "known.csv:2: unexpected end of data"),
        (f"{_HEADER}a,A,\x1b[2J,,x,b,2099-01-01\n", r"known.csv:2: from: '\x1b[2J' is not a date"),
    ],
)
def test_a_mistake_in_csv_is_named_with_file_and_line(text: str, message: str):
    with pytest.raises(UsageError) as wrong:
        _read(text)
    assert message in str(wrong.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[exception]\n", "known.toml: is not TOML"),
        ("[exception]\n", "known.toml: suppression must be tables [[suppression]]"),
        ("[[suppressions]]\n", "known.toml: no key 'suppressions'"),
        ('\n[[suppression]]\nrule = "a"\n', "known.toml:2: lacks ticker, reason, author, expires"),
        (
            '[[suppression]]\nrule = 1\nticker = "A"\nreason = "x"\nauthor = "b"\nexpires = 2099-01-01\n',
            "known.toml:1: rule: 1 is not text",
        ),
        (
            '[[suppression]]\nrule = "a"\nticker = "A"\nreason = "x"\nauthor = "b"\nexpires = 2099-01-01\nuntil = 1\n',
            "known.toml:1: no key 'until'",
        ),
    ],
)
def test_a_mistake_in_toml_is_named_with_file_and_line(text: str, message: str):
    with pytest.raises(UsageError) as wrong:
        _read(text, "known.toml")
    assert message in str(wrong.value)


def test_a_file_in_another_encoding_is_refused():
    with pytest.raises(UsageError, match=r"known\.csv: is not UTF-8 at byte 41"):
        read_suppressions(_HEADER[:41].encode() + b"\xe9", "known.csv", _TODAY)


def test_no_address_is_no_suppression_and_a_missing_file_is_wrong_usage(tmp_path: Path):
    assert open_suppressions(None) is NO_SUPPRESSIONS
    with pytest.raises(UsageError, match=r"suppressions: .*known\.csv"):
        open_suppressions(str(tmp_path / "known.csv"))
