"""Saved questions: each is answered rightly, has a sentence, and says what is wrong with it."""

import datetime as dt

import pytest

from quality.errors import UsageError
from quality.ingest.job import IngestOptions, ingest
from quality.investigate.queries import Sources, ask
from quality.investigate.questions import load_question, saved_questions
from quality.rules.loading import load_ruleset
from quality.scan.run import ScanOptions, scan
from quality.storage import open_store

GIVEN = {"ticker": "ST0059", "before": "", "after": ""}


@pytest.fixture(scope="module")
def runs(default_panels, tmp_path_factory):
    """A scan of the default panel, and an ingest with a row that is none and two prices for one cell."""
    folder = tmp_path_factory.mktemp("questions")
    scan(
        open_store(default_panels.faulty),
        open_store(folder / "runs" / "scan"),
        load_ruleset("robust"),
        ScanOptions(formats=("parquet",)),
    )
    file = folder / "prices.csv"
    file.write_text(
        "date,ticker,close\n2022-01-03,AAA,10.5\n2022-01-04,AAA,oops\n2022-01-03,AAA,11.5\n2022-01-05,AAA,10.75\n"
    )
    ingest([str(file)], open_store(folder / "panel"), open_store(folder / "runs" / "ingest"), IngestOptions())
    return folder / "runs"


@pytest.fixture(scope="module")
def sources(runs, default_panels):
    return Sources(runs=[str(runs)], truth=default_panels.truth)


def answer(name, sources, **given):
    return ask(name, sources, given)


def test_there_are_twelve_and_more_and_each_says_what_it_asks():
    questions = saved_questions()
    assert len(questions) >= 12
    assert all(question.what.endswith(".") and question.what[0].isupper() for question in questions.values())


@pytest.mark.parametrize("name", saved_questions())
def test_each_is_answered(sources, name):
    needed = {key: GIVEN[key] for key, value in saved_questions()[name].parameters.items() if value is None}
    rows = answer(name, sources, **needed)
    assert rows.height > 0 or name in ("changed", "suppressed", "missed")


def test_a_tickers_history_is_its_prices_with_what_was_found(sources):
    rows = answer("ticker_history", sources, ticker="ST0059", sessions="5")
    assert rows.get_column("date").to_list() == sorted(rows.get_column("date"), reverse=True)
    assert rows.height == 5
    spiked = ask("select min(date) as first from findings where ticker = 'ST0059' and rule = 'price_spike'", sources)
    found = ask(
        "select rule from (select * from panel left join findings using (date, ticker)) where ticker = 'ST0059' "
        "and date = $day",
        sources,
        {"day": str(spiked.item())},
    )
    assert found.item() == "price_spike"


def test_incidents_of_a_ticker_are_the_latest_first(sources):
    rows = answer("incidents_of", sources, ticker="ST0059")
    assert rows.height == ask("select count(*) from incidents where ticker = 'ST0059'", sources).item()
    assert rows.get_column("first_date").is_sorted(descending=True)


def test_worst_tickers_and_days_and_rules_count_what_counts(sources):
    for name, column in (("worst_tickers", "ticker"), ("worst_days", "date"), ("rules", "rule")):
        top = answer(name, sources).row(0, named=True)
        counting = f"select count(*) from findings where {column} = $x and not covered"  # noqa: S608 - a name above
        findings = ask(counting, sources, {"x": str(top[column])})
        assert top["findings"] == findings.item()


def test_alarms_by_rule_and_year_add_up(sources):
    rows = answer("alarms_by_rule_and_year", sources)
    assert rows.get_column("findings").sum() == ask("select count(*) from findings where not covered", sources).item()
    assert rows.get_column("year").unique().sort().to_list() == [2020, 2021, 2022]


def test_gaps_and_repeats_count_sessions_in_a_row(make_panel):
    days = [dt.date(2022, 1, number) for number in range(3, 12)]
    holes = {days[2]: None, days[3]: None}
    rows = [(day, "AAA", holes.get(day, 10.0 + number)) for number, day in enumerate(days)]
    rows += [(day, "BBB", 5.0 if 3 <= number < 7 else 6.0 + number) for number, day in enumerate(days)]
    sources = Sources(make_panel(rows).address)
    assert answer("gaps", sources).rows() == [("AAA", days[1], days[4], 2)]
    assert answer("repeats", sources).rows() == [("BBB", 5.0, days[3], days[6], 4)]
    assert answer("repeats", sources, least="5").height == 0


def test_false_alarms_and_missed_faults_are_told_by_the_truth(sources):
    false = answer("false_alarms", sources)
    assert false.join(ask("from truth", sources), on=["date", "ticker"]).height == 0
    missed = answer("missed", sources)
    assert missed.join(ask("from findings", sources), on=["date", "ticker"]).height == 0
    assert 0 < missed.height < 200


def test_open_incidents_reach_the_last_session(sources):
    last = ask("select max(date) from sessions", sources).item()
    ids = answer("open_incidents", sources).get_column("incident")
    known = ask("from incidents", sources)
    assert set(known.filter(known["incident"].is_in(ids.to_list())).get_column("last_date")) == {last}


def test_reclassified_says_what_later_days_made_of_each_rule(sources):
    rows = answer("reclassified", sources)
    assert ("frozen_price", "natural_repeat", "reclassified") in [row[:3] for row in rows.rows()]


def test_refused_rows_and_conflicts_are_those_of_the_ingest(sources):
    assert answer("refused_rows", sources).row(0, named=True)["example"] == "oops"
    conflict = answer("conflicting_prices", sources).row(0, named=True)
    assert (conflict["kept_price"], conflict["other_price"]) == (11.5, 10.5)


def test_changed_tells_new_gone_and_changed(make_panel, tmp_path):
    days = [dt.date(2022, 1, 3) + dt.timedelta(days=number) for number in range(12)]
    panel = make_panel([(day, "AAA", 100.0) for day in days[:-1]] + [(days[-1], "AAA", 0.0)])
    for name, rule in (("one", "notebook"), ("two", "robust")):
        scan(panel, open_store(tmp_path / "runs" / name), load_ruleset(rule), ScanOptions(formats=("parquet",)))
    sources = Sources(runs=[str(tmp_path / "runs")])
    rows = answer("changed", sources, before="one", after="two")
    assert [row[2:5] for row in rows.rows()] == [("changed", "zero_price", "zero_price")]
    assert answer("changed", sources, before="one", after="one").height == 0
    assert set(answer("changed", sources, before="", after="two").get_column("change")) == {"new"}
    assert set(answer("changed", sources, before="one", after="").get_column("change")) == {"gone"}


def test_coverage_counts_what_is_missing(sources):
    rows = answer("coverage", sources)
    assert rows.get_column("row_count").sum() - rows.get_column("without_price").sum() == 71_400 - 673


def test_a_parameter_must_be_set_and_must_be_one(sources):
    with pytest.raises(UsageError, match="ticker_history needs --set ticker=…"):
        answer("ticker_history", sources)
    with pytest.raises(UsageError, match=r"ticker_history has no parameter tiker; did you mean ticker\?"):
        answer("ticker_history", sources, tiker="ST0059")


def test_questions_of_ones_own_join_in(tmp_path, sources):
    (tmp_path / "mine.sql").write_text("-- How many.\n-- parameters: least = 5\nselect 1 where 6 > $least::int;\n")
    assert ask("mine", sources, folders=[tmp_path]).item() == 1
    assert saved_questions([tmp_path])["mine"].usage == "How many. (--set least=5)"


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("mine", "select 1", ":1: the first line must say what is asked"),
        ("mine", "-- What.\nselect $x", "x: every parameter is declared in line 2"),
        ("mine", "-- What.\n-- parameters: x\nselect 1", "x: every parameter is declared"),
        ("mine", "-- What.\n-- parameters: x y\nselect 1", ":2: 'x y' is not a parameter"),
        ("mine", "-- What.\ndrop table x", "DROP, not a SELECT"),
        ("Mine", "-- What.\nselect 1", "a question's name is of small letters"),
        ("rules", "-- What.\nselect 1", "there is a question rules already"),
    ],
)
def test_a_file_that_is_no_question_says_why(tmp_path, name, text, says):
    path = tmp_path / f"{name}.sql"
    path.write_text(text)
    with pytest.raises(UsageError) as raised:
        saved_questions([tmp_path])
    assert says in str(raised.value)
    assert str(path) in str(raised.value)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match="no such folder"):
        saved_questions([tmp_path / "none"])
    (tmp_path / "bad.sql").write_bytes(b"-- \xff.\nselect 1")
    with pytest.raises(UsageError, match="cannot be read"):
        load_question(tmp_path / "bad.sql")
