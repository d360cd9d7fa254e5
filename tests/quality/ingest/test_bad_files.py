"""A corpus of bad files, one oddity each: a refused row with its place, or one precise error, never a loss."""

import gzip
import io
import tarfile
import zipfile

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from quality.errors import InputError

HEAD = "date,ticker,price\n2020-01-02,AAA,1.5\n"
FIRST = ("2020-01-02", "AAA", 1.5)
NEXT = ("2020-01-03", "AAA", 2.5)


@pytest.mark.parametrize(
    ("line", "column", "text", "reason"),
    [
        ("2020-01-03,AAA,abc", "price", "abc", "is not a number"),
        ("2020-01-03,AAA,inf", "price", "inf", "is not a number"),
        ("2020-01-03,AAA,1e400", "price", "1e400", "is beyond the range of numbers"),
        ("2020-01-03,AAA,1_000", "price", "1_000", "is not a number"),
        ("2020-01-03,AAA,٣", "price", "٣", "is not a number"),
        ("2020-01-03,AAA,0x10", "price", "0x10", "is not a number"),
        ("2020-01-03,AAA,=1+1", "price", "=1+1", "is not a number"),
        ("2020-02-30,AAA,1", "date", "2020-02-30", "is not in the calendar (day is out of range for month)"),
        ("2020-13-01,AAA,1", "date", "2020-13-01", "is not in the calendar (month must be in 1..12)"),
        ("0020-01-01,AAA,1", "date", "0020-01-01", "is before the year 1000"),
        ("03/01/2020,AAA,1", "date", "03/01/2020", "is not a date written as %Y-%m-%d"),
        ("soon,AAA,1", "date", "soon", "is not a date written as %Y-%m-%d"),
        (",AAA,1", "date", "", "is no date but empty"),
        ("2020-01-03,,1", "ticker", "", "is blank: a row needs a ticker"),
        ("2020-01-03,  ,1", "ticker", "  ", "is blank: a row needs a ticker"),
        ("2020-01-03,AAA", None, "2020-01-03,AAA", "has 2 fields instead of 3"),
        ("2020-01-03,AAA,1,2", None, "2020-01-03,AAA,1,2", "has 4 fields instead of 3"),
        ("END OF FILE", None, "END OF FILE", "has 1 fields instead of 3"),
        ("2020-01-03,A\0A,1", None, "2020-01-03,A\0A,1", "holds NUL bytes"),
        ('2020-01-03,"AAA,1', None, '2020-01-03,"AAA,1', "has a quotation mark that does not close"),
        ("date,ticker,price", None, "date,ticker,price", "is the header once more"),
        (
            "2020-01-03T10:00:00Z,AAA,1",
            "date",
            "2020-01-03T10:00:00Z",
            "is a moment, not a date: say the exchange's --timezone",
        ),
        ("2020-01-03 25:00,AAA,1", "date", "2020-01-03 25:00", "is not in the calendar (hour must be in 0..23)"),
    ],
)
def test_a_bad_line_is_refused_with_its_place_and_reason_and_the_others_are_taken(desk, line, column, text, reason):
    rows = desk.take(f"{HEAD}{line}\n2020-01-03,AAA,2.5\n")
    assert rows == [FIRST, NEXT]
    assert desk.refused() == [(3, column, text, reason)]
    assert desk.summary["rows_read"] == 3


def test_a_line_that_is_not_utf8_is_refused_and_says_where(desk):
    rows = desk.take(HEAD.encode() + "2020-01-03,É,1\n".encode("latin-1") + b"2020-01-03,AAA,2.5\n")
    assert rows == [FIRST, NEXT]
    ((line, _, text, reason),) = desk.refused()
    assert (line, text) == (3, r"2020-01-03,\xc9,1")
    assert reason.startswith("is not UTF-8 from its byte 12 on")


@pytest.mark.parametrize("text", ["", " ", "NaN", "nan", "NULL", "None", "n/a", "NA", "-"])
def test_a_price_that_arrived_empty_is_a_row_without_price(desk, text):
    assert desk.take(f"{HEAD}2020-01-03,AAA,{text}\n") == [FIRST, ("2020-01-03", "AAA", None)]


@pytest.mark.parametrize(
    "ticker",
    [
        "=1+1",
        "../../etc/passwd",
        "\x1b[31mred",
        "a'b",
        "<b>",
        "NULL",
        "NA",
        "nan",
        "year=2020",
        "東京",
        "-",
        "%s",
        "{x}",
    ],
)
def test_a_hostile_name_is_a_ticker_like_any_other(desk, ticker):
    assert desk.take(f"{HEAD}2020-01-03,{ticker},7\n")[1:] == [("2020-01-03", ticker, 7.0)] or (
        ("2020-01-03", ticker, 7.0) in desk.rows()
    )
    assert [path.name for path in (desk.folder / "panel").iterdir() if path.name != ".lock"] == [
        ".digests.json",
        "year=2020",
    ]


@pytest.mark.parametrize(
    "content",
    [
        "date,ticker,price\r\n2020-01-02,AAA,1.5\r\n2020-01-03,AAA,2.5\r\n",
        "date,ticker,price\r2020-01-02,AAA,1.5\r2020-01-03,AAA,2.5\r",
        "\ufeffdate,ticker,price\n2020-01-02,AAA,1.5\n2020-01-03,AAA,2.5",
        "date;ticker;price\n2020-01-02;AAA;1,5\n2020-01-03;AAA;2,5\n",
        "date\tticker\tprice\n2020-01-02\tAAA\t1.5\n2020-01-03\tAAA\t2.5\n",
        "date|ticker|price\n2020-01-02|AAA|1.5\n2020-01-03|AAA|2.5\n",
        "\n\ndate,ticker,price\n\n2020-01-02,AAA,1.5\n\n2020-01-03,AAA,2.5\n\n\n",
        "Prices of ACME Ltd\nMade on 2020-01-05\n\nDate,Symbol,Close\n2020-01-02,AAA,1.5\n2020-01-03,AAA,2.5\n",
        '"date","ticker","price"\n"2020-01-02","AAA","1.5"\n"2020-01-03","AAA","2.5"\n',
        'date,ticker,name,price\n2020-01-02,AAA,"A, Inc.",1.5\n2020-01-03,AAA,"A\n""x"" Inc.",2.5\n',
        'date,ticker,name,price\n2020-01-02,AAA,12" pipes,1.5\n2020-01-03,AAA,x,2.5\n',
        "price,ticker,date\n1.5,AAA,2020-01-02\n2.5,AAA,2020-01-03\n",
        "datum,naam,koers\n2020-01-02,AAA,1.5\n2020-01-03,AAA,2.5\n2020-01-03,AAA,2.5\n",
        "2020-01-02,AAA,1.5\n2020-01-03,AAA,2.5\n",
        "date,AAA\n2020-01-02,1.5\n2020-01-03,2.5\n",
        ",AAA\n2020-01-02,1.5\n2020-01-03,2.5\n",
        "date,ticker,price\n20200102,AAA,1.5\n20200103,AAA,2.5\n",
        "date,ticker,price\n02-Jan-2020,AAA,1.5\n03-Jan-2020,AAA,2.5\n",
        "date,ticker,price\n2020-01-02 00:00:00,AAA,1.5\n2020-01-03T16:00,AAA, 2.5 \n",
        "timestamp,ticker,price\n1577923200,AAA,1.5\n1578009600,AAA,2.5\n",
        "date,ticker,price\n2020-01-02T00:00:00Z,AAA,1.5\n2020-01-03T00:00:00-05:00,AAA,2.5\n",
    ],
)
def test_the_same_two_rows_are_read_whatever_their_form(desk, content):
    assert desk.take(content) == [FIRST, NEXT]
    assert desk.refused() == []


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-32"])
def test_a_byte_order_mark_tells_the_encoding(desk, encoding):
    assert desk.take("date,ticker,price\n2020-01-02,É,1.5\n".encode(encoding)) == [("2020-01-02", "É", 1.5)]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16-le", "cp1252"])
def test_an_encoding_can_be_said(desk, encoding):
    text = "date,ticker,price\n2020-01-02,É,1.5\n".encode(encoding)
    assert desk.take(text, encoding=encoding) == [("2020-01-02", "É", 1.5)]


def _png():
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 8


def _parquet(**columns):
    data = io.BytesIO()
    pl.DataFrame(columns).write_parquet(data)
    return data.getvalue()


def _zip(**files):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"date,ticker,price\n", "holds no row below its header"),
        (b"hello\nworld\n", "is no table: no line has two fields"),
        (_png(), "is a binary file"),
        ("date,ticker,price\n2020-01-02,A,1\n".encode("utf-16-le"), "UTF-16 without a byte-order mark"),
        (HEAD.encode("utf-16")[:-1], "is not utf-16 text from byte"),
        (gzip.compress(HEAD.encode(), mtime=0)[:-12], "did not arrive whole"),
        (gzip.compress(b"", mtime=0), "is empty"),
        (_zip(), "is an archive without a table in it"),
        (_zip(a=HEAD)[:-30], "did not arrive whole"),
        (_zip(**{"[Content_Types].xml": "<x/>"}), "is an office document"),
        (_parquet(date=["2020-01-02"], ticker=["A"], price=[1.0])[:-20], "cannot be read as Parquet"),
        (_parquet(date=pl.Series([], dtype=pl.Date), ticker=[], price=[]), "holds no row"),
        (b"ticker,price\nAAA,1.5\n", "has no column of dates"),
        (b"date,ticker\n2020-01-02,AAA\n", "which column holds the prices cannot be told"),
        (b"date,ticker,bid2,ask2\n2020-01-02,A,1,2\n", "(candidates: bid2, ask2); say --price-column"),
        (b"date,ticker,price\n03/04/2020,A,1\n", "can have day or month first"),
        (b"date,ticker,price\n13/04/2020,A,1\n04/13/2020,A,1\n", "some dates have the day first and some the month"),
        (b"date;ticker;price\n2020-01-02;A;1,234\n", "can stand before decimals or thousands"),
        (b"date,ticker,price\n2020-01-02,A,136300\n", "say --scale 10000 if they are, or --scale 1"),
        (b"date,ticker,price\n2020-01-02T21:00:00Z,A,1\n", "say the exchange's --timezone"),
        (b"2020-01-02,1,2,3\n2020-01-03,3,1,2\n", "which column holds the prices cannot be told"),
    ],
)
def test_what_is_no_table_is_one_error_that_names_the_file_and_writes_nothing(desk, content, says):
    with pytest.raises(InputError) as raised:
        desk.take(content)
    assert says in str(raised.value)
    assert "in.csv" in str(raised.value)
    assert str(raised.value).isprintable()
    assert desk.rows() == []


def test_a_file_that_cannot_be_read_fails_alone_and_nothing_of_it_is_taken(desk):
    good, cut = (
        desk.put("1.csv", HEAD),
        desk.put("2.csv.gz", gzip.compress(b"date,ticker,price\n" + b"2020-01-03,B,2\n" * 9000)[:-30]),
    )
    summary = desk.ingest(good, cut)
    assert desk.rows() == [FIRST]
    assert summary["outcome"] == "partial"
    ((failed),) = summary["failed_files"]
    assert failed["file"] == cut
    assert "did not arrive whole" in failed["reason"]


def test_a_folder_of_junk_says_what_was_left_aside(desk):
    desk.put("notes.doc", "x")
    desk.put(".hidden.csv", "x")
    address = desk.put("day.csv", HEAD)
    summary = desk.ingest(str(desk.folder / "in"))
    assert desk.rows() == [FIRST]
    assert [name.rpartition("/")[2] for name in summary["skipped_files"]] == ["notes.doc"]
    assert summary["files"][0]["file"] == address


def test_an_address_without_a_file_is_named(desk):
    desk.put("notes.doc", "x")
    with pytest.raises(InputError, match="there is no such file"):
        desk.ingest(str(desk.folder / "nothing.csv"))
    with pytest.raises(InputError, match="it holds 1 files, none a table by its name"):
        desk.ingest(str(desk.folder / "in"))


def test_an_archive_in_an_archive_is_unpacked_and_its_members_are_named(desk):
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w:gz") as archive:
        for name, content in (
            ("d/AAA.csv", b"date,close\n2020-01-02,1.5\n"),
            ("d/._AAA.csv", b"junk"),
            ("../B.csv", b""),
        ):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    summary = desk.ingest(desk.put("all.zip", _zip(**{"x.tar.gz": inner.getvalue()})))
    assert desk.rows() == [FIRST]
    assert [failed["file"].rpartition("/")[2] for failed in summary["failed_files"]] == ["B.csv"]


def test_ragged_and_quoted_lines_keep_their_line_numbers_among_regular_ones(desk):
    lines = [f"2020-01-{day:02},T{number},{number}.5" for day in range(1, 29) for number in range(50)]
    lines[100] = "ragged"
    lines[200] = '2020-01-05,"Q\nQ",1'
    lines[300] = "2020-01-07,X,abc"
    desk.take("date,ticker,price\n" + "\n".join(lines) + "\n")
    assert [(line, text) for line, _, text, _ in desk.refused()] == [(102, "ragged"), (303, "abc")]
    assert ("2020-01-05", "Q\nQ", 1.0) in desk.rows()
    assert desk.summary["rows_read"] == len(lines)


def test_a_date_of_parquet_that_no_calendar_has_is_said_to_be_one(desk):
    dates = pa.array([10**8, 18_263], pa.int32()).cast(pa.date32())
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"date": dates, "ticker": ["AAA", "BBB"], "price": [1.0, 2.0]}), sink)
    assert desk.take(sink.getvalue().to_pybytes(), "in.parquet") == [("2020-01-02", "BBB", 2.0)]
    assert desk.refused() == [(1, "date", "100000000 days from 1970", "is beyond the calendar")]
