"""Addresses with places to fill."""

import datetime as dt

import pytest

from quality.batch import templates

DAY = dt.date(2022, 9, 26)


@pytest.mark.parametrize(
    ("template", "address"),
    [
        ("in/{date}.csv", "in/2022-09-26.csv"),
        ("in/{date:%Y}/{date:%Y%m%d}_px.csv.gz", "in/2022/20220926_px.csv.gz"),
        ("q/{panel}/{job}/{run}", "q/us/check/{run}"),
        ("in/{other}/{}.csv", "in/{other}/{}.csv"),
    ],
)
def test_an_address_is_filled(template, address):
    assert templates.fill(template, DAY, panel="us", job="check") == address


@pytest.mark.parametrize(
    ("template", "folder"),
    [
        ("runs/{panel}/{date}", "runs/{panel}"),
        ("{date}", "."),
        ("/{date}", "/"),
        ("s3://b/{date}/x", "s3://b"),
        ("runs/day-{date}/check", "runs"),
    ],
)
def test_the_folder_above_a_place(template, folder):
    assert templates.before(template, "date") == folder


@pytest.mark.parametrize(
    ("template", "folder", "date"),
    [
        ("runs/{date}", "2022-09-26", "2022-09-26"),
        ("{date}", "2022-09-26", "2022-09-26"),
        ("s3://b/q.1/{date}/check", "2022-09-26/check", "2022-09-26"),
        ("runs/day-{date}", "day-2022-09-26", "2022-09-26"),
        ("runs/{date}", "2022-09-26/more", None),
        ("runs/day.{date}", "dayx2022-09-26", None),
    ],
)
def test_a_date_is_found_again(template, folder, date):
    match = templates.dated(template).fullmatch(folder)
    assert (match and match["date"]) == date
