"""Rule files: what the strict loader refuses, thresholds in force, fingerprints, and a rule of one's own."""

import datetime as dt

import polars as pl
import pytest

from quality.engine.statements import sql_root
from quality.errors import UsageError
from quality.rules.files import read_rule
from quality.rules.loading import load_ruleset, ruleset_names
from quality.rules.model import Thresholds
from quality.scan.run import scan
from quality.storage import open_store

HEADER = {
    "name": "own",
    "severity": "warning",
    "message": "Above {limit:.2f} ({price:.2f})",
    "parameters": "limit = 99",
    "look-back": "0",
}
SELECT = """select date, ticker, price, null::double as expected, null::double as deviation
from metrics
where price > $limit"""


@pytest.fixture
def write_rule(tmp_path):
    """Write a rule file; a header line is changed by its key (`look_back` for `look-back`), or left out by None."""

    def write(select=SELECT, file="own.sql", **changes):
        header = HEADER | {key.replace("_", "-"): value for key, value in changes.items()}
        lines = [f"-- {key}: {value}" for key, value in header.items() if value is not None]
        path = tmp_path / "rules" / file
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join([*lines, select]) + "\n", encoding="utf-8")
        return path

    return write


def refusal(path):
    with pytest.raises(UsageError) as raised:
        read_rule(path)
    place, _, what = str(raised.value).partition(": ")
    file, _, line = place.rpartition(":")
    assert file == str(path)
    return int(line), what


class TestLoader:
    def test_reads_a_rule(self, write_rule):
        rule = read_rule(write_rule(SELECT + ";"))
        assert (rule.name, rule.severity, rule.look_back) == ("own", "warning", 0)
        assert rule.parameters == {"limit": 99.0}
        assert rule.sql == SELECT

    @pytest.mark.parametrize(
        ("changes", "line", "says"),
        [
            ({"colour": "red"}, 6, "'-- colour: red' is not a header line"),
            ({"severity": None}, 5, "the header lacks severity"),
            ({"name": "other"}, 1, "name 'other' must be the file's name"),
            ({"severity": "fatal"}, 2, "severity 'fatal' is not error, warning, info"),
            ({"look_back": "-1"}, 5, "look-back '-1' is not a number of sessions"),
            ({"look_back": "9" * 5000}, 5, f"look-back '{'9' * 79}… is not a number of sessions"),
            ({"look_back": "a week"}, 5, "look-back 'a week'"),
            ({"message": ""}, 3, "message is empty"),
            ({"message": "{oops"}, 3, "brace"),
            ({"message": "{price:%x}"}, 3, "{price:%x}"),
            ({"parameters": "limit"}, 4, "'limit' is not 'name = number'"),
            ({"parameters": "limit = inf"}, 4, "the default of 'limit' is not finite: 'inf'"),
            ({"parameters": "limit = high"}, 4, "the default of 'limit' is not a number: 'high'"),
            ({"parameters": "limit = 1, limit = 2"}, 4, "declared twice"),
            ({"parameters": "rule_name = 1"}, 4, "'rule_name = 1' is not"),
            ({"parameters": "none"}, 6, "uses $limit, which the header does not declare"),
            ({"parameters": "limit = 1, floor = 2"}, 6, "declares floor, which the SELECT does not use"),
        ],
    )
    def test_names_file_and_line_of_a_broken_header(self, write_rule, changes, line, says):
        found_line, what = refusal(write_rule(**changes))
        assert (found_line, says in what) == (line, True), what

    @pytest.mark.parametrize(
        ("select", "says"),
        [
            ("", "0 statements"),
            (SELECT + ";\nselect 1", "2 statements"),
            ("delete from metrics where price > $limit", "DELETE"),
            ("copy metrics to 'out.csv'", "COPY"),
            ("attach 'x.db'", "ATTACH"),
            ("select from where $limit", "not valid SQL"),
        ],
    )
    def test_takes_nothing_but_one_select(self, write_rule, select, says):
        line, what = refusal(write_rule(select))
        assert line == 6
        assert says in what

    def test_a_key_twice_names_both_lines(self, write_rule):
        path = write_rule()
        path.write_text("-- name: own\n-- name: own\n" + path.read_text())
        assert refusal(path) == (2, "'name' is already in line 1")

    def test_a_name_that_is_no_identifier_is_refused(self, write_rule):
        assert refusal(write_rule(file="Own-1.sql", name="Own-1"))[0] == 1

    def test_a_file_that_is_no_text_is_named(self, tmp_path):
        path = tmp_path / "own.sql"
        path.write_bytes(b"\xff\xfe")
        with pytest.raises(UsageError, match=r"own\.sql: cannot be read as a rule"):
            read_rule(path)


def own_rule(ruleset):
    return next(rule for rule in ruleset.rules if rule.name == "own")


class TestExplanationsAndPresets:
    def test_a_parameter_may_have_a_sentence_and_other_values_at_other_sensitivities(self, write_rule):
        rule = read_rule(write_rule(**{"$limit": "How high is too high.", "high": "limit = 9", "low": "limit = 999"}))
        assert rule.explanations == {"limit": "How high is too high."}
        assert rule.presets == {"high": {"limit": 9.0}, "low": {"limit": 999.0}}

    @pytest.mark.parametrize(
        ("key", "value", "says"),
        [
            ("$floor", "What.", "explains $floor, which the header does not declare"),
            ("$limit", "", "$limit is explained by nothing"),
            ("high", "floor = 1", "sets floor, which the header does not declare"),
            ("low", "limit = much", "the default of 'limit' is not a number"),
        ],
    )
    def test_what_is_no_parameter_is_refused(self, write_rule, key, value, says):
        line, what = refusal(write_rule(**{key: value}))
        assert (line, says in what) == (6, True), what

    def test_a_sensitivity_puts_its_values_in_force_and_thresholds_go_over_it(self, write_rule):
        folder = write_rule(high="limit = 9").parent
        limit = {
            (sensitivity, bool(given)): own_rule(load_ruleset("notebook", [folder], given, sensitivity)).parameters
            for sensitivity in ("normal", "high", "low")
            for given in ({}, {"own": Thresholds({"limit": 5.0})})
        }
        assert {key: value["limit"] for key, value in limit.items()} == {
            ("normal", False): 99, ("high", False): 9, ("low", False): 99,
            ("normal", True): 5, ("high", True): 5, ("low", True): 5,
        }  # fmt: skip

    def test_an_unknown_sensitivity_is_refused(self):
        with pytest.raises(UsageError, match="no sensitivity 'loud'; there is low, normal, high"):
            load_ruleset("notebook", sensitivity="loud")

    @pytest.mark.parametrize("name", ruleset_names())
    def test_every_parameter_of_the_jobs_own_rules_has_a_sentence(self, name):
        for rule in load_ruleset(name).rules:
            assert set(rule.explanations) == set(rule.parameters), rule.name
            assert all(sentence.endswith(".") for sentence in rule.explanations.values()), rule.name


class TestSets:
    def test_the_notebooks_rules_look_back_a_week_of_sessions(self):
        rules = load_ruleset("notebook")
        assert rules.look_back == 7
        assert [rule.name for rule in rules.rules] == [
            "invalid_moving_average",
            "missing_price",
            "missing_ticker",
            "negative_price",
            "price_decrease",
            "price_increase",
            "unexpected_ticker",
            "zero_price",
        ]

    def test_an_unknown_set_is_told_what_there_is(self):
        assert "notebook" in ruleset_names()
        with pytest.raises(UsageError, match=r"no rule set 'notebok'; there is .*notebook"):
            load_ruleset("notebok")

    def test_two_rules_of_one_name_are_refused_and_both_files_named(self, write_rule):
        path = write_rule(file="zero_price.sql", name="zero_price")
        with pytest.raises(UsageError) as raised:
            load_ruleset("notebook", [path.parent])
        assert str(path) in str(raised.value)
        assert "notebook/zero_price.sql" in str(raised.value)

    def test_a_folder_without_rules_is_refused(self, tmp_path):
        with pytest.raises(UsageError, match="no rule files"):
            load_ruleset("notebook", [tmp_path])


class TestThresholds:
    def rule(self, thresholds):
        rules = load_ruleset("notebook", thresholds={"price_increase": thresholds}).rules
        return next(rule for rule in rules if rule.name == "price_increase")

    def test_replace_defaults_for_all_tickers_and_for_some(self):
        rule = self.rule(Thresholds({"limit": 0.3}, {"ST0002": {"limit": 0.9}}))
        assert rule.parameters == {"limit": 0.3}
        assert rule.by_ticker == {"ST0002": {"limit": 0.9}}

    @pytest.mark.parametrize("thresholds", [Thresholds({"limits": 1.0}), Thresholds({}, {"ST0002": {"limits": 1.0}})])
    def test_an_unknown_parameter_is_named(self, thresholds):
        with pytest.raises(
            UsageError, match=r"rules\.notebook\.price_increase\.(tickers\.ST0002\.)?limits: no such parameter"
        ):
            self.rule(thresholds)

    def test_an_unknown_rule_is_named(self):
        with pytest.raises(UsageError, match=r"rules\.notebook\.price_rise: no such rule"):
            load_ruleset("notebook", thresholds={"price_rise": Thresholds()})

    def test_decide_findings_for_their_tickers_alone(self, tmp_path, make_panel):
        days = [dt.date(2022, 1, number) for number in range(1, 10)]
        rows = [(day, ticker, 130.0 if day == days[-1] else 100.0) for day in days for ticker in ("AAA", "BBB")]
        thresholds = {"price_increase": Thresholds({"limit": 0.25}, {"BBB": {"limit": 0.35}})}
        rules = load_ruleset("notebook", thresholds=thresholds)
        summary = scan(make_panel(rows), open_store(tmp_path / "run"), rules)
        assert summary["by_ticker"] == {"AAA": 1}
        found = pl.read_parquet(tmp_path / "run/findings/year=2022/findings.parquet", hive_partitioning=False)
        assert found.item(0, "message") == "Price Increase > 25% (30.00%)"


class TestFingerprint:
    def test_is_the_same_for_the_same_rules(self):
        assert load_ruleset("notebook").fingerprint == load_ruleset("notebook").fingerprint

    def test_changes_with_thresholds_and_rules(self, write_rule):
        prints = {
            load_ruleset("notebook", **options).fingerprint
            for options in (
                {},
                {"thresholds": {"price_increase": Thresholds({"limit": 0.3})}},
                {"thresholds": {"price_increase": Thresholds({}, {"A": {"limit": 0.3}})}},
                {"thresholds": {"price_increase": Thresholds({}, {"B": {"limit": 0.3}})}},
                {"folders": [write_rule().parent]},
            )
        }
        assert len(prints) == 5


class TestOwnRules:
    def test_find_through_a_scan(self, flat_panel, write_rule, tmp_path):
        rules = load_ruleset("notebook", [write_rule(name="own").parent])
        summary = scan(flat_panel, open_store(tmp_path / "run"), rules)
        assert summary["by_rule"] == {"own": 30}
        assert summary["by_severity"] == {"warning": 30}
        found = pl.read_parquet(tmp_path / "run/findings/year=2022/findings.parquet", hive_partitioning=False)
        assert found.item(0, "message") == "Above 99.00 (100.00)"

    @pytest.mark.parametrize(
        ("select", "message"),
        [
            (SELECT.replace("price >", "prize >"), "x"),
            (SELECT.replace("null::double as expected", "0 as hoped"), "x"),
            (SELECT.replace("metrics", "read_csv('/etc/passwd')"), "x"),
            (SELECT, "{prize}"),
        ],
    )
    def test_that_cannot_run_are_named_and_leave_no_finished_run(
        self, flat_panel, write_rule, tmp_path, select, message
    ):
        path = write_rule(select, message=message)
        run = open_store(tmp_path / "run")
        with pytest.raises(UsageError) as raised:
            scan(flat_panel, run, load_ruleset("notebook", [path.parent]))
        assert str(path) in str(raised.value)
        assert len(str(raised.value).splitlines()) == 1
        assert not run.exists("summary.json")


@pytest.mark.parametrize("path", sorted((sql_root() / "rules").rglob("*.sql")), ids=lambda path: path.stem)
def test_a_rule_that_comes_with_the_job_is_one_select_and_declares_what_it_uses(path):
    read_rule(path)
