"""Corporate actions from a file to findings: scan, check, resume, and what a chunk carries of them."""

import pickle
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import quality
from jobs.cli import main
from quality.panel.action_file import open_actions
from quality.panel.panel_files import panel_files
from quality.panel.partitions import list_years, write_year
from quality.rules.loading import load_ruleset
from quality.scan.options import ScanOptions
from quality.scan.tasks import Tasks
from quality.storage import open_store

DAYS = np.busday_offset(np.datetime64("2020-01-01"), np.arange(520), roll="forward")
AT = 400


@pytest.fixture
def panel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pl.DataFrame:
    """Three years of twelve tickers, one of which splits 3:2 in the second."""
    monkeypatch.chdir(tmp_path)
    moves = np.cumsum(np.random.default_rng(3).normal(0, 0.01, (12, len(DAYS))), axis=1)
    prices = np.linspace(50, 300, 12)[:, np.newaxis] * np.exp(moves)
    prices[4, :AT] *= 1.5
    ticker, session = np.divmod(np.arange(prices.size), len(DAYS))
    names = pl.Series([f"T{number:02}" for number in ticker])
    rows = pl.DataFrame({"date": DAYS[session], "ticker": names, "price": np.round(prices.ravel(), 2)})
    for year in rows.with_columns(year=pl.col("date").dt.year()).partition_by("year", include_key=False):
        write_year(open_store("panel"), year)
    Path("splits.csv").write_text(f"date,ticker,ratio\n{DAYS[AT]},T04,3:2\n{DAYS[AT]},ELSE,2\n")
    return rows


def test_a_file_explains_a_split_and_resume_notices_another_file(
    panel: pl.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    del panel
    # It held, but a fall to two thirds on quiet days may be a split that nobody listed: it stays an alarm.
    assert main(["scan", "panel", "run", "--fail-on", "warning"]) == 1
    command = ["scan", "panel", "run", "--corporate-actions", "splits.csv", "--resume"]
    assert main(command) == 0
    found = quality.scan("panel", corporate_actions="splits.csv")
    assert found.findings.select("date", "ticker", "rule").rows() == [(DAYS[AT].item(), "T04", "corporate_action")]
    assert found.summary["corporate_actions"]["listed"] == 2
    made = pl.read_csv("run/anomalies.csv").get_column("rule").to_list()
    assert made == ["corporate_action"]
    Path("splits.csv").write_text(f"date,ticker,ratio\n{DAYS[AT]},T04,4\n")
    assert main(command) == 0
    assert set(pl.read_csv("run/anomalies.csv").get_column("rule")) == {"price_drop", "unseen_action"}
    assert capsys.readouterr().err == ""


def test_a_check_knows_them_by_flag_and_by_settings(panel: pl.DataFrame, capsys: pytest.CaptureFixture[str]) -> None:
    panel.filter(pl.col("date") == DAYS[AT]).write_csv("day.csv")
    assert main(["check", "day.csv", "--history", "panel"]) == 0
    assert "T04" in capsys.readouterr().out
    assert main(["check", "day.csv", "--history", "panel", "--corporate-actions", "splits.csv"]) == 0
    told = capsys.readouterr()
    assert "T04" not in told.out
    assert f"T04: Corporate action, 3:2, as listed for {DAYS[AT]}" in told.err
    Path("pricewatch.toml").write_text('[run]\ncorporate_actions = "splits.csv"\n')
    assert main(["check", "day.csv", "--history", "panel"]) == 0
    assert "T04" not in capsys.readouterr().out
    Path("splits.csv").write_text("date,ticker,ratio\n2020-01-02,A,0\n")
    assert main(["check", "day.csv", "--history", "panel"]) == 2
    assert "splits.csv:2: ratio" in capsys.readouterr().err


def test_a_chunk_carries_its_own_actions_alone(panel: pl.DataFrame) -> None:
    del panel
    options = ScanOptions(actions=open_actions("splits.csv"), rows_a_chunk=1)
    store = open_store("panel")
    years = list_years(store)
    with panel_files(store, years) as files:
        tasks = Tasks(files.catalogue(1), {year.year: year for year in years}, files, load_ruleset("robust"), options)
        chunks = tasks.chunks(leaving_out=())
    assert {chunk.actions.tickers for chunk in chunks} == {("T04",)}
    assert pickle.loads(pickle.dumps(chunks[0])).actions.digest == chunks[0].actions.digest  # noqa: S301
