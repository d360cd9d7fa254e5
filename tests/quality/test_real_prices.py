"""False alarms on real prices, where a folder with them is at hand; none of them is part of the project."""

import gzip
import os
from pathlib import Path

import polars as pl
import pytest

from quality.panel.partitions import write_year
from quality.rules.loading import load_ruleset
from quality.scan.run import ScanOptions, scan
from quality.scoring.score import read_run
from quality.storage import open_store

DATA = Path(os.environ.get("PRICEWATCH_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
PRICES = DATA / "wide_panels" / "skfolio_sp500_dataset.csv.gz"
LEVEL = ["price_spike", "price_drop", "unit_error", "spike_in_hindsight", "drop_in_hindsight"]
FROZEN = ["frozen_price", "frozen_in_hindsight"]


@pytest.mark.skipif(not PRICES.is_file(), reason="no folder with real prices; see PRICEWATCH_TEST_DATA")
def test_real_prices_raise_few_alarms(tmp_path: Path) -> None:
    wide = pl.read_csv(gzip.decompress(PRICES.read_bytes())).with_columns(pl.col("Date").str.to_date())
    panel = (
        wide.filter(pl.col("Date").dt.year() >= 2002)
        .unpivot(index="Date", variable_name="ticker", value_name="price")
        .select(date="Date", ticker="ticker", price=pl.col("price").cast(pl.Float64))
        .sort("ticker", "date")
    )
    for (_,), year in panel.group_by(pl.col("date").dt.year(), maintain_order=True):
        write_year(open_store(tmp_path / "panel"), year)
    run = open_store(tmp_path / "run")
    scan(open_store(tmp_path / "panel"), run, load_ruleset("robust"), ScanOptions(formats=("parquet",)))
    _, found = read_run(run)

    def alarms(column: str, rules: list[str]) -> float:
        return found.filter(pl.col(column).is_in(rules)).height / panel.height * 10_000

    assert alarms("rule", LEVEL) <= 2
    assert alarms("first_rule", LEVEL) <= 8
    assert alarms("rule", FROZEN) <= 5
    assert alarms("first_rule", FROZEN) <= 5
