"""Samples: what is written as a panel is read back, and prices keep the digits that their ticker has."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from quality.errors import UsageError
from quality.panel.partitions import SCHEMA
from quality.scoring.realism.sample import digits_of, read_sample, rounded, sample_of, write_sample
from quality.storage import open_store


def test_a_sample_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    days = pl.date_range(pl.date(2020, 12, 30), pl.date(2021, 1, 2), eager=True)
    rows = [(days[0], "B", 1.5), (days[1], "B", None), (days[3], "B", 2.0), (days[3], "A", 7.0)]
    sample = sample_of("mine", pl.DataFrame(rows, schema=SCHEMA, orient="row"))
    write_sample(sample, open_store(tmp_path))
    again = read_sample("mine", open_store(tmp_path))
    assert (again.tickers, again.sessions.tolist()) == (["A", "B"], [days[0], days[1], days[3]])
    assert np.array_equal(again.prices, sample.prices, equal_nan=True)
    assert again.present.tolist() == [[False, False, True], [True, True, True]]


def test_nothing_is_no_sample() -> None:
    with pytest.raises(UsageError, match="mine: holds no prices"):
        sample_of("mine", pl.DataFrame(schema=SCHEMA))


def test_faulty_prices_have_the_digits_of_their_ticker() -> None:
    prices = np.array([[1.25, 2.5, np.nan], [0.0004, 12.5, 3.0], [1 / 3, 2.0, 1.0], [100.0, 7.0, 9.0]])
    assert digits_of(prices).tolist() == [2, 4, -1, 0]
    assert rounded(np.array([1.23456]), 2).tolist() == [1.23]
    assert rounded(np.array([1.23456]), -1).tolist() == [1.23456]
