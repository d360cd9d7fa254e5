"""Missing sessions and closed days, in scan and in check alike."""

import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from quality.calendar.exchanges import open_calendar
from quality.check.day import Day, Entry
from quality.check.results import write_run
from quality.check.run import check
from quality.evaluation.session_findings import session_findings
from quality.findings.identity import OF_THE_MOMENT
from quality.panel.partitions import SCHEMA, write_year
from quality.rules.loading import load_ruleset
from quality.rules.structural import CLOSED_DAY, STRUCTURAL_RULES
from quality.scan.run import ScanOptions, scan
from quality.storage import Store, open_store

_MISSING = [dt.date(2020, 12, 31), dt.date(2022, 1, 3), dt.date(2022, 1, 4)]
_CLOSED = dt.date(2022, 1, 8)  # a Saturday
_FIRST, _LAST = dt.date(2020, 12, 14), dt.date(2022, 1, 14)


def _sessions() -> list[dt.date]:
    """Weekdays over a turn of years, without all of 2021 and three more; and a Saturday."""
    days = [_FIRST + dt.timedelta(days=count) for count in range((_LAST - _FIRST).days + 1)]
    return [day for day in days if day == _CLOSED or (day.weekday() < 5 and day.year != 2021 and day not in _MISSING)]


def _write(panel: Store, sessions: list[dt.date]) -> None:
    rows = pl.DataFrame([(day, "A", 10.0) for day in sessions], schema=SCHEMA, orient="row")
    for _, of_year in rows.group_by(pl.col("date").dt.year()):
        write_year(panel, of_year.sort("date"))


@pytest.fixture
def panel(tmp_path: Path) -> Store:
    store = open_store(tmp_path / "panel")
    _write(store, _sessions())
    return store


def _scan(panel: Store, run: Path, **options: Any) -> dict[str, Any]:
    chosen = ScanOptions(**{"threads": 1, "calendar": "weekdays", **options})
    return scan(panel, open_store(run), load_ruleset("notebook"), chosen)


def _found(run: Path) -> list[tuple[str, str]]:
    """Date and rule of each finding of a whole day, each from the partition of its year."""
    found = []
    for file in sorted((run / "findings").rglob("*.parquet")):
        rows = pl.read_parquet(file, hive_partitioning=False).filter(pl.col("ticker") == "__SESSION__")
        assert {str(day.year) for day in rows.get_column("date")} <= {file.parent.name.removeprefix("year=")}
        found += [(str(day), rule) for day, rule in rows.select("date", "rule").iter_rows()]
    return found


def _files(run: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(run)): path.read_bytes() for path in run.rglob("*") if path.suffix in (".parquet", ".csv")
    }


def _weekdays_of_2021() -> list[str]:
    days = [dt.date(2021, 1, 1) + dt.timedelta(days=count) for count in range(365)]
    return [str(day) for day in days if day.weekday() < 5]


def test_the_scan_finds_missing_sessions_in_every_year_and_closed_days(panel: Store, tmp_path: Path):
    summary = _scan(panel, tmp_path / "run")
    missing = [str(_MISSING[0]), *_weekdays_of_2021(), *map(str, _MISSING[1:])]
    assert _found(tmp_path / "run") == [*((day, "missing_session") for day in missing), (str(_CLOSED), "closed_day")]
    assert summary["by_rule"] == {"missing_session": 264, "closed_day": 1}
    assert summary["by_severity"] == {"error": 264, "warning": 1}
    assert summary["calendar"] == "weekdays"
    messages = pl.read_csv(tmp_path / "run" / "anomalies.csv").get_column("message")
    assert messages[0] == "Missing Session (Thursday 2020-12-31 is a session of weekdays)"
    assert messages[-1] == "Prices on a Closed Day (Saturday 2022-01-08 is no session of weekdays)"


def test_without_a_calendar_there_are_no_such_findings(panel: Store, tmp_path: Path):
    assert _scan(panel, tmp_path / "run", calendar="panel")["findings"] == 0


@pytest.mark.parametrize("options", [{"rows_a_chunk": 1}, {"threads": 2}, {"rows_a_chunk": 10**9}])
def test_any_chunking_gives_the_same_files(panel: Store, tmp_path: Path, options: dict[str, int]):
    _scan(panel, tmp_path / "run")
    _scan(panel, tmp_path / "other", **options)
    assert _files(tmp_path / "other") == _files(tmp_path / "run")


def test_start_and_end_bound_them(panel: Store, tmp_path: Path):
    _scan(panel, tmp_path / "run", start=dt.date(2021, 12, 30), end=dt.date(2022, 1, 5))
    expected = ["2021-12-30", "2021-12-31", "2022-01-03", "2022-01-04"]
    assert _found(tmp_path / "run") == [(day, "missing_session") for day in expected]


def test_resuming_follows_the_calendar_and_sessions_that_arrive(panel: Store, tmp_path: Path):
    for number, calendar in enumerate(("panel", "weekdays", "panel", "weekdays")):
        resumed = _scan(panel, tmp_path / "run", calendar=calendar, resume=True)
        fresh = _scan(panel, tmp_path / f"fresh{number}", calendar=calendar)
        assert _files(tmp_path / "run") == _files(tmp_path / f"fresh{number}")
        assert resumed | dict.fromkeys(OF_THE_MOMENT) == fresh | dict.fromkeys(OF_THE_MOMENT)
    _write(panel, [dt.date(2021, 6, 1)])
    _scan(panel, tmp_path / "run", resume=True)
    _scan(panel, tmp_path / "fresh", resume=True)
    assert _files(tmp_path / "run") == _files(tmp_path / "fresh")
    assert ("2021-06-01", "missing_session") not in _found(tmp_path / "run")


def test_resuming_makes_nothing_anew_where_nothing_changed(panel: Store, tmp_path: Path):
    _scan(panel, tmp_path / "run")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "run" / "ledger").iterdir()}
    assert len(before) == 3
    _scan(panel, tmp_path / "run", resume=True)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "run" / "ledger").iterdir()} == before


def test_of_a_damaged_year_nothing_is_said(panel: Store, tmp_path: Path):
    (tmp_path / "panel" / "year=2021").mkdir()
    (tmp_path / "panel" / "year=2021" / "prices.parquet").write_bytes(b"junk")
    summary = _scan(panel, tmp_path / "run")
    assert summary["outcome"] == "partial"
    assert not [day for day, _ in _found(tmp_path / "run") if day.startswith("2021")]


def test_the_checks_of_all_days_find_what_the_scan_finds(panel: Store, tmp_path: Path):
    _scan(panel, tmp_path / "run")
    ruleset = load_ruleset("notebook")
    found = []
    for day in _sessions()[7:]:
        result = check(Day(day, 1, (Entry(0, "A", 10.0),)), panel, ruleset, "weekdays")
        whole = result.findings.filter(pl.col("ticker") == "__SESSION__")
        found += [(str(date), rule) for date, rule in whole.select("date", "rule").iter_rows()]
        assert not [issue for issue in result.issues if "__SESSION__" in issue[0]]
    assert found == _found(tmp_path / "run")


def test_a_checks_findings_lie_in_the_years_of_their_dates(panel: Store, tmp_path: Path):
    ruleset = load_ruleset("notebook")
    result = check(Day(dt.date(2022, 1, 5), 1, (Entry(0, "A", 10.0),)), panel, ruleset, "weekdays")
    write_run(result, open_store(tmp_path / "run"), ruleset, panel, 0.0)
    assert len(_found(tmp_path / "run")) == 264
    assert sorted(path.name for path in (tmp_path / "run" / "findings").iterdir()) == [
        "year=2020",
        "year=2021",
        "year=2022",
    ]


def test_a_rule_that_settings_turned_off_is_not_evaluated():
    days = [dt.date(2024, 1, 5), dt.date(2024, 1, 6), dt.date(2024, 1, 9)]
    calendar = open_calendar("weekdays", days[0], days[-1])
    both = session_findings(calendar, STRUCTURAL_RULES, days)
    assert [(day.date.day, day.rule) for day in both] == [(6, "closed_day"), (8, "missing_session")]
    assert [day.rule for day in session_findings(calendar, {"closed_day": CLOSED_DAY}, days)] == ["closed_day"]
