"""Files of corporate actions are read strictly: what is wrong is named with file and row."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from quality.errors import UsageError
from quality.panel.action_file import open_actions, read_actions


def test_csv_is_read_in_any_order_with_ratios_as_numbers_or_pairs() -> None:
    data = b"\xef\xbb\xbfticker,date,ratio\nB,2020-08-31,4\n\nA,2021-01-04,3:2\nA,2020-01-02,1:10\n"
    found = read_actions(data, "s.csv")
    assert found.tickers == ("A", "A", "B")
    assert found.dates.astype(str).tolist() == ["2020-01-02", "2021-01-04", "2020-08-31"]
    assert found.ratios.tolist() == [0.1, 1.5, 4.0]
    assert found.name == "s.csv"


def test_parquet_is_read_by_its_content(tmp_path: Path) -> None:
    rows = {"date": [dt.date(2020, 8, 31), dt.date(2020, 9, 1)], "ticker": ["A", "B"], "ratio": [4, 2]}
    pl.DataFrame(rows).write_parquet(tmp_path / "actions")
    assert open_actions(str(tmp_path / "actions")).ratios.tolist() == [4.0, 2.0]
    pl.DataFrame(rows | {"ratio": [4.0, None]}).write_parquet(tmp_path / "actions")
    with pytest.raises(UsageError, match="actions: row 2: ratio"):
        open_actions(str(tmp_path / "actions"))


def test_no_address_is_no_action(tmp_path: Path) -> None:
    assert len(open_actions(None)) == 0
    with pytest.raises(UsageError, match=r"corporate actions: .*none\.csv"):
        open_actions(str(tmp_path / "none.csv"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", r"s\.csv: is empty"),
        ("date,ticker\n", r"s\.csv:1: the header lacks ratio"),
        ("date,ticker,ratio,note\n", r"s\.csv:1: no column 'note'"),
        ("date,ticker,ratio\n2020-01-02,A\n", r"s\.csv:2: has 2 fields"),
        ("date,ticker,ratio\n02/01/2020,A,2\n", r"s\.csv:2: date"),
        ("date,ticker,ratio\n2020-01-02,,2\n", r"s\.csv:2: ticker"),
        ("date,ticker,ratio\n2020-01-02,A,two\n", r"s\.csv:2: ratio"),
        ("date,ticker,ratio\n2020-01-02,A,-2\n", "is not a ratio of new shares to old ones"),
        ("date,ticker,ratio\n2020-01-02,A,1\n", "is not a ratio of new shares to old ones"),
        ("date,ticker,ratio\n2020-01-02,A,2:0\n", "is not a ratio of new shares to old ones"),
        ("date,ticker,ratio\n2020-01-02,A,nan\n", r"s\.csv:2: ratio"),
        ("date,ticker,ratio\n2020-01-02,A,2\n2020-01-02,A,2\n", r"s\.csv:3: A has an action on 2020-01-02 already, s"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        read_actions(text.encode(), "s.csv")
