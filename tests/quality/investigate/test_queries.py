"""Ad-hoc questions: the views, that they are all there is, limits, hints, and stores of both kinds."""

import datetime as dt
import math

import polars as pl
import pytest

from quality.errors import InputError, UsageError
from quality.investigate.catalogue import views
from quality.investigate.queries import Limits, Sources, ask
from quality.panel.partitions import list_years, read_year, write_year
from quality.rules.loading import load_ruleset
from quality.scan.run import ScanOptions, scan
from quality.storage import open_store


@pytest.fixture(scope="module")
def sources(default_panels, tmp_path_factory):
    run = str(tmp_path_factory.mktemp("investigate") / "run")
    scan(
        open_store(default_panels.faulty), open_store(run), load_ruleset("notebook"), ScanOptions(formats=("parquet",))
    )
    return Sources(default_panels.faulty, (run,), default_panels.truth)


def everything_in(view):
    return f"select * from {view}"  # noqa: S608 - one of the views


@pytest.mark.parametrize("view", views())
def test_each_view_has_the_columns_that_are_told(sources, view):
    assert ask(everything_in(view), sources).columns == list(views()[view].columns)
    assert views()[view].what.endswith(".")


def test_no_view_and_no_column_is_a_word_of_sql():
    for view in views().values():
        ones = ", ".join(f"1 as {name}" for name in view.columns)
        text = f"select {', '.join(view.columns)} from (select {ones})"  # noqa: S608 - the columns
        assert ask(text, Sources()).columns == list(view.columns)


def test_the_views_hold_the_panel_the_run_and_the_truth(sources):
    counts = ask(
        """select (select count(price) from panel) as prices, (select count(*) from sessions) as sessions,
        (select count(*) from findings where date >= (select date from sessions where session = 8)) as findings,
        (select count(*) from truth) as faults""",
        sources,
    )
    assert counts.rows() == [(71_400 - 673, 714, 8_572, 3_570)]
    assert ask("select findings from runs", sources).equals(ask("select count(*) as findings from findings", sources))


def test_incidents_hold_every_finding_once(sources):
    (found,) = ask("select sum(findings), count(*), count(distinct incident) from incidents", sources).rows()
    assert found[0] == ask("select count(*) from findings", sources).item()
    assert found[1] == found[2] < found[0]


def test_the_panel_is_the_one_that_the_run_read(sources):
    alone = Sources(runs=sources.runs)
    assert ask("select count(*) from panel", alone).item() == ask("select count(*) from panel", sources).item()
    assert ask("select * from incidents", alone).equals(ask("select * from incidents", sources))


@pytest.mark.parametrize(
    "text",
    [
        "drop view panel",
        "create table x as select 1",
        "insert into panel values (null, null, null)",
        "copy panel to 'out.csv'",
        "attach 'x.db'",
        "install httpfs",
        "load httpfs",
        "set threads = 8",
        "reset threads",
        "use system",
        "call pragma_version()",
        "pragma database_list",
        "explain analyze select 1",
        "prepare x as select 1",
        "export database 'x'",
        "create secret (type s3)",
        "with x as (insert into panel values (null, null, null) returning *) select * from x",
        "select 1; drop view panel",
        "",
    ],
)
def test_nothing_but_one_select_is_taken(sources, text):
    with pytest.raises(UsageError) as raised:
        ask(text, sources)
    assert len(str(raised.value).splitlines()) == 1
    assert ask("select count(*) from panel", sources).item() > 0


@pytest.mark.parametrize("text", ["select * from read_csv('/etc/passwd')", "select * from '/etc/hostname'"])
def test_no_file_can_be_read(sources, text):
    with pytest.raises(UsageError, match="nothing else"):
        ask(text, sources)


def test_a_semicolon_at_the_end_is_welcome(sources):
    assert ask(" select 1 as one ; ", sources).rows() == [(1,)]


def test_parameters_are_set_by_name(sources):
    text = "select count(*) from panel where ticker = $name and date <= $day"
    assert ask(text, sources, {"name": "ST0001", "day": "2020-01-03"}).item() == 3
    with pytest.raises(UsageError, match=r"the query needs --set for \$day"):
        ask(text, sources, {"name": "ST0001"})
    with pytest.raises(UsageError, match=r"the query has no parameter \$x"):
        ask("select 1", sources, {"x": "1"})


def test_a_parameter_is_no_sql(sources):
    evil = "x' or 1 = 1; drop view panel; --"
    assert ask("select count(*) from panel where ticker = $t", sources, {"t": evil}).item() == 0


@pytest.mark.parametrize(
    ("view", "option"),
    [("panel", "panel"), ("sessions", "panel"), ("findings", "run"), ("incidents", "run"), ("truth", "truth")],
)
def test_a_view_that_was_not_given_says_which_option_gives_it(view, option):
    with pytest.raises(UsageError, match=rf"the view {view} needs --{option}"):
        ask(everything_in(view), Sources())


def test_wrong_sql_is_one_line(sources):
    with pytest.raises(UsageError, match="prize") as raised:
        ask("select prize from panel", sources)
    assert len(str(raised.value).splitlines()) == 1


def test_a_run_without_findings_has_empty_views(flat_panel, tmp_path):
    run = open_store(tmp_path / "run")
    scan(flat_panel, run, load_ruleset("notebook"))
    for key in [entry.key for entry in run.entries("findings/")]:
        run.delete(key)
    assert ask("select * from findings", Sources(runs=[run.address])).height == 0
    assert ask("select * from incidents", Sources(runs=[run.address])).height == 0


def test_an_older_run_lacks_columns_that_are_then_null(sources, tmp_path):
    old = tmp_path / "old" / "findings" / "year=2020"
    old.mkdir(parents=True)
    columns = "date, ticker, rule, severity, price, expected, deviation, message"
    ask(f"select {columns} from findings", sources).write_parquet(old / "findings.parquet")  # noqa: S608 - columns
    kept = ask("select covered, factor from findings limit 1", Sources(runs=[str(tmp_path / "old")]))
    assert kept.rows() == [(False, None)]
    assert ask("select outcome from runs", Sources(runs=[str(tmp_path / "old")])).item() == "stopped"


def test_sources_that_are_not_there_are_named(tmp_path):
    with pytest.raises(InputError, match="no panel at"):
        ask("select * from panel", Sources(panel=str(tmp_path)))
    with pytest.raises(InputError, match="no finished run at"):
        ask("select * from runs", Sources(runs=[str(tmp_path)]))
    with pytest.raises(InputError, match=r"truth\.parquet"):
        ask("select * from truth", Sources(truth=str(tmp_path / "truth.parquet")))


def test_without_the_panel_incidents_take_weekdays_for_sessions(make_panel, tmp_path, caplog):
    days = [dt.date(2022, 1, 3) + dt.timedelta(days=number) for number in range(25)]
    weekdays = [day for day in days if day.weekday() < 5]
    prices = {weekdays[14]: 300.0, weekdays[15]: 310.0, weekdays[17]: 320.0}
    panel = make_panel([(day, name, prices.get(day, 100.0)) for day in weekdays for name in ("AAA", "BBB")])
    run = open_store(tmp_path / "run")
    scan(panel, run, load_ruleset("notebook"))
    known = ask("select * from incidents", Sources(runs=[run.address]))
    (tmp_path / "panel").rename(tmp_path / "away")
    assert ask("select * from incidents", Sources(runs=[run.address])).equals(known)
    assert "weekdays are taken for sessions" in caplog.text
    with pytest.raises(InputError, match="the run says that this is its panel"):
        ask("select * from panel", Sources(runs=[run.address]))


def test_limits_hold(sources):
    little = Limits(memory=200 << 20, disk=64 << 20, seconds=1)
    with pytest.raises(UsageError, match="the query was ended after 1 s"):
        ask(
            "with recursive t(n) as (select 1 union all select n + 1 from t) select max(n) from t",
            sources,
            limits=little,
        )
    little = Limits(memory=200 << 20, disk=64 << 20, seconds=60)
    with pytest.raises(UsageError, match="the answer is larger than 200 MiB"):
        ask("select range, repeat('x', 1000) as text from range(1000000)", sources, limits=little)
    with pytest.raises(UsageError, match="memory"):
        ask("select list(range) from range(100000000)", sources, limits=Limits(memory=64 << 20, disk=64 << 20))


def test_dates_beyond_the_calendar_are_refused_in_one_line(sources):
    with pytest.raises(UsageError, match="far holds dates outside of the years 1 to 9999"):
        ask("select date '290000-01-01' as far", sources)


@pytest.fixture
def panel_on_s3(make_panel, bucket):
    days = [dt.date(2020 + number // 40, 1, 3 + number % 28) for number in range(0, 120, 3)]
    panel = make_panel(
        [(day, name, 1.5 if day.year < 2022 else math.nan) for day in set(days) for name in ("AAA", "BBB")]
    )
    there = open_store(f"{bucket}/panel")
    for entry in panel.entries():
        there.write(entry.key, panel.read(entry.key))
    return panel, there


def test_sources_may_lie_on_s3(panel_on_s3, bucket):
    panel, there = panel_on_s3
    run = open_store(f"{bucket}/run")
    scan(there, run, load_ruleset("notebook"))
    for text in (
        "select * from panel order by date, ticker",
        "select count(*) from panel where price > 100",  # NaN is more than any number, to both readers
        "select * from sessions order by date",
        "select * exclude (run) from findings order by all",
        "select * from incidents order by all",
    ):
        of_s3 = ask(text, Sources(there.address, [run.address]))
        local = Sources(panel.address, [run.address])
        assert of_s3.equals(ask(text, local)), text


def test_only_the_years_and_columns_that_a_query_reads_are_fetched(panel_on_s3, monkeypatch):
    _, there = panel_on_s3
    opened = []
    original = type(there).open
    monkeypatch.setattr(type(there), "open", lambda self, key: opened.append(key) or original(self, key))
    assert ask("select max(price) from panel where date < '2020-02-01'", Sources(there.address)).item() == 1.5
    assert opened == ["year=2020/prices.parquet"]


@pytest.fixture
def volumes_on_s3(panel_on_s3):
    """The panel, whose middle year has volumes."""
    for panel in panel_on_s3:
        (year,) = (year for year in list_years(panel) if year.year == 2021)
        write_year(panel, read_year(panel, year).with_columns(volume=pl.lit(7.0)))
    return panel_on_s3


def test_a_panel_has_the_optional_columns_that_any_of_its_files_has_wherever_it_lies(volumes_on_s3):
    panel, there = volumes_on_s3
    for text in (
        "select * from panel order by date, ticker",
        "from panel select volume order by date, ticker",
        "select panel from panel order by panel",
        "describe panel",
    ):
        assert ask(text, Sources(there.address)).equals(ask(text, Sources(panel.address))), text
    with pytest.raises(UsageError, match="adjusted_close"):
        ask("select adjusted_close from panel", Sources(there.address))


def test_only_who_asks_for_all_columns_or_an_optional_one_asks_each_file_what_it_has(volumes_on_s3, monkeypatch):
    _, there = volumes_on_s3
    opened = []
    original = type(there).open
    monkeypatch.setattr(type(there), "open", lambda self, key: opened.append(key) or original(self, key))
    assert ask("select count(*) from panel where date < '2020-02-01' and price > 0", Sources(there.address)).item() > 0
    assert opened == ["year=2020/prices.parquet"]
    assert ask("select sum(volume) from panel where date < '2020-02-01'", Sources(there.address)).item() is None
    assert len(set(opened)) == 3
