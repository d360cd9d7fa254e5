"""Ad-hoc questions: the views, that they are all there is, saved questions, and hints."""

import datetime as dt

import polars as pl
import pytest

from quality.errors import InputError, UsageError
from quality.investigate.queries import VIEWS, Sources, ask, saved_questions
from quality.rules.loading import load_ruleset
from quality.scan.run import ScanOptions, scan
from quality.storage import open_store


@pytest.fixture(scope="module")
def sources(default_panels, tmp_path_factory):
    run = str(tmp_path_factory.mktemp("investigate") / "run")
    scan(
        open_store(default_panels.faulty), open_store(run), load_ruleset("notebook"), ScanOptions(formats=("parquet",))
    )
    return Sources(default_panels.faulty, run, default_panels.truth)


def everything_in(view):
    return f"select * from {view}"  # noqa: S608 - one of VIEWS


@pytest.mark.parametrize("view", VIEWS)
def test_each_view_has_the_columns_that_are_told(sources, view):
    assert ", ".join(ask(everything_in(view), sources).columns) == VIEWS[view]


def test_the_views_hold_the_panel_the_run_and_the_truth(sources):
    counts = ask(
        """select (select count(price) from panel) as prices, (select count(*) from sessions) as sessions,
        (select count(*) from findings where date >= (select date from sessions where session = 8)) as findings,
        (select count(*) from truth) as faults""",
        sources,
    )
    assert counts.rows() == [(71_400 - 673, 714, 8_572, 3_570)]
    assert ask("select findings from runs", sources).equals(ask("select count(*) as findings from findings", sources))


@pytest.mark.parametrize("name", saved_questions())
def test_every_saved_question_is_answered_and_says_what_it_asks(sources, name):
    assert ask(name, sources).height > 0
    assert saved_questions()[name].endswith(".")


@pytest.mark.parametrize(
    "text",
    [
        "drop view panel",
        "create table x as select 1",
        "insert into panel values (null, null, null)",
        "copy panel to 'out.csv'",
        "attach 'x.db'",
        "install httpfs",
        "set threads = 8",
        "pragma database_list",
        "select 1; drop view panel",
        "",
    ],
)
def test_nothing_but_one_select_is_taken(sources, text):
    with pytest.raises(UsageError):
        ask(text, sources)
    assert ask("select count(*) from panel", sources).item() > 0


@pytest.mark.parametrize("text", ["from read_csv('/etc/passwd')", "select * from read_text('/etc/hostname')"])
def test_no_file_can_be_read(sources, text):
    with pytest.raises(UsageError, match=r"(?i)permission|disabled"):
        ask(text if text.startswith("select") else f"select * {text}", sources)


def test_a_semicolon_at_the_end_is_welcome(sources):
    assert ask(" select 1 as one ; ", sources).rows() == [(1,)]


def test_a_query_with_parameters_is_refused(sources):
    with pytest.raises(UsageError, match=r"the query has parameters \(\$day\)"):
        ask("select * from panel where date = $day", sources)


@pytest.mark.parametrize(
    ("view", "option"),
    [("panel", "panel"), ("sessions", "panel"), ("findings", "run"), ("runs", "run"), ("truth", "truth")],
)
def test_a_view_that_was_not_given_says_which_option_gives_it(view, option):
    with pytest.raises(UsageError, match=rf"\(the view {view} needs --{option}\)"):
        ask(everything_in(view), Sources())


def test_wrong_sql_is_one_line(sources):
    with pytest.raises(UsageError, match="prize") as raised:
        ask("select prize from panel", sources)
    assert len(str(raised.value).splitlines()) == 1


def test_a_run_without_findings_has_an_empty_view(flat_panel, tmp_path):
    run = open_store(tmp_path / "run")
    scan(flat_panel, run, load_ruleset("notebook"))
    for key in [entry.key for entry in run.entries("findings/")]:
        run.delete(key)
    assert ask("select * from findings", Sources(run=run.address)).height == 0


def test_sources_that_are_not_there_are_named(tmp_path):
    with pytest.raises(InputError, match="no panel at"):
        ask("select 1", Sources(panel=str(tmp_path)))
    with pytest.raises(InputError, match="no finished run at"):
        ask("select 1", Sources(run=str(tmp_path)))
    with pytest.raises(InputError, match=r"truth\.parquet"):
        ask("select 1", Sources(truth=str(tmp_path / "truth.parquet")))


def test_sources_may_lie_on_s3(make_panel, bucket):
    panel = make_panel([(dt.date(2022, 1, 3), "AAA", 1.5)])
    there = open_store(f"{bucket}/panel")
    for entry in panel.entries():
        there.write(entry.key, panel.read(entry.key))
    answer = ask("select * from panel", Sources(panel=there.address))
    assert answer.equals(pl.DataFrame({"date": [dt.date(2022, 1, 3)], "ticker": ["AAA"], "price": [1.5]}))
