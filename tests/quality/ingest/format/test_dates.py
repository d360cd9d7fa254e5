"""Dates: each format is told from a column, and what can be two days is asked for."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.errors import InputError
from quality.ingest.format.dates import CANDIDATES, EPOCH, DateFormat, DateReader, NotADateError, detect_format

DAY = dt.date(2020, 2, 29)
WRITTEN = [form for form in CANDIDATES if form != EPOCH]


@pytest.mark.parametrize("form", WRITTEN)
def test_each_format_is_detected_and_read_back(form):
    texts = [DAY.strftime(form), dt.date(2021, 12, 31).strftime(form)]
    found = detect_format(texts, "x")
    assert DateReader(found).read(texts) == [DAY, dt.date(2021, 12, 31)]


@given(st.dates(dt.date(1000, 1, 1)), st.sampled_from([form for form in WRITTEN if "%Y" in form]))
def test_every_day_is_read_back(day, form):
    text = day.strftime(form.replace("%Y", f"{day.year:04}"))
    assert DateReader(DateFormat(form)).session(text) == day


@pytest.mark.parametrize("text", ["03/04/2020", "3.4.2020", "05-06-20", "01/01/2020"])
def test_a_day_that_can_be_two_is_asked_for(text):
    with pytest.raises(InputError, match=r"can have day(,| or) month (or year )?first, .* say --date-format"):
        detect_format([text], "x")


@pytest.mark.parametrize("text", ["14-01-01", "09/11/12", "02.03.04"])
def test_two_digits_first_can_be_a_year_too(text):
    with pytest.raises(InputError, match=r"can have day(, month)? or year first, .* say --date-format"):
        detect_format([text, "13-12-11"][: 1 + text.startswith("14")], "x")


def test_a_year_that_has_not_come_is_no_way_to_read_two_digits():
    assert detect_format(["29-02-20", "31-12-21"], "x").text == "%d-%m-%y"
    assert detect_format(["20/02/29", "20/12/31"], "x").text == "%y/%m/%d"


def test_one_day_beyond_twelve_tells_the_order():
    assert detect_format(["03/04/2020", "13/04/2020"], "x").text == "%d/%m/%Y"
    assert detect_format(["03/04/2020", "04/13/2020"], "x").text == "%m/%d/%Y"


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("%Y-%m-%d", "2020-02-30"),
        ("%Y-%m-%d", "20200229"),
        ("%Y-%m-%d", "2020-02-29x"),
        ("%Y-%m-%d", "٢٠٢٠-02-29"),
        ("%Y-%m-%d", "2020-02-29 24:00"),
        ("%Y-%m-%d", "2020-02-29T00:00:00+99:00"),
        ("%Y%m%d", "2020229"),
        ("%d %b %Y", "29 Foo 2020"),
        (EPOCH, "12345"),
        (EPOCH, "soon"),
    ],
)
def test_what_is_no_day_of_a_format_is_told(form, text):
    with pytest.raises(NotADateError):
        DateReader(DateFormat(form)).session(text)
    assert DateReader(DateFormat(form)).read([text]) == [None]


@pytest.mark.parametrize("form", ["%Y-%m", "%Q", "%Y-%m-%d %", "", "%d/%m", "%Y-%m-%d-%m", "plain"])
def test_a_format_that_cannot_be_is_refused(form):
    with pytest.raises(ValueError, match="no date format"):
        DateFormat(form)


@pytest.mark.parametrize(
    ("text", "zone", "day"),
    [
        ("2020-02-29 23:30", None, DAY),
        ("2020-02-29T04:30:00Z", "America/New_York", dt.date(2020, 2, 28)),
        ("2020-02-28T15:00:00.123456+00:00", "Asia/Tokyo", DAY),
        ("2020-02-29 11:30 PM", None, DAY),
        ("2020-02-29T00:00:00+01:00", None, DAY),
    ],
)
def test_a_moment_is_of_the_exchanges_local_date(text, zone, day):
    assert DateReader(DateFormat("%Y-%m-%d"), zone).session(text) == day


@pytest.mark.parametrize("digits", [10, 13, 16, 19])
def test_an_epoch_tells_its_unit_by_its_digits(digits):
    text = "1582934400".ljust(digits, "0")
    assert detect_format([text], "x").text == EPOCH
    assert DateReader(DateFormat(EPOCH)).session(text) == DAY
