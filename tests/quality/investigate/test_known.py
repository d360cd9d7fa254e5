"""An explanation knows what its run knew: corporate actions and calendars."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from jobs.cli import main
from quality.investigate.explain import explain_day
from quality.investigate.sources import Sources
from quality.panel.partitions import write_year
from quality.storage import open_store

DAYS = np.busday_offset(np.datetime64("2024-01-01"), np.arange(200), roll="forward")
AT = 150


def test_a_listed_split_is_explained_as_the_run_found_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    moves = np.cumsum(np.random.default_rng(3).normal(0, 0.01, (12, len(DAYS))), axis=1)
    prices = np.linspace(50, 300, 12)[:, np.newaxis] * np.exp(moves)
    prices[4, :AT] *= 2
    ticker, session = np.divmod(np.arange(prices.size), len(DAYS))
    names = pl.Series([f"T{number:02}" for number in ticker])
    rows = pl.DataFrame({"date": DAYS[session], "ticker": names, "price": np.round(prices.ravel(), 2)})
    write_year(open_store("panel"), rows)
    Path("splits.csv").write_text(f"date,ticker,ratio\n{DAYS[AT]},T04,2\n")
    main(["scan", "panel", "run", "--corporate-actions", "splits.csv", "--calendar", "weekdays"])
    sources = Sources(runs=["run"])
    day = DAYS[AT].item()
    explained = explain_day("T04", day, sources)
    assert [verdict.rule for verdict in explained.verdicts if verdict.found] == ["corporate_action"]
    values = {measured.name: measured.value for measured in explained.measured}
    assert (values["action_ratio"], values["action_shows"], explained.notes) == ("2:1", True, [])
    Path("splits.csv").unlink()
    (note,) = explain_day("T04", day, sources).notes
    assert note.startswith("the run knew 1 corporate actions, which are left out here")
