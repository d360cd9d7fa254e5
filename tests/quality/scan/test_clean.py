"""The clean panel: without the price of bad cells, and otherwise as it was."""

import datetime as dt

import polars as pl
import pytest

from quality.errors import UsageError
from quality.panel.partitions import SCHEMA, list_years, read_year
from quality.rules.loading import load_ruleset
from quality.scan.clean import write_clean
from quality.scan.run import scan
from quality.storage import open_store

DAYS = [dt.date(2021, 12, 27) + dt.timedelta(days=number) for number in range(12)]


def rows_of(panel):
    return pl.concat([read_year(panel, year) for year in list_years(panel)])


@pytest.fixture
def panel(make_panel):
    prices = {(DAYS[9], "AAA"): 0.0, (DAYS[10], "BBB"): 130.0, (DAYS[11], "CCC"): None}
    cells = [(day, ticker) for day in DAYS for ticker in ("AAA", "BBB", "CCC")]
    return make_panel([(*cell, prices.get(cell, 100.0)) for cell in cells])


@pytest.fixture
def run(panel, tmp_path):
    store = open_store(tmp_path / "run")
    scan(panel, store, load_ruleset("notebook"))
    return store


@pytest.mark.parametrize(
    ("severity", "nulled"), [("error", {(DAYS[9], "AAA")}), ("warning", {(DAYS[9], "AAA"), (DAYS[10], "BBB")})]
)
def test_bad_cells_have_no_price_and_all_others_are_untouched(panel, run, tmp_path, severity, nulled):
    clean = open_store(tmp_path / "clean")
    told = write_clean(panel, run, clean, severity=severity)
    before, after = rows_of(panel), rows_of(clean)
    assert (after.height, after.schema) == (before.height, SCHEMA)
    expected = [
        (date, ticker, None if (date, ticker) in nulled else price) for date, ticker, price in before.iter_rows()
    ]
    assert after.rows() == expected
    assert told["rows"] == before.height
    assert told["cleaned"] == len(nulled) + 1  # CCC had no price before


def test_flags_may_stand_beside_prices_instead(panel, run, tmp_path):
    write_clean(panel, run, open_store(tmp_path / "clean"), severity="warning", keep_flags=True)
    clean = pl.read_parquet(tmp_path / "clean" / "year=2022" / "*.parquet", hive_partitioning=False)
    flags = {(date, ticker): flag for date, ticker, _, flag in clean.iter_rows() if flag}
    assert flags == {
        (DAYS[9], "AAA"): "zero_price",
        (DAYS[10], "BBB"): "price_increase",
        (DAYS[11], "CCC"): "missing_price",
    }
    assert rows_of(open_store(tmp_path / "clean")).equals(rows_of(panel))


def test_a_clean_panel_is_written_anew_and_no_other_panel_ever(panel, run, tmp_path):
    clean = open_store(tmp_path / "clean")
    assert write_clean(panel, run, clean) == write_clean(panel, run, clean)
    before = rows_of(panel)
    for place in (panel, run, open_store(f"{panel.address}/clean")):
        with pytest.raises(UsageError, match="lie in one another"):
            write_clean(panel, run, place)
    (tmp_path / "mine" / "year=2020").mkdir(parents=True)
    (tmp_path / "mine" / "year=2020" / "prices.parquet").write_bytes(b"PAR1")
    with pytest.raises(UsageError, match="is not of --clean"):
        write_clean(panel, run, open_store(tmp_path / "mine"))
    assert rows_of(panel).equals(before)


def test_a_year_that_is_damaged_is_named_and_the_rest_is_clean(panel, run, tmp_path):
    (year, _) = list_years(panel)
    panel.write(year.keys[0], b"PAR1 no")
    told = write_clean(panel, run, open_store(tmp_path / "clean"))
    assert [damage["year"] for damage in told["damaged"]] == [2021]
    assert [year.year for year in list_years(open_store(tmp_path / "clean"))] == [2022]
