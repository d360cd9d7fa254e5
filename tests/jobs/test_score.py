"""`pricewatch score`, from a fresh panel to its tables."""

import json
from pathlib import Path

import pytest

from jobs.cli import main


@pytest.fixture
def scanned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for arguments in (
        ["generate", "clean", "--days", "300", "--stocks", "20", "--quiet"],
        ["inject", "clean", "faulty", "--truth", "truth.parquet", "--quiet"],
        ["scan", "faulty", "run", "--format", "parquet", "--quiet"],
    ):
        assert main(arguments) == 0
    return tmp_path


def test_a_run_is_scored_as_tables_json_and_parquet(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["score", "run", "truth.parquet"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("precision 0.")
    assert {"by type", "by rule", "named", "errors"} <= set(shown.splitlines())
    assert main(["score", "run", "truth.parquet", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["f1"] > 0.9
    assert {path.stem for path in (scanned / "run" / "score").iterdir()} >= {"total", "by_type", "by_rule", "errors"}


def test_trials_compare_the_rule_sets(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--days", "150", "--stocks", "15", "--seeds", "1", "--rates", "0.05", "--json"]
    assert main(["score", "--trials", *options]) == 0
    means = {row["ruleset"]: row["f1"] for row in json.loads(capsys.readouterr().out)["means"]}
    assert means["robust"] > 0.9 > means["notebook"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "score needs RUN and TRUTH"),
        (["--trials", "--seeds", "one"], "--seeds one: must be numbers"),
        (["nowhere", "truth.parquet"], "truth.parquet"),
    ],
)
def test_wrong_usage_is_one_line(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["score", *arguments]) in (2, 3)
    error = capsys.readouterr().err
    assert error.startswith("pricewatch score: ")
    assert message in error
    assert error.count("\n") == 1


def test_realism_shows_recall_by_kind_and_alarms_by_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", "--realism", "--quick", "--seeds", "1", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert {row["kind"] for row in result["kinds"]} >= {"spike_50", "unit_stretch", "swap_day", "stale_file"}
    assert {row["sample"] for row in result["alarms"]} >= {"generated yields"}
