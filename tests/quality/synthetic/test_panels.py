"""Synthetic panels on disk and on S3: the published numbers, and what is refused before anything is lost."""

import datetime as dt
import io

import polars as pl
import pytest

from quality.errors import InputError, UsageError
from quality.panel.partitions import list_years, read_year
from quality.storage import open_store
from quality.synthetic.market import Market
from quality.synthetic.panels import write_faulty, write_market

SMALL = Market(30, 4)


def whole(store):
    return pl.concat(read_year(store, year) for year in list_years(store))


@pytest.fixture
def clean(tmp_path):
    store = open_store(tmp_path / "clean")
    write_market(SMALL, store)
    return store


def test_the_default_panels_have_the_published_numbers(default_panels):
    clean, faulty = whole(open_store(default_panels.clean)), whole(open_store(default_panels.faulty))
    assert (clean.height, clean.get_column("date").n_unique()) == (71_400, 714)
    first = clean.filter(pl.col("date") == dt.date(2020, 1, 1)).sort("ticker").get_column("price").to_list()
    assert first[:5] == [193.52, 475.85, 368.68, 303.34, 86.45]
    cells = clean.join(faulty, on=["date", "ticker"], how="left", suffix="_faulty")
    assert cells.filter(pl.col("price").ne_missing(pl.col("price_faulty"))).height == 3_492
    assert cells.get_column("price_faulty").null_count() == 673
    truth = pl.read_parquet(default_panels.truth)
    assert truth.columns == ["date", "ticker", "anomaly_type", "original_value", "new_value"]
    assert truth.height == 3_570
    assert truth.row(0)[:3] == (dt.date(2020, 5, 20) + dt.timedelta(days=2), "ST0024", "duplicate_value")


def test_progress_counts_sessions_up_to_all(tmp_path):
    told = []
    sessions = write_market(Market(800, 2), open_store(tmp_path / "clean"), progress=lambda *at: told.append(at))
    assert told[-1] == (sessions, sessions)
    assert told == sorted(told)
    assert len(told) == 3


def test_a_panel_that_is_there_is_kept_unless_told(clean):
    before = whole(clean)
    with pytest.raises(UsageError, match="already holds a panel of 1 files"):
        write_market(Market(30, 4, seed=1), clean)
    assert whole(clean).equals(before)
    write_market(Market(30, 4, seed=1), clean, overwrite=True)
    assert not whole(clean).equals(before)


def test_days_without_a_weekday_are_refused(tmp_path):
    with pytest.raises(UsageError, match="no weekday"):
        write_market(Market(2, 1, start=dt.date(2022, 1, 1)), open_store(tmp_path / "clean"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("spelled", ["{0}/clean", "{0}/../{1}/clean", "{0}/link", "{0}/clean/"])
def test_a_panel_is_never_its_own_faulty_copy(clean, tmp_path, spelled):
    (tmp_path / "link").symlink_to(tmp_path / "clean")
    before = whole(clean)
    with pytest.raises(UsageError, match="its own faulty copy"):
        write_faulty(
            clean, open_store(spelled.format(tmp_path, tmp_path.name)), tmp_path / "truth.parquet", overwrite=True
        )
    assert whole(clean).equals(before)


def test_a_truth_that_is_there_is_kept_unless_told(clean, tmp_path):
    truth = tmp_path / "truth.parquet"
    truth.write_bytes(b"precious")
    with pytest.raises(UsageError, match="say --overwrite"):
        write_faulty(clean, open_store(tmp_path / "faulty"), truth)
    assert truth.read_bytes() == b"precious"
    assert not (tmp_path / "faulty").exists()
    write_faulty(clean, open_store(tmp_path / "faulty"), truth, overwrite=True)
    assert pl.read_parquet(truth).height == int(22 * 4 * 0.05)


@pytest.mark.parametrize(("option", "value"), [("rate", -0.1), ("rate", 1.1), ("rate", float("nan")), ("seed", -1)])
def test_rate_and_seed_out_of_range_are_refused_before_anything_is_written(clean, tmp_path, option, value):
    with pytest.raises(UsageError, match=f"--{option}"):
        write_faulty(clean, open_store(tmp_path / "faulty"), tmp_path / "truth.parquet", **{option: value})
    assert {path.name for path in tmp_path.iterdir()} == {"clean"}


def test_a_damaged_clean_panel_is_refused_and_its_year_named(clean, tmp_path):
    clean.write("year=2021/prices.parquet", b"no parquet")
    with pytest.raises(InputError, match="year=2021 cannot be read"):
        write_faulty(clean, open_store(tmp_path / "faulty"), tmp_path / "truth.parquet")


def test_panels_and_truth_may_lie_on_s3(clean, tmp_path, bucket):
    done = write_faulty(clean, open_store(f"{bucket}/faulty"), f"{bucket}/truths/truth.parquet", rate=0.5)
    write_faulty(clean, open_store(tmp_path / "faulty"), tmp_path / "truth.parquet", rate=0.5)
    truth = pl.read_parquet(io.BytesIO(open_store(f"{bucket}/truths").read("truth.parquet")))
    assert truth.equals(pl.read_parquet(tmp_path / "truth.parquet"))
    assert truth.height == sum(done.logged.values()) == 44
    assert whole(open_store(f"{bucket}/faulty")).equals(whole(open_store(tmp_path / "faulty")))
    with pytest.raises(UsageError, match="is there already"):
        write_faulty(clean, open_store(f"{bucket}/other"), f"{bucket}/truths/truth.parquet")
