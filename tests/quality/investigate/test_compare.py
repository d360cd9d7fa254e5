"""Comparing runs: new, gone and changed, of findings and of incidents."""

import datetime as dt

import polars as pl
import pytest

from quality.errors import InputError, UsageError
from quality.investigate.compare import compare_runs
from quality.rules.loading import load_ruleset
from quality.rules.model import Thresholds
from quality.scan.run import ScanOptions, scan
from quality.storage import open_store

DAYS = [day for day in (dt.date(2022, 1, 3) + dt.timedelta(days=n) for n in range(40)) if day.weekday() < 5]


@pytest.fixture
def runs(write_panel, tmp_path):
    """The panel on one day and on the next, when a hole was filled and one more fault came."""

    def price(name, at, *, later):
        wrong = {("AAA", 12): 0.0, ("BBB", 15): None if not later else 101.0, ("BBB", 20): 300.0}
        return wrong.get((name, at), 100.0)

    for name, end in (("one", 20), ("two", 21)):
        later = name == "two"
        rows = [
            (day, ticker, price(ticker, at, later=later))
            for at, day in enumerate(DAYS[:end])
            for ticker in ("AAA", "BBB")
        ]
        panel = write_panel(tmp_path / f"panel-{name}", rows)
        scan(panel, open_store(tmp_path / name), load_ruleset("notebook"), ScanOptions(formats=("parquet",)))
    return str(tmp_path / "one"), str(tmp_path / "two")


def changes(rows):
    return sorted(zip(rows["change"], rows["ticker"], rows["rule_before"], rows["rule_after"], strict=True), key=str)


def test_new_gone_and_changed(runs):
    found = compare_runs(*runs)
    assert changes(found.findings) == [
        ("gone", "BBB", "missing_price", None),
        ("new", "BBB", None, "price_increase"),
    ]
    assert changes(found.incidents) == changes(found.findings)
    counts = {row["change"]: (row["findings"], row["beyond"]) for row in found.counts.iter_rows(named=True)}
    assert counts == {"gone": (1, 0), "new": (1, 1)}
    assert set(found.settings) == {"panel", "last_session", "input_fingerprint"}
    assert not found.is_same


def test_a_run_and_itself_are_the_same(runs):
    found = compare_runs(runs[0], runs[0])
    assert found.is_same
    assert found.settings == {}
    assert found.as_dict()["counts"] == {"findings": {}, "beyond": {}, "incidents": {}}


def test_severities_and_parameters_that_changed_are_told(write_panel, tmp_path):
    panel = write_panel(tmp_path / "panel", [(day, "AAA", 0.0 if at == 20 else 100.0) for at, day in enumerate(DAYS)])
    loose = {"zero_price": Thresholds(severity="info"), "price_increase": Thresholds(values={"limit": 0.5})}
    for name, thresholds in (("strict", None), ("loose", loose)):
        ruleset = load_ruleset("notebook", thresholds=thresholds)
        scan(panel, open_store(tmp_path / name), ruleset, ScanOptions(formats=("parquet",)))
    found = compare_runs(str(tmp_path / "strict"), str(tmp_path / "loose"))
    (row,) = found.findings.iter_rows(named=True)
    assert (row["change"], row["severity_before"], row["severity_after"]) == ("changed", "error", "info")
    assert found.settings["rules.price_increase"] == ({"limit": 0.2}, {"limit": 0.5})
    assert found.incidents.item(0, "change") == "changed"
    assert isinstance(found.by_rule, pl.DataFrame)


def test_what_later_days_made_of_a_finding_is_a_change_not_a_new_one(default_panels, tmp_path):
    for name, end in (("early", dt.date(2022, 3, 31)), ("late", dt.date(2022, 9, 26))):
        options = ScanOptions(start=dt.date(2022, 1, 3), end=end, formats=("parquet",))
        scan(open_store(default_panels.faulty), open_store(tmp_path / name), load_ruleset("robust"), options)
    found = compare_runs(str(tmp_path / "early"), str(tmp_path / "late"))
    new = found.findings.filter(change="new")
    assert new.get_column("is_beyond").all()
    assert not found.findings.filter(change="gone").height


def test_a_folder_of_runs_and_no_run_are_errors(runs, tmp_path):
    with pytest.raises(UsageError, match="holds 2 runs, such as two: name one of them"):
        compare_runs(str(tmp_path), runs[0])
    with pytest.raises(InputError, match="no finished run"):
        compare_runs(str(tmp_path / "none"), runs[0])
