"""The scan finds, cell for cell, what a slow reading of the contract finds, however it is cut and ordered."""

import datetime as dt
import math
import tempfile
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quality.errors import UsageError
from quality.findings import schema
from quality.panel.partitions import SCHEMA, list_years, read_year
from quality.rules.loading import load_ruleset
from quality.rules.model import Thresholds
from quality.scan.run import ScanOptions, scan
from quality.storage import open_store
from tests.reference import notebook_findings

TICKERS = ("A10", "A2", "B", "C7")
PRICES = st.one_of(
    st.sampled_from([10.0, 10.0, 10.0, 12.0, 8.0, 12.01, 7.99, 0.1, 0.0, -0.0, -10.0, None, math.nan]),
    st.sampled_from([math.inf, -math.inf, 1e308, 5e-324]),
    st.floats(min_value=-20, max_value=100).map(lambda price: round(price, 2)),
)


@st.composite
def panels(draw) -> list[tuple[dt.date, str, float | None]]:
    """A few tickers that come late or stop, over sessions that leap over years, with holes and odd prices."""
    leaps = draw(st.lists(st.sampled_from([1, 1, 1, 3, 40, 300]), min_size=1, max_size=40))
    sessions = [dt.date(2019, 12, 20)]
    for leap in leaps:
        sessions.append(sessions[-1] + dt.timedelta(days=leap))
    rows = []
    for ticker in draw(st.lists(st.sampled_from(TICKERS), min_size=1, unique=True)):
        start = draw(st.sampled_from([0, 0, len(sessions) // 3]))
        stop = draw(st.sampled_from([len(sessions), len(sessions), len(sessions) * 2 // 3]))
        held = [session for session in sessions[start:stop] if draw(st.integers(0, 9))]
        rows += [(session, ticker, draw(PRICES)) for session in held]
    return rows


def write_panel(rows, folder: Path) -> Path:
    """Write rows year by year in the order in which they come."""
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    for (year,), part in frame.group_by(pl.col("date").dt.year(), maintain_order=True):
        (folder / f"year={year}").mkdir(parents=True)
        part.write_parquet(folder / f"year={year}" / "prices.parquet")
    return folder


def filed(rows) -> list:
    return sorted(rows, key=lambda row: (row[0].year, row[1], row[0]))


def scanned(panel: Path, ruleset=None, **options) -> pl.DataFrame:
    """The findings of a scan, as they lie in its files."""
    with tempfile.TemporaryDirectory() as run:
        scan(
            open_store(panel),
            open_store(run),
            ruleset or load_ruleset("notebook"),
            ScanOptions(formats=("parquet",), **options),
        )
        files = sorted(Path(run).glob("findings/*/findings.parquet"))
        found = pl.concat(pl.read_parquet(file, hive_partitioning=False) for file in files)
        # The notebook knows neither limits nor hindsight: the columns after the message are empty.
        assert found.select(pl.col("lower", "upper", "status", "first_rule").is_null().all()).row(0) == (True,) * 4
        return found.drop("lower", "upper", "status", "first_rule", "suppressed")


def bits(findings) -> list[tuple]:
    """The columns of the contract as text, in which each double shows all its bits."""
    return [
        tuple(value.hex() if isinstance(value, float) else str(value) for value in finding[:8]) for finding in findings
    ]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    rows=panels().filter(len),
    order=st.one_of(st.none(), st.randoms(use_true_random=False)),
    rows_a_chunk=st.sampled_from([1, 30, 1_000_000]),
    threads=st.sampled_from([1, 2]),
)
def test_finds_what_the_reference_finds_in_every_bit(rows, order, rows_a_chunk, threads):
    expected = notebook_findings(rows)
    ordered = filed(rows)
    if order:
        order.shuffle(ordered)
    with tempfile.TemporaryDirectory() as folder:
        found = scanned(write_panel(ordered, Path(folder)), rows_a_chunk=rows_a_chunk, threads=threads)
    assert bits(found.iter_rows()) == bits(expected)


def test_the_default_panel_gives_the_published_numbers(default_panels):
    found = scanned(default_panels.faulty)
    rows = pl.read_parquet(Path(default_panels.faulty) / "*" / "*.parquet", hive_partitioning=False)
    seventh = rows.get_column("date").unique().sort()[7]
    counts = Counter(found.filter(pl.col("date") >= seventh).get_column("rule"))
    assert counts.pop("missing_price") + counts.pop("missing_ticker") == 665
    assert counts == {"price_decrease": 4831, "price_increase": 2536, "zero_price": 384, "negative_price": 156}
    assert bits(found.iter_rows()) == bits(notebook_findings(rows.iter_rows()))


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("rows_a_chunk", [1, 30_000, 10_000_000])
def test_chunks_and_threads_change_no_finding(default_panels, rows_a_chunk, threads):
    whole = scanned(default_panels.faulty, threads=1, rows_a_chunk=10_000_000)
    assert scanned(default_panels.faulty, rows_a_chunk=rows_a_chunk, threads=threads).equals(whole)


def test_tickers_in_plain_letter_order_need_no_sorting(tmp_path, caplog):
    days = [dt.date(2024, 1, 1) + dt.timedelta(days=day) for day in range(20)]
    rows = [(day, ticker, 10.0) for ticker in ("ST10", "ST100", "ST9") for day in days]
    with caplog.at_level("INFO", logger="quality.scan.run"):
        scanned(write_panel(filed(rows), tmp_path))
    assert "not sorted" not in caplog.text


@pytest.mark.parametrize("is_sorted", [True, False])
@pytest.mark.parametrize("at", [0, 15])
def test_a_repeated_key_fails_its_year_alone(tmp_path, is_sorted, at):
    days = [dt.date(2024, 12, 1) + dt.timedelta(days=day) for day in range(60)]
    rows = [(day, ticker, 10.0) for ticker in ("A", "B", "C") for day in days]
    doubled = dt.date(2025, 1, 1) + dt.timedelta(days=at)
    rows = filed([*rows, (doubled, "B", 11.0)])
    panel = write_panel(rows if is_sorted else rows[::-1], tmp_path / "panel")
    one_engine = ScanOptions(threads=1)
    summary = scan(open_store(panel), open_store(tmp_path / "run"), load_ruleset("notebook"), one_engine)
    assert summary["outcome"] == "partial"
    assert [damage["year"] for damage in summary["damaged"]] == [2025]
    assert "1 rows repeat the date and ticker" in summary["damaged"][0]["reason"]


class TestRulesOfOnesOwn:
    HEADER = """-- name: odd
-- severity: warning
-- message: {message}
-- parameters: {parameters}
-- look-back: 7
"""

    @pytest.fixture
    def panel(self, tmp_path):
        days = [dt.date(2024, 12, 1) + dt.timedelta(days=day) for day in range(60)]
        rows = [(day, ticker, 10.0 + number) for ticker in ("A", "B") for number, day in enumerate(days)]
        return write_panel(filed(rows), tmp_path / "panel")

    def rule(self, folder: Path, sql: str, message="Odd", parameters="none", thresholds=None):
        folder.mkdir()
        header = self.HEADER.format(message=message, parameters=parameters)
        (folder / "odd.sql").write_text(header + sql, encoding="utf-8")
        return load_ruleset("notebook", [folder], {"odd": thresholds} if thresholds else None)

    def odd(self, panel, ruleset) -> pl.DataFrame:
        return scanned(panel, ruleset).filter(pl.col("rule") == "odd")

    @pytest.mark.parametrize(
        "sql",
        [
            "{select} where price > 68",
            "{select} where deviation > 68",
            "with high as ({select}) select * from high where price > 68",
            "{select} where price >= (select max(price) from metrics)",
            "{select} where false union all {select} where price > 68",
            "{select} m where m.price > 68",
            "{select} where metrics.price > 68 order by date limit 5",
            "{select} qualify row_number() over (partition by ticker order by price desc) = 1",
            """select max(date) as date, ticker, max(price) as price, null as expected, null as deviation
            from metrics group by ticker having count(*) > 1""",
        ],
    )
    def test_may_be_any_select_over_the_metrics(self, panel, tmp_path, sql):
        select = "select date, ticker, price, null as expected, price as deviation from metrics"
        found = self.odd(panel, self.rule(tmp_path / "rules", sql.format(select=select)))
        assert found.select("ticker", "price").rows() == [("A", 69.0), ("B", 69.0)]

    def test_take_thresholds_by_ticker(self, panel, tmp_path):
        ruleset = self.rule(
            tmp_path / "rules",
            "select date, ticker, price, null as expected, null as deviation from metrics where price > $limit",
            message="Over {limit} by {price:.2f}",
            parameters="limit = 1000",
            thresholds=Thresholds({"limit": 68.0}, {"B": {"limit": 67.0}}),
        )
        found = self.odd(panel, ruleset)
        assert found.select("ticker", "message").rows() == [
            ("B", "Over 67 by 68.00"),
            ("A", "Over 68 by 69.00"),
            ("B", "Over 67 by 69.00"),
        ]

    @pytest.mark.parametrize(
        ("sql", "what"),
        [
            ("select nothing from metrics where price > 0", "nothing"),
            ("select date, ticker, price, null as expected, null as deviation from metrics where nobody > 0", "nobody"),
            ("select * from read_csv('/etc/passwd')", "is not for queries"),
        ],
    )
    def test_that_are_wrong_are_named(self, panel, tmp_path, sql, what):
        with pytest.raises(UsageError, match=rf"odd.sql.*({what})"):
            scanned(panel, self.rule(tmp_path / "rules", sql))

    def test_name_a_place_of_the_message_that_is_nothing(self, panel, tmp_path):
        sql = "select date, ticker, price, null as expected, null as deviation from metrics where price > 0"
        with pytest.raises(UsageError, match=r"odd.sql.*{colour} is neither a parameter nor a column"):
            scanned(panel, self.rule(tmp_path / "rules", sql, message="Odd {colour}"))


@pytest.mark.parametrize("ruleset", ["notebook", "robust"])
def test_the_findings_of_some_tickers_are_those_of_the_whole_and_no_others(default_panels, tmp_path, ruleset):
    rules, panel = load_ruleset(ruleset), open_store(default_panels.faulty)

    def found(name, **options):
        run = open_store(tmp_path / name)
        summary = scan(panel, run, rules, ScanOptions(formats=("parquet",), **options))
        return summary, pl.concat(schema.read_parts(run))

    of_all, whole = found("whole")
    summary, some = found("some", tickers=("ST0001", "ST009*"))
    assert (summary["tickers"], summary["panel_tickers"]) == (11, 100)
    assert summary["cells"] == 11 * of_all["sessions"]
    tickers = pl.concat(read_year(panel, year, ["ticker"]) for year in list_years(panel)).get_column("ticker")
    assert summary["rows"] == tickers.str.contains("ST0001|ST009").sum()
    assert summary["absent"] == some.filter(pl.col("rule").is_in(["missing_ticker", "habitually_absent"])).height
    assert found("in groups", tickers=("ST0001", "ST009*"), tickers_a_task=30)[0]["absent"] == summary["absent"]
    wanted = pl.col("ticker").cast(pl.String)
    assert some.equals(whole.filter((wanted == "ST0001") | wanted.str.starts_with("ST009")))
    assert 0 < summary["findings"] < whole.height
    assert summary["only_tickers"] == ["ST0001", "ST009*"]
    _, again = found("some", tickers=("ST0001",), resume=True)
    assert again.equals(whole.filter(wanted == "ST0001"))
    with pytest.raises(UsageError, match=r"--tickers: the panel holds no ticker 'ST001'; did you mean "):
        found("some", tickers=("ST0001", "ST001"))
    assert found("some", resume=True)[1].equals(whole)
