"""A plain day is read as the reader of all tables reads it, or left to that reader."""

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from quality.check.day_file import read_day
from quality.check.day_table import read_table_day
from quality.check.plain_day import read_plain_day
from quality.errors import InputError
from quality.ingest.format.source import Source

PRICES = st.one_of(
    st.just(""),
    st.decimals(-1000, 10**17, places=2).map(str),
    st.sampled_from(["1", "0", "-0.0", "1.234", "1e3", "nan", "-", " 5", "0x1", "1_000", "٣", "9" * 30, "12.3456"]),
)
NAMES = st.one_of(
    st.from_regex(r"[A-Z]{1,4}", fullmatch=True),
    st.sampled_from(["", " ", "BRK.B", "close", "Volume", "name", "date", "AAPL.Open", "Unnamed: 3", "ö", "Note", "1"]),
)
DATES = st.one_of(
    st.dates().map(str), st.sampled_from(["2022-01-11", "11.01.2022", "2022-02-30", "", "20220111", "2022-1-1"])
)


@st.composite
def files(draw):
    """A wide file, mostly of one row, that is plain or nearly so."""
    tickers = draw(st.lists(NAMES, min_size=1, max_size=6))
    rows = draw(st.sampled_from([1, 1, 1, 1, 0, 2]))
    lines = [",".join([draw(st.sampled_from(["date", "date", "Date", "day", ""])), *tickers])]
    for _ in range(rows):
        prices = draw(st.lists(PRICES, min_size=len(tickers), max_size=len(tickers)))
        lines.append(",".join([draw(DATES), *prices]))
    ending = draw(st.sampled_from(["\n", "\r\n"]))
    return (draw(st.sampled_from(["", "\ufeff"])) + ending.join(lines) + draw(st.sampled_from([ending, ""]))).encode()


TICKERS = st.from_regex(r"[A-Z]{1,4}|[0-9]{4}\.HK|[A-Z]{2}[=/&][A-Z]", fullmatch=True)
ODD_TICKERS = st.sampled_from(
    ["", " A", "600519", "a", "Unnamed: 3", "ö", "A;B", "A|B", "A\tB", "Close", "NA", "-", "1.5"]
)
CLOSES = st.decimals(-1000, 10**17, places=2).map(str)
ROLES = (("date", "Day", "time"), ("ticker", "SYMBOL", "name", "code"), ("price", "close", "Adj Close", "value"))


@st.composite
def long_files(draw):
    """A long file that is plain, or has a few oddities."""
    header = [draw(st.sampled_from(names)) for names in ROLES]
    date = draw(st.one_of(DATES, *[st.dates(dt.date(1900, 1, 1), dt.date(2199, 12, 31)).map(str)] * 3))
    rows = [[date, ticker, draw(CLOSES)] for ticker in draw(st.lists(TICKERS, min_size=1, max_size=6))]
    for odd in draw(st.lists(st.one_of(DATES, ODD_TICKERS, PRICES, st.sampled_from(sum(ROLES, ()))), max_size=2)):
        draw(st.sampled_from([header, *rows]))[draw(st.integers(0, 2))] = odd
    order = draw(st.permutations(range(3)))
    lines = [",".join(row[at] for at in order) for row in [header, *rows]]
    ending = draw(st.sampled_from(["\n", "\r\n"]))
    return (ending.join(lines) + draw(st.sampled_from([ending, "", ending * 2]))).encode()


def read_fully(data):
    try:
        return read_table_day(data, "2022-01-11.csv", None, Source())
    except InputError:
        return None


@settings(deadline=None, max_examples=400)
@given(st.one_of(files(), long_files()))
def test_what_is_read_at_once_is_what_the_reader_of_all_tables_reads(data):
    plain = read_plain_day(data, "2022-01-11.csv")
    if plain is not None:
        assert repr(plain) == repr(read_fully(data))


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=100))
def test_no_bytes_make_a_traceback(data):
    assert read_plain_day(data, "day.csv") is None


def test_a_usual_day_is_read_at_once_and_others_are_not():
    usual = b"date,AAA,BBB,,AAA\n2022-01-11,100.5,,7,-0.25\n"
    plain = read_plain_day(usual, "day.csv")
    assert [(entry.ticker, entry.price) for entry in plain.entries] == [
        ("AAA", 100.5), ("BBB", None), ("", 7.0), ("AAA", -0.25)
    ]  # fmt: skip
    long = read_plain_day(b"Close,Symbol,Date\r\n100.5,AAA,2022-01-11\r\n,BRK.B,2022-01-11\r\n", "day.csv")
    assert [(entry.position, entry.ticker, entry.price) for entry in long.entries] == [
        (0, "AAA", 100.5),
        (1, "BRK.B", None),
    ]
    for other in (b"date,AAA,BBB,CCC\n2022-01-11,1,2,3\n", usual.replace(b"2022-01-11", b"25.01.2022")):
        assert read_plain_day(other, "day.csv") is None
        assert len(read_day(other, "day.csv").entries) == len(other.split(b"\n")[0].split(b",")) - 1
