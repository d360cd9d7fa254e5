"""Several exchanges in one panel: each ticker's own calendar says on which days it is expected."""

import datetime as dt
import pickle
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import quality
from jobs.cli import main
from quality.calendar.groups import Calendars, Closures, closures_of
from quality.errors import UsageError
from quality.panel.partitions import write_year
from quality.storage import open_store

BOTH = Calendars("panel", {"*.L": "weekdays", "VOD.L": "panel"})
# Monday to Sunday: one exchange trades every day, the other on weekdays.
DAYS = np.arange(np.datetime64("2024-01-01"), np.datetime64("2024-04-15"))
SATURDAY = dt.date(2024, 3, 16)


def test_the_most_specific_pattern_names_a_tickers_calendar() -> None:
    groups = BOTH.groups(["A", "B.L", "VOD.L"])
    assert groups == {"*": ["A"], "*.L": ["B.L"], "VOD.L": ["VOD.L"]}
    assert BOTH.label("*.L") == "weekdays, the calendar of *.L"
    assert Calendars("weekdays").label("*") == "weekdays"


def test_closed_cells_are_those_of_the_groups_tickers() -> None:
    week = np.arange(np.datetime64("2024-01-05"), np.datetime64("2024-01-09"))
    closures = closures_of(BOTH, week)
    closed = closures.of(("A", "B.L", "VOD.L"), week)
    assert closed is not None
    assert closed.tolist() == [[False] * 4, [False, True, True, False], [False] * 4]
    assert closures.of(("A",), week[:1]) is None
    assert pickle.loads(pickle.dumps(closures)).digest == closures.digest != ""  # noqa: S301
    assert closures.between(week[3], week[3]).digest == closures_of(Calendars(), week).digest == Closures().digest == ""


def test_a_calendar_that_does_not_exist_is_named_with_its_pattern() -> None:
    pytest.importorskip("exchange_calendars")
    with pytest.raises(UsageError, match=r"calendars: '\*\.L': no calendar 'XLOM'.*XLON"):
        Calendars("panel", {"*.L": "XLOM"}).check()


@pytest.fixture
def panel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pl.DataFrame:
    """Six tickers of each exchange; on one Saturday two tickers of the closed one have prices all the same."""
    monkeypatch.chdir(tmp_path)
    moves = np.cumsum(np.random.default_rng(3).normal(0, 0.01, (12, len(DAYS))), axis=1)
    prices = np.round(np.linspace(50, 300, 12)[:, np.newaxis] * np.exp(moves), 2)
    ticker, session = np.divmod(np.arange(prices.size), len(DAYS))
    names = pl.Series([f"T{number:02}" if number < 6 else f"T{number:02}.L" for number in ticker])
    rows = pl.DataFrame({"date": DAYS[session], "ticker": names, "price": prices.ravel()})
    is_open = (pl.col("date").dt.weekday() < 6) | ~pl.col("ticker").str.ends_with(".L")
    printed = (pl.col("date") == SATURDAY) & pl.col("ticker").is_in(["T06.L", "T07.L"])
    rows = rows.filter(is_open | printed)
    write_year(open_store("panel"), rows)
    return rows


def rules(found: pl.DataFrame) -> list[tuple[object, ...]]:
    return found.filter(pl.col("severity") != "info").select("date", "ticker", "rule").rows()


def test_closed_days_are_no_gaps_and_what_stands_there_is_said_once(panel: pl.DataFrame) -> None:
    del panel
    assert len(rules(quality.scan("panel").findings)) > 20
    found = quality.scan("panel", calendars={"*.L": "weekdays"}).findings
    assert rules(found) == [(SATURDAY, "__SESSION__ *.L", "closed_day")]
    (message,) = found.filter(rule="closed_day")["message"]
    assert message.endswith("Saturday 2024-03-16 is no session of weekdays, the calendar of *.L)")


def test_a_price_of_a_closed_day_is_in_no_window(panel: pl.DataFrame) -> None:
    wrong = panel.with_columns(
        price=pl.when((pl.col("date") == SATURDAY) & (pl.col("ticker") == "T06.L")).then(9999.0).otherwise("price")
    )
    found = quality.scan(wrong, calendars={"*.L": "weekdays"}).findings
    assert rules(found) == [(SATURDAY, "__SESSION__ *.L", "closed_day")]


def test_a_missing_session_of_a_group_is_one_finding_of_it(panel: pl.DataFrame) -> None:
    gone = dt.date(2024, 3, 20)
    some = panel.filter(~((pl.col("date") == gone) & pl.col("ticker").str.ends_with(".L")))
    found = rules(quality.scan(some, calendars={"*.L": "weekdays"}).findings.filter(date=gone))
    assert (gone, "__SESSION__ *.L", "missing_session") in found


@pytest.mark.parametrize("day", [SATURDAY, dt.date(2024, 3, 18), dt.date(2024, 3, 24)])
def test_a_check_says_what_the_scan_says(panel: pl.DataFrame, day: dt.date) -> None:
    known = {"*.L": "weekdays"}
    checked = quality.check(panel.filter(date=day), history="panel", calendars=known).findings
    scanned = quality.scan("panel", calendars=known).findings.filter(date=day)
    columns = ["ticker", "rule", "message"]
    checked = checked.filter(pl.col("rule") != "duplicate_date").select(columns)
    assert checked.sort(columns).rows() == scanned.select(columns).sort(columns).rows()


def test_settings_and_flags_name_them_and_resume_notices(
    panel: pl.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    del panel
    Path("pricewatch.toml").write_text('[calendars]\n"*.L" = "weekdays"\n')
    assert main(["scan", "panel", "run"]) == 0
    assert "closed_day" in capsys.readouterr().out
    assert main(["scan", "panel", "run", "--resume", "--calendar-of", "*.L=panel"]) == 0
    assert "closed_day" not in capsys.readouterr().out
    assert main(["scan", "panel", "run", "--calendar-of", "weekdays"]) == 2
    assert "--calendar-of weekdays: say PATTERN=NAME" in capsys.readouterr().err


def test_exchanges_of_two_countries(panel: pl.DataFrame) -> None:
    """On a bank holiday of one country the others trade."""
    pytest.importorskip("exchange_calendars")
    good_friday, may_day = dt.date(2024, 3, 29), dt.date(2024, 4, 1)
    london = pl.col("ticker").str.ends_with(".L")
    traded = panel.filter(~(london & pl.col("date").is_in([good_friday, may_day]))).filter(pl.col("date") < SATURDAY)
    later = panel.filter((pl.col("date") > SATURDAY) & (pl.col("date").dt.weekday() < 6))
    rows = pl.concat([traded, later.filter(~(london & pl.col("date").is_in([good_friday, may_day])))])
    rows = rows.filter((pl.col("date") != dt.date(2024, 1, 1)) | ~london)
    found = rules(quality.scan(rows, calendars={"*.L": "XLON"}).findings)
    assert found == []
