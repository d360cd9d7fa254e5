"""`pricewatch inject`."""

import json

import polars as pl
import pytest


@pytest.fixture
def clean(pricewatch):
    pricewatch("generate", "clean", "--days", 30, "--stocks", 4)
    return "clean"


def test_writes_the_copy_and_the_truth_and_counts_by_kind(pricewatch, clean):
    done = pricewatch("inject", clean, "faulty", "--truth", "truth.parquet", "--rate", 0.5)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].startswith("faulty: 44 faults in 22 sessions × 4 tickers, ")
    assert sum(int(line.split()[1]) for line in lines[1:-1]) == 44
    assert lines[-1] == "the truth is in truth.parquet"
    assert pl.read_parquet("truth.parquet").height == 44


def test_as_json(pricewatch, clean):
    told = json.loads(pricewatch("inject", clean, "faulty", "--truth", "t.parquet", "--rate", 0.5, "--json").out)
    assert (told["logged"], sum(told["by_type"].values()), told["truth"]) == (44, 44, "t.parquet")


def test_the_notebooks_counts(pricewatch, default_panels):
    told = json.loads(pricewatch("inject", default_panels.clean, "faulty", "--truth", "t.parquet", "--json").out)
    assert told["by_type"] == {
        "price_spike": 876,
        "price_drop": 904,
        "missing_value": 514,
        "duplicate_value": 559,
        "zero_price": 391,
        "negative_price": 160,
        "missing_ticker": 166,
    }


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["clean", "faulty"], 2, "the following arguments are required: --truth"),
        (["clean", "faulty", "--truth", "t.parquet", "--rate", "2"], 2, "--rate must be from 0 to 1: 2.0"),
        (["clean", "clean", "--truth", "t.parquet", "--overwrite"], 2, "its own faulty copy"),
        (["clean", "faulty", "--truth", "folder/"], 2, "names a folder or a bucket, not a file"),
        (["none", "faulty", "--truth", "t.parquet"], 3, "no panel at none"),
        (["clean", "ftp://host/faulty", "--truth", "t.parquet"], 2, "use a local path or s3://bucket/prefix"),
    ],
)
def test_what_is_wrong_is_one_line(pricewatch, clean, tmp_path, arguments, code, says):
    assert says in pricewatch("inject", *arguments).failed(code)
    assert [path.name for path in tmp_path.iterdir()] == [clean]


def test_a_damaged_year_is_named(pricewatch, clean, tmp_path):
    (tmp_path / "clean/year=2021").mkdir()
    (tmp_path / "clean/year=2021/prices.parquet").write_bytes(b"no parquet")
    assert "year=2021 cannot be read" in pricewatch("inject", clean, "faulty", "--truth", "t.parquet").failed(3)
