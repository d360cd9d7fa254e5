"""`pricewatch generate`."""

import json

import pytest

from quality.panel.partitions import list_years, read_year
from quality.storage import open_store


def test_writes_the_panel_and_says_so(pricewatch):
    done = pricewatch("generate", "clean", "--days", 30, "--stocks", 3, "--seed", 7)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("clean: 22 sessions × 3 tickers = 66 prices, ")
    (year,) = list_years(open_store("clean"))
    assert read_year(open_store("clean"), year).height == 66


def test_gives_the_notebooks_prices_by_default_values(pricewatch):
    told = json.loads(pricewatch("generate", "clean", "--days", 5, "--stocks", 100, "--json").out)
    assert {name: told[name] for name in ("panel", "sessions", "tickers", "cells")} == {
        "panel": "clean",
        "sessions": 3,
        "tickers": 100,
        "cells": 300,
    }
    frame = read_year(open_store("clean"), list_years(open_store("clean"))[0])
    assert frame.sort("date", "ticker").get_column("price").to_list()[:5] == [193.52, 475.85, 368.68, 303.34, 86.45]


def test_goes_to_s3(pricewatch, bucket):
    assert pricewatch("generate", f"{bucket}/clean", "--days", 5, "--stocks", 2).code == 0
    assert [entry.key for entry in open_store(f"{bucket}/clean").entries()] == ["year=2020/prices.parquet"]


def test_keeps_a_panel_that_is_there(pricewatch):
    pricewatch("generate", "clean", "--days", 5, "--stocks", 2)
    before = open_store("clean").read("year=2020/prices.parquet")
    assert "say --overwrite" in pricewatch("generate", "clean", "--days", 9, "--stocks", 2).failed(2)
    assert open_store("clean").read("year=2020/prices.parquet") == before
    assert pricewatch("generate", "clean", "--days", 9, "--stocks", 2, "--overwrite").code == 0


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--days", "0"], "--days: '0' is not between 1 and"),
        (["--days", "many"], "argument --days: 'many' is not a whole number"),
        (["--days", "9" * 5_000], "…' is not between 1 and"),
        (["--stocks", "-3"], "--stocks: '-3' is not between 1 and 1,000,000"),
        (["--stocks", "99999999999999999999"], "--stocks: '99999999999999999999' is not between 1 and 1,000,000"),
        (["--seed", "-1"], "--seed: '-1' is not between 0 and 4,294,967,295"),
        (["--start", "2020-02-30"], "argument --start: '2020-02-30' is not a date YYYY-MM-DD"),
        (["--days", "99999999"], "ends after 9999-12-31"),
        (["--day", "5"], "there is no flag --day; did you mean --days?"),
        (["--threads", "0"], "--threads: '0' is not a whole number from 1 to 1,024"),
    ],
)
def test_a_bad_flag_is_one_line(pricewatch, tmp_path, flags, says):
    assert says in pricewatch("generate", "clean", *flags).failed(2)
    assert list(tmp_path.iterdir()) == []


def test_wrong_credentials_are_one_line(pricewatch, bucket, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong-secret")
    line = pricewatch("generate", f"{bucket}/clean", "--days", 5).failed(3)
    assert "the secret key is wrong; check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in line
    assert "wrong-secret" not in line


def test_a_place_that_cannot_be_written_is_one_line(pricewatch, tmp_path):
    (tmp_path / "file").touch()
    assert "file" in pricewatch("generate", "file/clean", "--days", 5).failed(3)
