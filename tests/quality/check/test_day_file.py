"""An incoming day: every shape in which it comes, its names kept as they are, and what is refused."""

import datetime as dt
import io
import math
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from quality.check.day_file import read_day
from quality.errors import InputError
from quality.ingest.format.source import Source

DAY = dt.date(2022, 9, 26)


def day_of(text, **options):
    return read_day(text.encode(), "day.csv", **options)


def parquet(names, *columns, source=None):
    file = io.BytesIO()
    pq.write_table(pa.Table.from_arrays([pa.array(column) for column in columns], names=names), file)
    return read_day(file.getvalue(), "day.parquet", source=source)


def pairs(day):
    return [(entry.ticker, entry.price) for entry in day.entries]


def refusal(text, **options):
    with pytest.raises(InputError) as raised:
        day_of(text, **options)
    assert len(str(raised.value).splitlines()) == 1
    return str(raised.value)


class TestShapes:
    @pytest.mark.parametrize("date_column", ["date", "Date", " session ", "day", "timestamp"])
    def test_wide_has_a_column_a_ticker(self, date_column):
        day = day_of(f"{date_column},BBB,AAA\n2022-09-26,1.5,\n")
        assert (day.date, day.times) == (DAY, 1)
        assert pairs(day) == [("BBB", 1.5), ("AAA", None)]

    @pytest.mark.parametrize("names", ["date,ticker,price", "Session,Symbol,Close"])
    def test_long_has_a_row_a_ticker(self, names):
        day = day_of(f"{names}\n2022-09-26,BBB,1.5\n2022-09-26,AAA,nan\n")
        assert (day.date, day.times) == (DAY, 1)
        assert pairs(day) == [("BBB", 1.5), ("AAA", None)]

    def test_the_columns_of_a_long_file_come_in_any_order_and_others_are_left_aside(self):
        day = day_of("price,currency,ticker,date\n1.5,EUR,AAA,2022-09-26\n")
        assert pairs(day) == [("AAA", 1.5)]

    def test_volumes_stand_in_a_column_or_as_a_field_of_each_ticker_and_one_that_is_none_is_said(self, caplog):
        source = Source(volume_column="volume")
        tall = day_of("date,ticker,price,volume\n2022-09-26,BBB,1.5,70\n2022-09-26,AAA,2.5,many\n", source=source)
        wide = day_of("date,AAA Close,BBB Close,BBB Volume,AAA Volume\n2022-09-26,2.5,1.5,70,many\n", source=source)
        for day in (tall, wide):
            beside = {entry.ticker: (entry.price, dict(entry.extras)) for entry in day.entries}
            assert beside == {"BBB": (1.5, {"volume": 70.0}), "AAA": (2.5, {"volume": None})}
        assert caplog.text.count("1 volumes or adjusted closes cannot be read") == 2

    def test_positions_do_not_count_the_date_column(self):
        day = day_of("AAA,date,BBB\n1,2022-09-26,2\n")
        assert [(entry.position, entry.ticker) for entry in day.entries] == [(0, "AAA"), (1, "BBB")]

    def test_wide_parquet_keeps_doubled_and_blank_names(self):
        day = parquet(["date", "AAA", "", "AAA"], [DAY], [1.0], [123.45], [2.0])
        assert pairs(day) == [("AAA", 1.0), ("", 123.45), ("AAA", 2.0)]

    def test_long_parquet_with_moments_needs_the_exchanges_time_zone_as_in_ingest(self):
        columns = (
            ["date", "ticker", "price"],
            [dt.datetime(2022, 9, 25, 17, 30, tzinfo=dt.UTC)] * 2,
            ["AAA", "BBB"],
            [1.0, None],
        )
        with pytest.raises(InputError, match=r"line 1: .* is a moment, not a date: say the exchange's --timezone"):
            parquet(*columns)
        day = parquet(*columns, source=Source(timezone="Asia/Tokyo"))
        assert day.date == DAY
        assert pairs(day) == [("AAA", 1.0), ("BBB", None)]

    def test_parquet_that_is_cut_off_is_refused(self):
        with pytest.raises(InputError, match=r"day\.parquet: cannot be read as Parquet"):
            read_day(b"PAR1 and nothing more", "day.parquet")


class TestNames:
    def test_blank_and_doubled_columns_are_kept(self):
        day = day_of("date,AAA,,AAA,BBB, \n2022-09-26,1,2,3,4,5\n")
        assert pairs(day) == [("AAA", 1.0), ("", 2.0), ("AAA", 3.0), ("BBB", 4.0), ("", 5.0)]
        assert day.blanks == [1, 4]
        assert [[entry.price for entry in layer] for layer in day.layers] == [[1.0, 4.0], [3.0]]

    @pytest.mark.parametrize("name", ["Unnamed: 7", "_duplicated_0", "column_3", "Unnamed: 0_level_1"])
    def test_a_name_that_a_tool_gave_to_a_nameless_column_is_blank(self, name):
        assert day_of(f"date,AAA,{name}\n2022-09-26,1,2\n").blanks == [1]

    def test_an_index_column_without_a_name_holds_the_dates(self):
        day = day_of(",AAA\n2022-09-26,1\n")
        assert (day.date, pairs(day)) == (DAY, [("AAA", 1.0)])

    def test_a_nameless_first_column_of_prices_is_a_blank_ticker(self):
        day = day_of(",AAA\n123.45,1\n", day=DAY)
        assert pairs(day) == [("", 123.45), ("AAA", 1.0)]

    def test_a_quoted_name_may_hold_a_comma_and_a_line_end(self):
        assert pairs(day_of('date,"A,B\nC"\n2022-09-26,1\n')) == [("A,B\nC", 1.0)]

    def test_a_long_row_without_a_ticker_is_blank_at_its_row(self):
        assert day_of("date,ticker,price\n2022-09-26,AAA,1\n2022-09-26,,2\n").blanks == [1]


class TestAsIngestReads:
    """One vocabulary: what `ingest` understands or refuses, a check understands or refuses."""

    @pytest.mark.parametrize(
        "text",
        [
            "Datum;RIC;PX_LAST\n26.09.2022;AAA;1,5\n26.09.2022;BBB;\n",
            "<DATE>,<TICKER>,<CLOSE>\n20220926,AAA,$1.50\n20220926,BBB,\n",
            "Price,Close,Close,Open,Open\nTicker,AAA,BBB,AAA,BBB\nDate,,,,\n2022-09-26,1.5,,9,9\n",
            "as of 2022\ntrade_date,isin,settle,ccy\n2022-09-26,AAA,1.5,EUR\n2022-09-26,BBB,,EUR\n",
        ],
    )
    def test_vendors_names_and_forms_are_read(self, text):
        source = Source(date_column="Datum") if text.startswith("Datum") else None
        assert pairs(day_of(text, source=source)) == [("AAA", 1.5), ("BBB", None)]

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("Date,Open,Volume\n2022-09-26,1,2\n", "say --layout wide or long"),
            ("date,ticker,price\n22-09-10,A,1\n", "can have day or year first"),
            ("date,ticker,price\n2022-09-26,A,136300\n", "say --scale 10000"),
        ],
    )
    def test_what_can_be_two_things_is_asked_for(self, text, says):
        assert says in refusal(text)

    def test_one_member_of_an_archive_can_be_chosen(self):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            archive.writestr("README.txt", "no table")
            archive.writestr("us/prices.csv", "date,AAA\n2022-09-26,1.5\n")
            archive.writestr("us/volumes.csv", "date,AAA\n2022-09-26,900\n")
        with pytest.raises(InputError, match=r"holds 2 files; .* say --member PATTERN"):
            read_day(data.getvalue(), "drop.zip", source=Source(skip=("README*",)))
        day = read_day(data.getvalue(), "drop.zip", source=Source(member=("*/prices.csv",)))
        assert pairs(day) == [("AAA", 1.5)]


class TestDates:
    @pytest.mark.parametrize("text", ["2022-09-26", "2022-09-26T00:00:00", "2022-09-26 17:30:00", " 20220926 "])
    def test_iso_dates_and_datetimes_are_dates(self, text):
        assert day_of(f"date,AAA\n{text},1\n").date == DAY

    def test_the_wanted_day_is_taken_out_of_several(self):
        text = "date,AAA\n2022-09-23,1\n2022-09-23,1\n2022-09-26,2\n"
        day = day_of(text, day=DAY)
        assert pairs(day) == [("AAA", 2.0)]
        assert day.ignored == {dt.date(2022, 9, 23): 2}
        message = refusal(text)
        assert "2 dates, 2022-09-23 to 2022-09-26" in message
        assert "--date" in message

    def test_a_day_that_is_not_in_the_file_is_refused(self):
        assert refusal("date,AAA\n2022-09-23,1\n", day=DAY) == "day.csv: has no row of 2022-09-26"

    def test_a_file_without_dates_needs_the_day(self):
        assert day_of("AAA\n1\n", day=DAY).date == DAY
        assert "say --date YYYY-MM-DD" in refusal("AAA\n1\n")

    @pytest.mark.parametrize("text", ["26.09.2022", "2022-13-01", "", "soon\x1b[31m"])
    def test_what_is_no_date_is_named_with_its_line(self, text):
        message = refusal(f"date,AAA\n2022-09-26,1\n{text},2\n")
        assert "line 3" in message
        assert message.isprintable()

    def test_two_rows_of_one_date_count_as_two_times(self):
        day = day_of("date,AAA\n2022-09-26,1\n2022-09-26,2\n")
        assert (day.times, pairs(day)) == (2, [("AAA", 1.0), ("AAA", 2.0)])


class TestPrices:
    @pytest.mark.parametrize("text", ["", "NaN", "nan", "NULL", "None", "n/a", "NaT", " "])
    def test_an_empty_price_is_none(self, text):
        assert pairs(day_of(f"date,AAA\n2022-09-26,{text}\n")) == [("AAA", None)]

    @pytest.mark.parametrize(("text", "price"), [("1e400", math.inf), ("-inf", -math.inf), ("inf", math.inf)])
    def test_a_number_beyond_all_doubles_is_infinite_for_the_rules_to_find(self, text, price):
        assert pairs(day_of(f"date,AAA\n2022-09-26,{text}\n")) == [("AAA", price)]

    @pytest.mark.parametrize("text", ["abc", "1_000", "٣", "1.5.2", "12 EUR", "=1+1"])
    def test_text_is_refused_with_line_and_column(self, text):
        message = refusal(f"date,AAA,BBB\n2022-09-26,1,{text}\n")
        assert message.startswith("day.csv: 1 prices are not numbers: line 2, column BBB: ")

    def test_a_column_without_a_name_is_named_by_its_number(self):
        assert "column number 3" in refusal("date,AAA,\n2022-09-26,1,abc\n")

    def test_many_texts_are_counted_and_three_are_shown(self):
        message = refusal("date,A,B,C,D\n2022-09-26,x1,x2,x3,x4\n")
        assert "4 prices are not numbers" in message
        assert "x3" in message
        assert "x4" not in message


class TestFiles:
    def test_a_byte_order_mark_and_any_line_end_are_read(self):
        for end in ("\n", "\r\n", "\r"):
            day = read_day(f"\ufeffdate,AAA{end}2022-09-26,1{end}".encode(), "day.csv")
            assert pairs(day) == [("AAA", 1.0)]

    def test_blank_lines_are_no_rows(self):
        assert day_of("\ndate,AAA\n\n2022-09-26,1\n\n").times == 1

    @pytest.mark.parametrize(
        ("data", "says"),
        [
            (b"", "is empty"),
            (b"\n\n", "is empty"),
            (b"date,AAA\n", "no row below its header"),
            (b"date,AAA\n2022-09-26,1\0\n", "line 2: it holds NUL bytes"),
            (b"date,AAA\n2022-09-26,\xff\n", "line 2: it is not UTF-8 from its byte 12 on"),
            (b"date,AAA\n2022-09-26,1,2\n2022-09-26\n", "2 rows have not the 2 fields of the header, first in line 2"),
            (b'date,AAA\n2022-09-26,"1\n', "line 2: it has a quotation mark that does not close"),
            (b"\x89PNG\r\n\x1a\n", "is a binary file"),
        ],
    )
    def test_what_is_no_table_is_refused_and_named(self, data, says):
        with pytest.raises(InputError) as raised:
            read_day(data, "day.csv")
        assert str(raised.value).startswith("day.csv: ")
        assert says in str(raised.value)
