"""Wide and long, one file a ticker, named and nameless: what becomes of each, and what must be said."""

import datetime as dt
import gzip
import io
import zipfile

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from quality.errors import InputError


def arrow(frame):
    data = io.BytesIO()
    frame.write_ipc(data)
    return data.getvalue()


def parquet(frame):
    data = io.BytesIO()
    frame.write_parquet(data)
    return data.getvalue()


class TestWide:
    SHEET = "date,OLD,NEW,NEVER,GONE\n2020-01-02,1,,,5\n2020-01-03,,,,5\n2020-01-06,3,7,,\n2020-01-07,4,,,\n"
    PRICES = (
        *(("2020-01-02", "GONE", 5.0), ("2020-01-03", "GONE", 5.0)),
        *(("2020-01-06", "NEW", 7.0),),
        *(("2020-01-02", "OLD", 1.0), ("2020-01-06", "OLD", 3.0), ("2020-01-07", "OLD", 4.0)),
    )

    def test_a_blank_before_the_first_price_is_no_row_and_every_later_one_is_an_empty_price(self, desk):
        rows = desk.take(self.SHEET)
        assert [row for row in rows if row[2] is not None] == list(self.PRICES)
        assert [row[:2] for row in rows if row[2] is None] == [
            ("2020-01-06", "GONE"),
            ("2020-01-07", "GONE"),
            ("2020-01-07", "NEW"),
            ("2020-01-03", "OLD"),
        ]
        assert (desk.summary["rows_read"], desk.summary["not_listed"]) == (10, 6)

    def test_what_a_blank_is_can_be_said(self, desk):
        assert desk.take(self.SHEET, blanks="absent") == list(self.PRICES)
        assert len(desk.take(self.SHEET, blanks="null")) == 16

    def test_the_newest_line_may_come_first(self, desk):
        head, *lines = self.SHEET.splitlines()
        turned = "\n".join([head, *reversed(lines)])
        assert desk.take(self.SHEET) == desk.take(turned)
        assert desk.summary["rows_written"] == 0

    def test_every_blank_of_a_single_day_is_a_price_that_arrived_empty(self, desk):
        assert desk.take("date,A,B\n2020-01-02,1,\n") == [("2020-01-02", "A", 1.0), ("2020-01-02", "B", None)]

    def test_prices_in_a_column_without_a_name_are_refused_cell_by_cell(self, desk):
        assert desk.take("date,A,,B\n2020-01-02,1,9,2\n2020-01-03,1,,2\n")[0] == ("2020-01-02", "A", 1.0)
        assert desk.refused() == [(2, "#3", "9", "stands in a column without a ticker")]

    def test_a_line_without_a_date_is_refused_whole(self, desk):
        desk.take("date,A,B\n2020-01-02,1,2\nTotal,3,4\n")
        assert desk.refused() == [(3, "date", "Total,3,4", "'Total' is not a date written as %Y-%m-%d")]
        assert desk.summary["rows_read"] == 3

    def test_a_cell_that_is_no_number_is_refused_alone(self, desk):
        rows = desk.take("date,A,B,C\n2020-01-02,1,halted,3\n2020-01-03,1,2,3\n")
        assert desk.refused() == [(2, "B", "halted", "is not a number")]
        assert len(rows) == 5

    def test_numbers_can_name_tickers(self, desk):
        assert desk.take("date,005930,000660\n2020-01-02,1.5,2.5\n") == [
            ("2020-01-02", "000660", 2.5),
            ("2020-01-02", "005930", 1.5),
        ]

    def test_columns_can_be_left_aside(self, desk):
        rows = desk.take("n,date,A,total\n1,2020-01-02,1,9\n", ignore=["n", "#4"])
        assert rows == [("2020-01-02", "A", 1.0)]

    def test_a_file_without_names_of_tickers_is_refused(self, desk):
        with pytest.raises(InputError, match="which column holds the prices cannot be told"):
            desk.take("2020-01-02,1,7\n2020-01-03,1,6\n")


class TestLong:
    def test_the_price_is_taken_by_its_name_and_the_rest_is_left_aside(self, desk):
        text = "Date,Symbol,Open,High,Low,Close,Adj Close,Volume\n2020-01-02,A,1,3,1,2,1.9,100\n"
        assert desk.take(text) == [("2020-01-02", "A", 2.0)]
        assert desk.take(text, price_column="Adj Close", on_conflict="last")[0][2] == 1.9

    def test_columns_can_be_said_by_name_or_number(self, desk):
        text = "a,b,c,d\nx,2020-01-02,1,2\ny,2020-01-02,3,4\n"
        assert desk.take(text, date_column="b", ticker_column="#1", price_column="d") == [
            ("2020-01-02", "x", 2.0),
            ("2020-01-02", "y", 4.0),
        ]
        with pytest.raises(InputError, match="no column is named 'e'; there is a, b, c, d"):
            desk.take(text, price_column="e")

    def test_two_columns_of_text_must_be_told_apart(self, desk):
        with pytest.raises(InputError, match=r"\(candidates: nom, genre\); say --ticker-column"):
            desk.take("date,nom,genre,price\n2020-01-02,A,s,1\n")

    def test_tickers_can_be_made_upper_case(self, desk):
        assert desk.take("date,ticker,price\n2020-01-02,aé,1\n", ticker_case="upper") == [("2020-01-02", "AÉ", 1.0)]


class TestWideOrLong:
    def test_unknown_columns_beside_known_ones_do_not_make_a_file_of_one_ticker_wide(self, desk):
        text = "Date,Open,High,Low,Close,Volume,WAP\n2020-01-02,1,3,1,2,100,2\n"
        assert desk.take(text, "A.csv") == [("2020-01-02", "A", 2.0)]

    def test_one_ticker_called_like_a_price_does_not_make_a_wide_file_long(self, desk):
        names = [f"T{number}" for number in range(12)]
        rows = desk.take(f"date,CODE,LAST,{','.join(names)}\n2020-01-02,{','.join(['1'] * 14)}\n")
        assert len(rows) == 14

    def test_what_can_be_either_is_asked_for(self, desk):
        text = "date,close,wap\n2020-01-02,1,3\n"
        with pytest.raises(InputError, match="say --layout wide or long"):
            desk.take(text)
        assert [row[1] for row in desk.take(text, layout="wide")] == ["close", "wap"]

    def test_two_columns_of_one_name_are_not_chosen_between(self, desk):
        text = "date,ticker,price,price\n2020-01-02,A,1,2\n"
        with pytest.raises(InputError, match=r"columns #3 and #4 are both named 'price'; say --price-column #N"):
            desk.take(text)
        assert desk.take(text, price_column="#4") == [("2020-01-02", "A", 2.0)]

    def test_a_column_of_notes_is_no_ticker(self, desk):
        text = "date,AAA,note\n2020-01-02,1,\n2020-01-03,2,checked\n2020-01-06,3,\n2020-01-07,4,\n"
        assert {row[1] for row in desk.take(text)} == {"AAA"}
        assert [row[2] for row in desk.refused()] == ["checked"]


ROWS_OF_A = [("2020-01-02", "A", 1.5), ("2020-01-03", "A", 2.5), ("2020-01-06", "A", 3.5)]


class TestNeverGuess:
    """Each file misled an earlier version: columns of text became tickers, columns of price files tickers too."""

    @pytest.mark.parametrize(
        "text",
        [
            "Date,Close,Adj Close\n2020-01-02,1.5,inf\n2020-01-03,2.5,inf\n2020-01-06,3.5,1\n",
            "Date,Close,Volume\n2020-01-02,1.5,1.2M\n2020-01-03,2.5,3.4M\n2020-01-06,3.5,900K\n",
            "Date,Close/Last,Volume\n01/02/2020,$1.5,9\n01/03/2020,$2.50,9\n01/06/2020,$3.50,9\n01/31/2020,,9\n",
            "Date,Close,Currency\n2020-01-02,1.5,USD\n2020-01-03,2.5,USD\n2020-01-06,3.5,USD\n",
            "Date,Close,Weekday\n2020-01-02,1.5,Thu\n2020-01-03,2.5,Fri\n2020-01-06,3.5,Mon\n",
            "Date,Close,Wochentag\n2020-01-02,1.5,Donnerstag\n2020-01-03,2.5,Freitag\n2020-01-06,3.5,Montag\n",
            "Date,Close,Note\n2020-01-02,1.5,\n2020-01-03,2.5,CHECKED\n2020-01-06,3.5,\n",
            "<TICKER>,<PER>,<DATE>,<OPEN>,<CLOSE>\nA,D,20200102,1,1.5\nA,D,20200103,1,2.5\nA,D,20200106,1,3.5\n",
            '"Date","Price","Vol.","Change %"\n2020-01-02,1.5,1.2M,0.5%\n2020-01-03,2.5,1M,1%\n2020-01-06,3.5,2M,2%\n',
            "timestamp,1. open,4. close\n2020-01-02,1,1.5\n2020-01-03,1,2.5\n2020-01-06,1,3.5\n",
            "Date,A.Open,A.Close,A.Adjusted\n2020-01-02,1,1.5,1\n2020-01-03,1,2.5,1\n2020-01-06,1,3.5,1\n",
            "Date,\"('Close', 'A')\",\"('Open', 'A')\"\n2020-01-02,1.5,1\n2020-01-03,2.5,1\n2020-01-06,3.5,1\n",
            "Price,Close,Volume\nTicker,A,A\nDate,,\n2020-01-02,1.5,9\n2020-01-03,2.5,9\n2020-01-06,3.5,9\n",
            ",Adj Close,Close\n,A,A\nDate,,\n2020-01-02,9,1.5\n2020-01-03,9,2.5\n2020-01-06,9,3.5\n",
            "Ticker,A,\nDate,Close,Volume\n2020-01-02,1.5,9\n2020-01-03,2.5,9\n2020-01-06,3.5,9\n",
        ],
    )
    def test_the_same_three_prices_are_read(self, desk, text):
        rows = [row for row in desk.take(text, "A.csv") if row[2] is not None]
        assert rows == ROWS_OF_A
        assert desk.refused() == []

    def test_a_header_of_fields_and_tickers_gives_the_field_that_is_the_price(self, desk):
        text = "Price,Close,Close,Open,Open\nTicker,A,B,A,B\nDate,,,,\n2020-01-02,1,2,3,4\n2020-01-03,5,6,7,8\n"
        assert [row[2] for row in desk.take(text)] == [1.0, 5.0, 2.0, 6.0]
        assert [row[2] for row in desk.take(text, price_column="open")] == [3.0, 7.0, 4.0, 8.0]

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("Date,Open,Volume\n2020-01-02,1,2\n2020-01-03,1,2\n", "columns such as Open, Volume"),
            ("date,ticker,volume\n2020-01-02,A,1\n", "which column holds the prices cannot be told"),
            ("Date,AAA,Currency\n2020-01-02,1,USD\n2020-01-03,1,USD\n2020-01-06,1,USD\n", "below Currency is text"),
            ("Date,AAA,Foo\n2020-01-02,1,USD\n2020-01-03,1,USD\n2020-01-06,1,USD\n", "below Foo is text"),
            ("Date,Close,Foo\n2020-01-02,1,AAPL\n2020-01-03,1,AAPL\n", "(candidates: Foo); say --ticker-column"),
            (
                "Date,A.Open,A.Close,A.Volume,dn,mavg,up,direction\n2020-01-02,1,2,9,1,1,1,Increasing\n",
                "say --layout wide or long",
            ),
            ("date,ticker,price\n14-01-01,A,1\n14-01-02,A,2\n", "can have day or year first"),
            ("Price,Open,High\nTicker,A,A\nDate,,\n2020-01-02,1,2\n", "(there is Open, High); say --price-column"),
        ],
    )
    def test_what_can_be_two_things_is_refused_with_the_flag_that_settles_it(self, desk, text, says):
        with pytest.raises(InputError) as raised:
            desk.take(text, "A.csv")
        assert says in str(raised.value)
        assert desk.rows() == []

    def test_tickers_of_any_name_and_form_are_told_by_standing_side_by_side_on_a_date(self, desk):
        text = "d,who,n,what\n" + "".join(f"2020-01-{day:02},{who},{day}.5,EUR\n" for day in (2, 3) for who in "xyz")
        assert desk.take(text)[:2] == [("2020-01-02", "x", 2.5), ("2020-01-03", "x", 3.5)]

    def test_a_wide_sheet_may_hold_a_ticker_that_is_called_like_a_column(self, desk):
        names = ["LOW", "OPEN", *(f"T{number}" for number in range(20))]
        assert len(desk.take(f"date,{','.join(names)}\n2020-01-02,{','.join(['1'] * 22)}\n")) == 22

    def test_prices_have_signs_and_thousands_also_where_the_first_thousand_rows_have_none(self, desk):
        lines = [f'2020-01-02,T{number},"$9.5"' for number in range(1500)]
        rows = desk.take("date,ticker,price\n" + "\n".join(lines) + '\n2020-01-02,A,"$1,234.50"\n')
        assert rows[0] == ("2020-01-02", "A", 1234.5)
        assert desk.refused() == []


class TestHeaderInTheMiddle:
    @pytest.mark.parametrize("at", range(6))
    def test_the_rows_before_it_are_read_like_those_below(self, desk, at):
        lines = [f"2020-01-{day:02},A,{day}.5" for day in (2, 3, 6, 7, 8)]
        lines.insert(at, "date,ticker,price")
        rows = desk.take("\n".join(lines) + "\n")
        assert rows == [(f"2020-01-{day:02}", "A", day + 0.5) for day in (2, 3, 6, 7, 8)]
        again = [(at + 1, None, "date,ticker,price", "is the header once more")] if at else []
        assert desk.refused() == again
        assert desk.summary["rows_read"] == 5 + len(again)

    def test_a_title_with_a_date_is_no_row(self, desk):
        desk.take("Prices of ACME,2020-01-05\ndate,ticker,price\n2020-01-02,A,1.5\n")
        assert desk.summary["rows_read"] == 1
        assert desk.summary["files"][0]["lines_before_header"] == 1


class TestOneFileATicker:
    YAHOO = "Date,Open,High,Low,Close,Volume\n2020-01-02,1,3,1,2,100\n2020-01-03,2,3,1,2.5,100\n"
    LEAN = "20200102 00:00,10000,30000,10000,20000,100\n20200103 00:00,20000,30000,10000,25000,100\n"

    @pytest.mark.parametrize("content", [YAHOO, LEAN])
    def test_the_ticker_is_the_files_name(self, desk, content):
        assert desk.take(content, "BRK.B.csv") == [("2020-01-02", "BRK.B", 2.0), ("2020-01-03", "BRK.B", 2.5)]

    def test_a_pattern_says_where_the_ticker_stands(self, desk):
        address = desk.put("us/aapl/2020_daily.csv.gz", gzip.compress(self.LEAN.encode()))
        desk.ingest(address, ticker_from="{ticker}/*_daily.csv", ticker_case="upper")
        assert desk.rows()[0] == ("2020-01-02", "AAPL", 2.0)
        with pytest.raises(InputError, match="is not as --ticker-from"):
            desk.ingest(address, ticker_from="{ticker}.txt")

    def test_members_of_an_archive_are_files_of_their_own(self, desk):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            archive.writestr("daily/aapl.csv", self.LEAN)
            archive.writestr("daily/ibm.csv", self.LEAN)
        desk.ingest(desk.put("all.zip", data.getvalue()))
        assert {row[1] for row in desk.rows()} == {"aapl", "ibm"}
        assert [books["file"].rpartition("all.zip/")[2] for books in desk.summary["files"]] == [
            "daily/aapl.csv",
            "daily/ibm.csv",
        ]

    def test_integers_of_that_one_form_are_divided_and_rounded_correctly(self, desk):
        desk.take("20200102 00:00,549000,549000,549000,549000,1\n20200103 00:00,1,549000,1,549000,1\n", "A.csv")
        assert desk.rows()[0][2] == 54.9
        assert desk.summary["files"][0]["mapping"]["scale"] == 10_000


class TestColumnarFiles:
    LONG = pl.DataFrame({"date": [dt.date(2020, 1, 2)] * 2, "ticker": ["A", "B"], "price": [1.5, None]})
    ROWS = (("2020-01-02", "A", 1.5), ("2020-01-02", "B", None))

    @pytest.mark.parametrize("encode", [parquet, arrow])
    def test_parquet_and_arrow_are_read_like_csv(self, desk, encode):
        assert desk.take(encode(self.LONG)) == list(self.ROWS)
        assert desk.take(gzip.compress(encode(self.LONG)), "again.bin") == list(self.ROWS)

    def test_zstd_is_unpacked(self, desk):
        stream = pa.BufferOutputStream()
        with pa.CompressedOutputStream(stream, "zstd") as file:
            file.write(self.LONG.write_csv().encode())
        assert desk.take(stream.getvalue().to_pybytes(), "x.csv.zst") == list(self.ROWS)

    def test_infinities_are_refused_and_nan_is_an_empty_price(self, desk):
        frame = self.LONG.with_columns(price=pl.Series([float("inf"), float("nan")]))
        assert desk.take(parquet(frame)) == [("2020-01-02", "B", None)]
        assert desk.refused() == [(1, "price", "inf", "is not a number")]

    @pytest.mark.parametrize(
        "dates",
        [
            pl.Series([dt.datetime(2020, 1, 2, 16, 30)] * 2),  # noqa: DTZ001
            pl.Series([dt.datetime(2020, 1, 2)] * 2).dt.replace_time_zone("America/New_York"),  # noqa: DTZ001
            pl.Series(["2020-01-02"] * 2),
            pl.Series([20200102] * 2),
            pl.Series([dt.date(2020, 1, 2)] * 2).cast(pl.Datetime("ns")),
        ],
    )
    def test_dates_of_any_type_are_dates(self, desk, dates):
        assert desk.take(parquet(self.LONG.with_columns(date=dates))) == list(self.ROWS)

    def test_a_wide_file_keeps_its_doubled_names(self, desk):
        table = pa.table([pa.array([dt.date(2020, 1, 2)]), pa.array([1.0]), pa.array([1.0])], names=["date", "A", "A"])
        data = io.BytesIO()
        pq.write_table(table, data)
        assert desk.take(data.getvalue()) == [("2020-01-02", "A", 1.0)]
        assert desk.summary["duplicates_agreeing"] == 1

    def test_an_exported_index_is_the_date(self, desk):
        frame = pl.DataFrame({"A": [1.0], "__index_level_0__": [dt.datetime(2020, 1, 2)]})  # noqa: DTZ001
        assert desk.take(parquet(frame)) == [("2020-01-02", "A", 1.0)]


class TestTimeZones:
    TEXT = "timestamp,ticker,price\n2020-01-01T15:30:00Z,A,1\n2020-01-02 16:00:00+00:00,A,2\n"

    def test_a_moment_is_a_session_of_its_exchanges_local_date(self, desk):
        assert desk.take(self.TEXT, timezone="Asia/Tokyo") == [("2020-01-02", "A", 1.0), ("2020-01-03", "A", 2.0)]

    def test_epochs_too(self, desk):
        text = "time,ticker,price\n1577892600000,A,1\n"
        assert desk.take(text, timezone="Asia/Tokyo") == [("2020-01-02", "A", 1.0)]
        with pytest.raises(InputError, match="--timezone"):
            desk.take(text)

    def test_timestamps_without_a_zone_can_have_their_clock_said(self, desk):
        text = "time,ticker,price\n2020-01-02 02:00,A,1\n"
        assert desk.take(text) == [("2020-01-02", "A", 1.0)]
        assert ("2020-01-01", "A", 1.0) in desk.take(text, clock="UTC", timezone="America/New_York")

    def test_parquet_too(self, desk):
        frame = pl.DataFrame({"date": [dt.datetime(2020, 1, 1, 15, tzinfo=dt.UTC)], "ticker": ["A"], "price": [1.0]})
        assert desk.take(parquet(frame), timezone="Asia/Tokyo") == [("2020-01-02", "A", 1.0)]
