"""One day against history: the notebook's acceptance case, its report, and that it equals the scan."""

import datetime as dt
import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from quality.check.day_file import Day, Entry, read_day
from quality.check.run import check
from quality.errors import InputError, NotEnoughHistoryError
from quality.findings import schema as findings
from quality.panel.partitions import SCHEMA, list_years, read_year, write_year
from quality.rules.loading import load_ruleset
from quality.scan.run import ScanOptions, scan
from quality.storage import open_store

RULES = load_ruleset("notebook")
COMPARED = ["date", "ticker", "rule", "severity", "price", "expected", "deviation", "message"]
ELEVENTH = dt.date(2022, 1, 11)


def wide(names, prices, *dates):
    """A day with these columns, on the 11th of January 2022 or on the dates given."""
    rows = "".join(f"{date},{','.join(map(str, prices))}\n" for date in dates or [ELEVENTH])
    return read_day(f"date,{','.join(names)}\n{rows}".encode(), "day.csv")


class TestAcceptance:
    @pytest.fixture
    def result(self, acceptance):
        incoming = read_day(Path(acceptance.file).read_bytes(), acceptance.file)
        return check(incoming, open_store(acceptance.history), RULES)

    def test_exactly_the_notebooks_issues_in_its_order(self, result, acceptance):
        assert result.issues == acceptance.issues

    def test_findings_are_the_issues_with_the_tickers_own_name(self, result):
        assert result.findings.schema == findings.FILED_SCHEMA
        assert result.findings.get_column("message").to_list() == [issue for _, issue in result.issues]
        missing = result.findings.row(1, named=True)
        assert (missing["ticker"], missing["rule"]) == ("ST0006", "missing_ticker")
        zero = result.findings.filter(pl.col("rule") == "zero_price")
        assert zero.select("ticker", "price", "severity").rows() == [("ST0018", 0.0, "error")]


class TestStructure:
    def test_the_report_has_its_order(self, flat_panel):
        names = ["BBB", "", "AAA", "BBB", "NEW"]
        day = dt.date(2022, 1, 10)  # which the panel holds
        found = check(wide(names, [50, 1, 0, 50, 7], day), flat_panel, RULES)
        assert found.issues == (
            ("column_1", "Unnamed/Blank Ticker Column"),
            ("column_2", "Missing Ticker at Position 2"),
            ("BBB", "Duplicate Ticker Name"),
            ("__DUPLICATE_DATE__", "Duplicate Date Entry (2022-01-10)"),
            ("BBB", "Price Decrease < 20% (-50.00%)"),
            ("AAA", "Zero Price (value=0.00)"),
            ("BBB", "Price Decrease < 20% (-50.00%)"),
        )

    def test_each_copy_of_a_doubled_ticker_is_checked(self, flat_panel):
        found = check(wide(["AAA", "BBB", "CCC", "AAA"], [100, 100, 100, 150]), flat_panel, RULES)
        assert found.issues == (
            ("AAA", "Duplicate Ticker Name"),
            ("AAA", "Price Increase > 20% (50.00%)"),
        )
        assert found.findings.get_column("price").to_list() == [None, 150.0]

    def test_a_date_that_comes_twice_in_the_file_is_one_finding_and_no_doubled_ticker(self, flat_panel):
        found = check(wide(["AAA", "BBB", "CCC"], [100] * 3, ELEVENTH, ELEVENTH), flat_panel, RULES)
        assert found.issues == (("__DUPLICATE_DATE__", "Duplicate Date Entry (2022-01-11)"),)

    def test_a_blank_column_and_a_missing_ticker_at_one_position_are_both_reported(self, flat_panel):
        found = check(wide(["AAA", "", "CCC"], [100, 123.45, 100]), flat_panel, RULES)
        assert found.issues == (
            ("column_1", "Unnamed/Blank Ticker Column"),
            ("column_1", "Missing Ticker at Position 1"),
        )

    def test_an_unexpected_ticker_is_info_and_outside_the_notebooks_report(self, flat_panel):
        found = check(wide(["AAA", "BBB", "CCC", "NEW"], [100, 100, 100, -1]), flat_panel, RULES)
        assert found.issues == ()
        assert found.findings.select("ticker", "rule", "severity").rows() == [("NEW", "unexpected_ticker", "info")]

    def test_a_day_of_blank_columns_only_misses_every_ticker(self, flat_panel):
        found = check(wide(["", ""], [1, 2]), flat_panel, RULES)
        rules = found.findings.get_column("rule").to_list()
        assert rules == ["blank_ticker"] * 2 + ["missing_ticker"] * 3

    def test_infinite_prices_are_findings(self, flat_panel):
        found = check(wide(["AAA", "BBB", "CCC"], ["1e400", "-inf", 100]), flat_panel, RULES)
        assert found.findings.select("ticker", "rule").rows() == [("AAA", "price_increase"), ("BBB", "negative_price")]


class TestHistory:
    @pytest.mark.parametrize("sessions", [1, 6])
    def test_too_little_of_it_is_the_notebooks_error(self, make_panel, sessions):
        days = [dt.date(2022, 1, 11) - dt.timedelta(days=back) for back in range(1, sessions + 1)]
        panel = make_panel([(day, "AAA", 1.0) for day in days])
        with pytest.raises(NotEnoughHistoryError) as raised:
            check(wide(["AAA"], [1]), panel, RULES)
        assert str(raised.value) == "Not enough historical data to compute moving average."

    def test_seven_sessions_are_enough(self, make_panel):
        days = [dt.date(2022, 1, 11) - dt.timedelta(days=back) for back in range(1, 8)]
        assert check(wide(["AAA"], [1]), make_panel([(day, "AAA", 1.0) for day in days]), RULES).issues == ()

    def test_a_day_before_all_of_history_has_too_little(self, flat_panel):
        with pytest.raises(NotEnoughHistoryError):
            check(wide(["AAA"], [1], dt.date(2019, 5, 5)), flat_panel, RULES)

    def test_sessions_after_the_day_are_left_aside(self, make_panel):
        rows = [(dt.date(2022, 1, number), "AAA", 100.0) for number in range(1, 11)]
        later = [(dt.date(2022, 1, number), "AAA", 1.0) for number in range(12, 31)]
        found = check(wide(["AAA"], [100]), make_panel([*rows, *later]), RULES)
        assert found.issues == ()
        assert found.history.sessions == tuple(date for date, _, _ in rows[-7:])

    def test_it_is_read_across_the_turn_of_years_and_no_further_than_needed(self, make_panel):
        turn = dt.date(2022, 1, 1)
        rows = [(turn + dt.timedelta(days=offset), "AAA", 100.0 + offset) for offset in range(-20, 3)]
        found = check(wide(["AAA"], [200], dt.date(2022, 1, 4)), make_panel(rows), RULES)
        assert found.history.sessions[0] == dt.date(2021, 12, 28)
        assert found.findings.item(0, "expected") == pytest.approx(99.0)

    def test_a_damaged_partition_is_named(self, flat_panel):
        flat_panel.write("year=2022/prices.parquet", b"no parquet")
        with pytest.raises(InputError, match="year=2022"):
            check(wide(["AAA"], [1]), flat_panel, RULES)

    def test_a_damaged_partition_of_earlier_years_is_named_and_the_day_is_checked(self, flat_panel):
        flat_panel.write("year=2021/prices.parquet", b"no parquet")
        found = check(wide(["AAA", "BBB", "CCC"], [1, 100, 100]), flat_panel, RULES)
        ((year, reason),) = found.history.damaged
        assert (year, "year=2021" in reason) == (2021, True)
        assert found.issues == (("AAA", "Price Decrease < 20% (-99.00%)"),)


FIRST = dt.date(2021, 12, 22)  # the look-back reaches into the year before
CELL = st.one_of(
    st.just("absent"),
    st.none(),
    st.sampled_from([0.0, -0.0, -5.25, float("inf"), 1e300]),
    st.integers(9_000, 13_000).map(lambda cents: cents / 100),
    st.integers(9_000, 13_000).map(lambda cents: cents / 100),
)


@st.composite
def panels(draw):
    """Rows of some tickers over 14 to 20 days, some of which start late, stop, or miss days."""
    days = [FIRST + dt.timedelta(days=offset) for offset in range(draw(st.integers(14, 20)))]
    rows = []
    for ticker in ("ST2", "ST10", "É", "a,b")[: draw(st.integers(1, 4))]:
        first, last = sorted(draw(st.tuples(st.integers(0, 12), st.integers(8, 19))))
        cells = draw(st.lists(CELL, min_size=len(days), max_size=len(days)))
        life = list(zip(days, cells, strict=True))[first : last + 1]
        rows += [(day, ticker, cell) for day, cell in life if cell != "absent"]
    return rows


# What only a file can have: a scan sees none of it.
OF_THE_FILE = ["duplicate_date", "wrong_date", "incomplete_day"]


def of_day(findings, day):
    return findings.filter(pl.col("date") == day).select(COMPARED).sort("ticker", "rule")


def assert_checks_equal_the_scan(write_panel, rows, days):
    """Scan a panel in chunks of a year, and check some of its days against what was found there."""
    with tempfile.TemporaryDirectory() as folder:
        panel, run = write_panel(Path(folder, "panel"), rows), open_store(Path(folder, "run"))
        scan(panel, run, RULES, ScanOptions(formats=("parquet",), threads=1, rows_a_chunk=1))
        files = Path(folder, "run").rglob("findings.parquet")
        scanned = pl.concat(pl.read_parquet(file, hive_partitioning=False) for file in files)
        for day in days:
            arriving = [(ticker, price) for date, ticker, price in reversed(rows) if date == day]
            incoming = Day(day, 1, tuple(Entry(at, ticker, price) for at, (ticker, price) in enumerate(arriving)))
            checked = check(incoming, panel, RULES).findings.filter(~pl.col("rule").is_in(OF_THE_FILE))
            assert of_day(checked, day).equals(of_day(scanned, day)), day


# Each example scans a panel: making a failure smaller would take minutes.
@settings(
    deadline=None,
    max_examples=15,
    phases=set(Phase) - {Phase.shrink, Phase.explain},
    suppress_health_check=[HealthCheck.too_slow],
)
@given(rows=panels().filter(bool))
def test_check_of_a_day_equals_the_scan_at_that_day(write_panel, rows):
    sessions = sorted({day for day, _, _ in rows})
    assert_checks_equal_the_scan(write_panel, rows, {*sessions[7:8], *sessions[10:11], *sessions[12:][-1:]})


def lives(**tickers):
    """Rows of tickers, each on the days from FIRST on that are numbered, at 100."""
    return [
        (FIRST + dt.timedelta(days=number), ticker, 100.0) for ticker, numbers in tickers.items() for number in numbers
    ]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(lives(ST2=range(10, 16), ST10=range(9), A=range(16)), id="new on the first session of a year"),
        pytest.param(lives(ST1=range(14, 16), ST2=range(16), ST10=range(8)), id="new in a later year"),
        pytest.param(lives(ST2=range(6, 16), ST10=range(4, 7), A=range(9)), id="files not in the order of positions"),
    ],
)
def test_check_equals_the_scan_around_tickers_that_come_and_go(write_panel, rows):
    sessions = sorted({day for day, _, _ in rows})
    assert len(sessions) == 16
    assert_checks_equal_the_scan(write_panel, rows, sessions[7:12])


def test_check_of_the_last_day_equals_the_scan_of_the_notebooks_panel(default_panels, tmp_path):
    faulty = open_store(default_panels.faulty)
    last = dt.date(2022, 9, 26)
    scan(faulty, open_store(tmp_path), RULES, ScanOptions(start=last, formats=("parquet",)))
    scanned = pl.read_parquet(tmp_path / "findings/year=2022/findings.parquet", hive_partitioning=False)
    day = read_year(faulty, list_years(faulty)[-1]).filter(pl.col("date") == last)
    entries = tuple(Entry(at, ticker, price) for at, (_, ticker, price) in enumerate(day.rows()))
    checked = check(Day(last, 1, entries), faulty, RULES).findings.filter(~pl.col("rule").is_in(OF_THE_FILE))
    assert scanned.height > 10
    assert of_day(checked, last).equals(of_day(scanned, last))


def test_a_short_file_is_one_finding_that_counts(tmp_path):
    names = [f"T{number:02}" for number in range(20)]
    days = pl.date_range(dt.date(2022, 1, 3), dt.date(2022, 1, 31), eager=True)
    sessions = days.filter(days.dt.weekday() < 6).to_list()
    rows = [
        (day, name, 100.0 + at % 3 + number) for at, day in enumerate(sessions) for number, name in enumerate(names)
    ]
    panel = open_store(tmp_path / "panel")
    write_year(panel, pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("ticker", "date"))
    text = f"date,{','.join(names[:12])}\n2022-02-01,{','.join(str(101.0 + number) for number in range(12))}\n"
    found = check(read_day(text.encode(), "day.csv"), panel, load_ruleset("robust"))
    ((key, message),) = found.issues
    assert (key, message[:39]) == ("__SESSION__", "8 of 20 expected tickers are missing: a")
    others = found.findings.filter(pl.col("covered"))
    assert set(others.get_column("rule")) == {"incomplete_day", "incomplete_session"}
    assert set(names[12:]) <= set(others.get_column("ticker"))
