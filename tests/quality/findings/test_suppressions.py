"""Exceptions: findings are kept and marked, do not count, and entries are accounted for."""

import csv
import datetime as dt
import json
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from quality.check.day import Day, Entry
from quality.check.results import write_run
from quality.check.run import check
from quality.delivery.alerting import alert
from quality.findings.identity import OF_THE_MOMENT
from quality.findings.schema import SCHEMA as FINDINGS
from quality.findings.summary import reaches
from quality.findings.suppression_file import read_suppressions
from quality.findings.suppressions import NO_SUPPRESSIONS, Suppression, Suppressions, mark
from quality.panel.partitions import SCHEMA, write_year
from quality.rules.loading import load_ruleset
from quality.scan.run import ScanOptions, scan
from quality.storage import Store, open_store

_TODAY = dt.date(2024, 6, 30)
_HEADER = "rule,ticker,from,to,reason,author,expires\n"
_DAYS = [dt.date(2023, 12, 25) + dt.timedelta(days=count) for count in range(14)]


def _suppressions(*lines: str) -> Suppressions:
    return read_suppressions((_HEADER + "\n".join(lines)).encode(), "known.csv", _TODAY)


def _findings(*cells: tuple[str, str, str]) -> pa.Table:
    rows = [{"date": dt.date.fromisoformat(day), "ticker": ticker, "rule": rule} for day, ticker, rule in cells]
    return pl.DataFrame(rows, schema=FINDINGS).to_arrow()


@pytest.fixture
def panel(tmp_path: Path) -> Store:
    """Fourteen days over a turn of the year: A is zero on two of them, B negative on one."""
    store = open_store(tmp_path / "panel")
    bad = {("A", _DAYS[3]): 0.0, ("A", _DAYS[9]): 0.0, ("B", _DAYS[8]): -10.0}
    rows = [(day, ticker, bad.get((ticker, day), 10.0)) for ticker in ("A", "B") for day in _DAYS]
    for year in (2023, 2024):
        write_year(store, pl.DataFrame([row for row in rows if row[0].year == year], schema=SCHEMA, orient="row"))
    return store


def _scan(panel: Store, run: Path, suppressions: Suppressions = NO_SUPPRESSIONS, **options: Any) -> dict[str, Any]:
    chosen = ScanOptions(threads=1, suppressions=suppressions, **options)
    return scan(panel, open_store(run), load_ruleset("notebook"), chosen)


def _files(run: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(run)): path.read_bytes() for path in run.rglob("*") if path.suffix in (".parquet", ".csv")
    }


def test_an_entry_marks_what_it_matches_in_rule_ticker_and_dates():
    findings = _findings(
        ("2024-01-01", "A", "zero_price"),
        ("2024-01-02", "A", "zero_price"),
        ("2024-01-03", "A", "zero_price"),
        ("2024-01-02", "A", "price_increase"),
        ("2024-01-02", "AB", "zero_price"),
    )
    marked, counted = mark(findings, _suppressions("zero_*,A,2024-01-01,2024-01-02,x,b,2099-01-01"))
    assert marked.column("suppressed").to_pylist() == [True, True, False, False, False]
    assert marked.column_names == [*FINDINGS, "suppressed"]
    assert list(counted.values()) == [2]


def test_a_finding_is_suppressed_once_and_counts_for_every_entry_that_matches_it():
    known = _suppressions("*,A,,,x,b,2099-01-01", "zero_price,*,,,x,b,2099-01-01", "zero_price,A,,,x,b,2020-01-01")
    marked, counted = mark(_findings(("2024-01-01", "A", "zero_price"), ("2024-01-01", "A", "p")), known)
    assert marked.column("suppressed").to_pylist() == [True, True]
    assert [counted[entry.id] for entry in known.entries] == [2, 1, 0]


def test_the_scan_keeps_suppressed_findings_and_counts_them_apart(panel: Store, tmp_path: Path):
    plain = _scan(panel, tmp_path / "plain")
    known = _suppressions(
        "zero_price,A,2023-12-28,2023-12-28,known,anna,2099-01-01",
        "negative_price,C,,,typo,bert,2099-01-01",
        "negative_price,B,,,was known,bert,2024-06-29",
        "zero_price,B,2030-01-01,,later,bert,2099-01-01",
    )
    summary = _scan(panel, tmp_path / "run", known)
    assert (plain["suppressed"], plain["suppressions"], plain["by_rule"]["zero_price"]) == (0, [], 2)
    assert (summary["findings"], summary["suppressed"]) == (plain["findings"] - 1, 1)
    assert summary["by_rule"]["zero_price"] == 1
    states = [(entry["line"], entry["state"], entry["findings"]) for entry in summary["suppressions"]]
    assert states == [(2, "used", 1), (3, "unused", 0), (4, "expired", 0), (5, "elsewhere", 0)]
    with (tmp_path / "run" / "anomalies.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == plain["findings"]
    assert [(row["date"], row["ticker"], row["rule"]) for row in rows if row["suppressed"] == "true"] == [
        ("2023-12-28", "A", "zero_price")
    ]


def test_a_run_whose_findings_are_all_suppressed_does_not_fail(panel: Store, tmp_path: Path):
    assert reaches(_scan(panel, tmp_path / "plain")["by_severity"], "warning")
    assert not reaches(_scan(panel, tmp_path / "run", _suppressions("*,*,,,x,b,2099-01-01"))["by_severity"], "warning")


def test_resuming_with_other_suppressions_gives_what_a_fresh_scan_gives(panel: Store, tmp_path: Path):
    known = _suppressions("negative_price,B,,,x,b,2099-01-01", "zero_price,A,2023-01-01,2023-12-31,x,b,2099-01-01")
    expired = Suppressions(known.source, known.entries, dt.date(2100, 1, 1))
    for number, chosen in enumerate((NO_SUPPRESSIONS, known, expired)):
        resumed = _scan(panel, tmp_path / "run", chosen, resume=True)
        fresh = _scan(panel, tmp_path / f"fresh{number}", chosen)
        assert _files(tmp_path / "run") == _files(tmp_path / f"fresh{number}")
        assert resumed | dict.fromkeys(OF_THE_MOMENT) == fresh | dict.fromkeys(OF_THE_MOMENT)


def test_resuming_makes_only_the_years_anew_that_a_new_entry_is_for(panel: Store, tmp_path: Path):
    _scan(panel, tmp_path / "run")
    kept = (tmp_path / "run" / "ledger" / "year=2023.json").stat()
    made = (tmp_path / "run" / "ledger" / "year=2024.json").stat()
    summary = _scan(panel, tmp_path / "run", _suppressions("zero_price,A,2024-01-01,,x,b,2099-01-01"), resume=True)
    assert summary["suppressed"] == 1
    assert (tmp_path / "run" / "ledger" / "year=2023.json").stat().st_mtime_ns == kept.st_mtime_ns
    assert (tmp_path / "run" / "ledger" / "year=2024.json").stat().st_mtime_ns != made.st_mtime_ns


def test_a_check_leaves_suppressed_findings_out_of_report_and_mail(panel: Store, tmp_path: Path):
    day = Day(dt.date(2024, 1, 8), 1, (Entry(0, "A", 0.0), Entry(1, "", 5.0)))
    ruleset = load_ruleset("notebook")
    assert check(day, panel, ruleset).issues == (
        ("column_1", "Unnamed/Blank Ticker Column"),
        ("column_1", "Missing Ticker at Position 1"),
        ("A", "Zero Price (value=0.00)"),
    )
    known = _suppressions("missing_ticker,B,,,delisted,b,2099-01-01", "blank_ticker,column_*,,,vendor,b,2099-01-01")
    result = check(day, panel, ruleset, suppressions=known)
    summary = write_run(result, open_store(tmp_path / "run"), ruleset, panel, 0.0)
    assert result.issues == (("A", "Zero Price (value=0.00)"),)
    assert [key for key, _ in result.suppressed] == ["column_1", "column_1"]
    assert (tmp_path / "run/anomalies/anomaly_report_1.csv").read_text() == (
        "Ticker/Key,Issue\nA,Zero Price (value=0.00)\n"
    )
    assert alert(summary, "here")[1] == "📅 Detected 1 anomalies on 2024-01-08:\n\nA: Zero Price (value=0.00)\n"
    assert (summary["findings"], summary["suppressed"]) == (1, 2)
    assert json.loads((tmp_path / "run/summary.json").read_text())["suppressions"][0]["state"] == "used"


def test_an_entry_knows_which_dates_it_is_for():
    entry = Suppression("r", "T", dt.date(2024, 1, 2), None, "x", "b", _TODAY, 2)
    assert entry.concerns(dt.date(2023, 1, 1), dt.date(2024, 1, 2))
    assert not entry.concerns(dt.date(2023, 1, 1), dt.date(2024, 1, 1))
