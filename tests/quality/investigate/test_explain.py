"""Explanations: what a rule saw, number by number, is what the scan saw."""

import datetime as dt

import polars as pl
import pytest

from quality.errors import InputError, UsageError
from quality.findings.suppressions import Suppression, Suppressions
from quality.investigate.explain import explain_day, explain_ticker, ruleset_of
from quality.investigate.queries import Sources, ask
from quality.investigate.verdicts import conditions_of
from quality.rules.loading import load_ruleset
from quality.rules.model import Thresholds
from quality.scan.run import ScanOptions, scan
from quality.storage import open_store


@pytest.fixture(scope="module")
def runs(default_panels, tmp_path_factory):
    folder = tmp_path_factory.mktemp("explain")
    for name in ("robust", "notebook"):
        scan(
            open_store(default_panels.faulty),
            open_store(folder / name),
            load_ruleset(name),
            ScanOptions(formats=("parquet",)),
        )
    return folder


def sources_of(runs, name):
    return Sources(runs=[str(runs / name)])


def of_rule(explanation, name):
    return next(verdict for verdict in explanation.verdicts if verdict.rule == name)


def values(explanation):
    return {measured.name: measured.value for measured in explanation.measured}


def test_a_ticker_is_its_incidents(runs):
    sources = sources_of(runs, "robust")
    timeline = explain_ticker("ST0059", sources)
    known = ask("select * from incidents where ticker = 'ST0059'", sources)
    assert timeline.incidents.height == known.height > 0
    assert timeline.incidents.get_column("first_date").is_sorted(descending=True)
    assert (timeline.first_date, timeline.last_date) == (dt.date(2020, 1, 1), dt.date(2022, 9, 26))


@pytest.mark.parametrize("ruleset", ["robust", "notebook"])
def test_what_was_measured_is_what_the_scan_saw_to_the_bit(runs, ruleset):
    sources = sources_of(runs, ruleset)
    some = ask(
        "select ticker, date, rule, first_rule, expected, deviation from findings where date > '2020-02-01' "
        "and deviation is not null order by hash(ticker || date::varchar) limit 3",
        sources,
    )
    measured_as = {"robust": ("expected", "deviation"), "notebook": ("moving_average", "change")}[ruleset]
    for row in some.iter_rows(named=True):
        found = explain_day(row["ticker"], row["date"], sources)
        assert tuple(values(found)[name] for name in measured_as) == (row["expected"], row["deviation"])
        assert of_rule(found, row["first_rule"] or row["rule"]).found
        assert found.findings.filter(rule=row["rule"]).height == 1
        assert all(measured.what for measured in found.measured if measured.name not in ("session", "position"))


def test_the_conditions_of_a_rule_that_found_hold_and_of_one_that_did_not_one_fails(runs):
    found = explain_day("ST0059", dt.date(2021, 9, 6), sources_of(runs, "robust"))
    spike = of_rule(found, "price_spike")
    assert spike.found
    assert [condition.holds for condition in spike.conditions] == [True] * len(spike.conditions)
    assert spike.conditions[0].numbers.endswith("> 0.1")
    for verdict in found.verdicts:
        if verdict.conditions and not verdict.found:
            assert not all(condition.holds for condition in verdict.conditions), verdict.rule
    assert found.market["movers"] > 90
    assert found.incidents.item(0, "rule") == "price_spike"
    here = found.around.filter(date=found.day).row(0, named=True)
    assert (here["rule"], here["price"]) == ("price_spike", 196.58)
    assert here["upper"] < here["price"]
    assert found.around.height == 21


def test_a_missing_ticker_is_explained_too(runs):
    sources = sources_of(runs, "robust")
    row = ask("select ticker, date from findings where rule = 'missing_ticker' order by date desc limit 1", sources)
    found = explain_day(*row.row(0), sources)
    assert of_rule(found, "missing_ticker").found
    assert values(found)["is_absent"] is True


def test_a_day_on_which_nothing_was_found_says_why(runs):
    found = explain_day("ST0059", dt.date(2021, 9, 3), sources_of(runs, "robust"))
    assert not any(verdict.found for verdict in found.verdicts)
    assert not found.findings.height


def test_thresholds_and_suppressions_are_those_of_the_run(make_panel, tmp_path):
    days = [day for day in (dt.date(2022, 1, 3) + dt.timedelta(days=n) for n in range(40)) if day.weekday() < 5]
    panel = make_panel([(day, "AAA", 130.0 if day == days[15] else 100.0) for day in days])
    loose = load_ruleset("notebook", thresholds={"price_increase": Thresholds(values={"limit": 0.4})})
    known = Suppression("price_*", "A*", None, None, "split", "anna", dt.date(2030, 1, 1), 2)
    options = ScanOptions(formats=("parquet",), suppressions=Suppressions("known.csv", (known,), dt.date(2022, 1, 1)))
    scan(panel, open_store(tmp_path / "run"), loose, options)
    found = explain_day("AAA", days[15], Sources(runs=[str(tmp_path / "run")]))
    verdict = of_rule(found, "price_increase")
    assert (verdict.found, verdict.parameters["limit"]) == (False, 0.4)
    assert [entry["reason"] for entry in found.suppressions] == ["split"]


def test_a_ticker_is_explained_by_its_own_thresholds_and_the_severity_of_the_run(make_panel, tmp_path):
    days = [day for day in (dt.date(2022, 1, 3) + dt.timedelta(days=n) for n in range(40)) if day.weekday() < 5]
    names = ("AAA", "AAB", "BBB")
    panel = make_panel([(day, name, 130.0 if day == days[15] else 100.0) for day in days for name in names])
    own = Thresholds(values={"limit": 0.1}, by_ticker={"AA*": {"limit": 0.4}, "AAB": {"limit": 0.2}}, severity="error")
    scan(panel, open_store(tmp_path / "run"), load_ruleset("notebook", thresholds={"price_increase": own}))
    for name, limit, is_found in (("AAA", 0.4, False), ("AAB", 0.2, True), ("BBB", 0.1, True)):
        explained = explain_day(name, days[15], Sources(runs=[str(tmp_path / "run")]))
        verdict = of_rule(explained, "price_increase")
        assert (verdict.found, verdict.parameters["limit"], verdict.severity) == (is_found, limit, "error")
        assert verdict.conditions[-1].holds is is_found
        row = explained.around.filter(pl.col("date") == days[15])
        assert row.item(0, "upper") == pytest.approx(100 * (1 + limit))


def test_what_is_not_there_is_named(runs, tmp_path):
    sources = sources_of(runs, "robust")
    with pytest.raises(InputError, match=r"neither panel nor findings hold the ticker ST00590; did you mean .*ST0059"):
        explain_ticker("ST00590", sources)
    with pytest.raises(InputError, match=r"2021-09-05 is no session .*; near it are 2021-09-03 and 2021-09-06"):
        explain_day("ST0059", dt.date(2021, 9, 5), sources)
    with pytest.raises(InputError, match="no finished run"):
        explain_ticker("X", Sources(runs=[str(tmp_path)]))


def test_conditions_are_parted_at_their_outermost_ands():
    sql = """select * from metrics
where a between 1 and 2 -- and so on
    and (b or c and d)
    and not e"""
    assert conditions_of(sql) == ["a between 1 and 2", "(b or c and d)", "not e"]
    assert conditions_of("with x as (select 1) select * from x where a") == []
    assert conditions_of("select 1") == []


def test_every_metric_of_both_sets_has_a_sentence(runs):
    for name in ("robust", "notebook"):
        found = explain_day("ST0059", dt.date(2021, 9, 6), sources_of(runs, name))
        assert len([measured for measured in found.measured if measured.what]) >= 5


def test_it_is_plain_data_for_json(runs):
    found = explain_day("ST0059", dt.date(2021, 9, 6), sources_of(runs, "robust")).as_dict()
    assert isinstance(found["verdicts"][0]["conditions"][0]["text"], str)
    assert isinstance(found["around"], list)
    assert pl.DataFrame(found["around"]).height == 21
    with pytest.raises(UsageError, match="names no rule set"):
        ruleset_of({})
