"""The score on a handful of cells, and on the default panel, whose figures are known."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from quality.errors import InputError, UsageError
from quality.findings import schema as findings_files
from quality.rules.loading import load_ruleset
from quality.scan.run import ScanOptions, scan
from quality.scoring.score import Score, read_run, read_truth, score, write_score
from quality.scoring.trials import sweep
from quality.storage import open_store
from quality.synthetic.market import Market
from quality.synthetic.panels import write_faulty, write_market

DAY = dt.date(2024, 1, 10)
SUMMARY = {"scored_from": "2024-01-10", "first_session": "2024-01-01", "last_session": "2024-01-31"}


def truth(*faults: tuple[int, str, str, float | None, float | None]) -> pl.DataFrame:
    rows = [(DAY + dt.timedelta(days=day), *rest) for day, *rest in faults]
    schema = ["date", "ticker", "anomaly_type", "original_value", "new_value"]
    types = {"date": pl.Date, "original_value": pl.Float64, "new_value": pl.Float64}
    return pl.DataFrame(rows, schema=schema, schema_overrides=types, orient="row")


def findings(*found: tuple[int, str, str, str]) -> pl.DataFrame:
    rows = [
        {"date": DAY + dt.timedelta(days=day), "ticker": ticker, "rule": rule, "severity": severity, "message": ""}
        for day, ticker, rule, severity in found
    ]
    return pl.DataFrame(rows, schema=findings_files.SCHEMA)


def counts(scored: Score) -> tuple[int, int, int]:
    return scored.total["bad"], scored.total["claimed"], scored.total["found"]


def test_a_found_a_missed_and_a_false_cell() -> None:
    scored = score(
        SUMMARY,
        findings((0, "A", "price_spike", "warning"), (1, "A", "price_drop", "warning")),
        truth((0, "A", "price_spike", 100, 200), (2, "A", "duplicate_value", 100, 101)),
    )
    assert counts(scored) == (2, 2, 1)
    assert (scored.total["precision"], scored.total["recall"], scored.total["f1"]) == (0.5, 0.5, 0.5)
    assert scored.total["type_right"] == 1
    assert scored.errors.select("error", "type", "rule").rows() == [
        ("false", None, "price_drop"),
        ("missed", "duplicate_value", None),
    ]


def test_a_cell_hit_twice_has_the_last_type_that_changed_it() -> None:
    faults = truth((0, "A", "zero_price", 100, 0), (0, "A", "price_spike", 0, 0))
    assert score(SUMMARY, findings(), faults).confusion.rows() == [("zero_price", None, 1)]


def test_a_cell_is_bad_by_its_first_and_last_value() -> None:
    faults = truth((0, "A", "negative_price", 100, -100), (0, "A", "negative_price", -100, 100))
    assert counts(score(SUMMARY, findings(), faults)) == (0, 0, 0)


def test_a_duplicate_of_an_equal_price_is_no_fault() -> None:
    assert counts(score(SUMMARY, findings(), truth((0, "A", "duplicate_value", 100.001, 100.004)))) == (0, 0, 0)


def test_missing_values_and_missing_tickers_are_one_type() -> None:
    scored = score(
        SUMMARY,
        findings((0, "A", "missing_ticker", "error"), (0, "B", "missing_price", "error")),
        truth((0, "A", "missing_value", 1, None), (0, "B", "missing_ticker", 1, None)),
    )
    assert scored.by_type.row(0, named=True) == {
        "type": "missing", "bad": 2, "found": 2, "recall": 1.0, "named_right": 2, "false_alarms": 0,
        "rules": "missing_price 50 %, missing_ticker 50 %",
    }  # fmt: skip


def test_a_truth_may_have_types_of_its_own_and_more_digits_than_cents() -> None:
    faults = truth((0, "A", "fat finger", 1.08123, 1.08124), (1, "A", "fat finger", 1.08123, 1.081230001))
    found = findings((0, "A", "spike_reverted", "warning"))
    scored = score(SUMMARY, found, faults)
    assert counts(scored) == (1, 1, 1)  # the second differs by less than the prices' last digit
    assert scored.by_type.select("type", "found", "rules").rows() == [("fat finger", 1, "spike_reverted 100 %")]


def test_the_covered_cells_of_a_stretch_are_claimed_and_named_by_direction() -> None:
    stretch = findings((0, "A", "block_error", "error"), (1, "A", "block_error", "error")).with_columns(
        covered=pl.Series([False, True]), deviation=pl.lit(0.5)
    )
    scored = score(SUMMARY, stretch, truth((0, "A", "price_spike", 1, 1.5), (1, "A", "price_spike", 1, 1.5)))
    assert counts(scored) == (2, 2, 2)
    assert scored.total["type_right"] == 1


def test_the_first_week_infos_and_findings_of_no_ticker_do_not_count() -> None:
    found = findings(
        (-1, "A", "price_spike", "warning"),
        (0, "A", "level_shift", "info"),
        (0, "__MARKET__", "market_move", "warning"),
    )
    assert counts(score(SUMMARY, found, truth((-1, "A", "price_spike", 1, 2)))) == (0, 0, 0)


def test_a_run_that_is_no_scan_cannot_be_scored() -> None:
    with pytest.raises(UsageError, match="eight sessions"):
        score({"first_session": "2024-01-01"}, findings(), truth())


def test_what_is_no_truth_is_refused(tmp_path: Path) -> None:
    pl.DataFrame({"date": [DAY]}).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(InputError, match=r"lacks ticker, anomaly_type"):
        read_truth((tmp_path / "t.parquet").read_bytes(), "t.parquet")
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        read_truth(b"junk", "t.parquet")


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no finished run"):
        read_run(open_store(tmp_path))


@pytest.fixture(scope="module")
def default_panel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("default")
    write_market(Market(), open_store(folder / "clean"))
    write_faulty(open_store(folder / "clean"), open_store(folder / "faulty"), folder / "truth.parquet")
    return folder


def scored(folder: Path, ruleset: str) -> Score:
    run = open_store(folder / f"run-{ruleset}")
    scan(open_store(folder / "faulty"), run, load_ruleset(ruleset), ScanOptions(formats=("parquet",)))
    result = score(*read_run(run), read_truth((folder / "truth.parquet").read_bytes(), "truth"))
    write_score(result, run)
    return result


def test_the_notebook_rules_have_their_known_score(default_panel: Path) -> None:
    total = scored(default_panel, "notebook").total
    assert total["bad"] == 3460
    assert [round(total[name], 3) for name in ("precision", "recall", "f1")] == [0.345, 0.854, 0.491]


def test_the_robust_rules_score_as_well_as_nature_allows(default_panel: Path) -> None:
    result = scored(default_panel, "robust")
    assert result.total["f1"] > 0.975
    assert result.total["type_right"] > 0.99
    recall = {row["type"]: row["recall"] for row in result.by_type.to_dicts()}
    assert min(share for name, share in recall.items() if name != "duplicate_value") > 0.995
    assert pl.read_parquet(default_panel / "run-robust" / "score" / "total.parquet").item(0, "f1") == result.total["f1"]


def test_no_limit_beside_the_chosen_ones_is_much_better(default_panel: Path) -> None:
    rows = sweep(open_store(default_panel / "faulty"), (default_panel / "truth.parquet").read_bytes(), "robust")
    for limit in ("level", "frozen"):
        of_limit = {row["factor"]: row["f1"] for row in rows if row["limit"] == limit}
        assert of_limit[1.0] > max(of_limit.values()) - 0.003
