"""What pricewatch.toml says of rules: read, checked, and in force."""

import datetime as dt
import tomllib
from pathlib import Path

import polars as pl
import pytest

from quality.errors import UsageError
from quality.panel.partitions import SCHEMA, write_year
from quality.rules.description import describe
from quality.rules.loading import load_ruleset, rules_in_force
from quality.rules.model import RuleSet
from quality.rules.thresholds import lines_of, read_thresholds
from quality.scan.run import ScanOptions, scan
from quality.storage import open_store

_DAYS = [dt.date(2024, 1, 1) + dt.timedelta(days=count) for count in range(9)]
_HOSTILE = "X'); drop table findings; --"


def _rules(text: str, *folders: Path) -> RuleSet:
    thresholds = read_thresholds(tomllib.loads(text).get("rules", {}), "pricewatch.toml")
    return rules_in_force("notebook", folders, thresholds)


def _jumps(tmp_path: Path, tickers: dict[str, float], text: str) -> set[tuple[str, str, str]]:
    """Prices of 100 for eight sessions, then another for each ticker; what is found of them."""
    rows = [(day, ticker, 100.0) for ticker in tickers for day in _DAYS[:-1]]
    rows += [(_DAYS[-1], ticker, price) for ticker, price in tickers.items()]
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("ticker", "date")
    write_year(open_store(tmp_path / "panel"), frame)
    scan(open_store(tmp_path / "panel"), open_store(tmp_path / "run"), _rules(text), ScanOptions(threads=1))
    found = pl.read_parquet(tmp_path / "run" / "findings" / "**" / "*.parquet", hive_partitioning=False)
    return set(found.select("ticker", "rule", "message").iter_rows())


def test_each_ticker_takes_the_values_of_the_most_specific_entry(tmp_path: Path):
    text = """
        [rules.notebook.price_increase]
        limit = 0.25
        [rules.notebook.price_increase.tickers]
        "BRK.*" = { limit = 0.5 }
        "BRK.B" = { limit = 0.9 }
        "B*" = { limit = 5 }
    """
    tickers = {"AAA": 130.0, "AAB": 124.0, "BAC": 300.0, "BRK.A": 160.0, "BRK.B": 160.0, "BRK.C": 140.0}
    assert _jumps(tmp_path, tickers, text) == {
        ("AAA", "price_increase", "Price Increase > 25% (30.00%)"),
        ("BRK.A", "price_increase", "Price Increase > 50% (60.00%)"),
    }


def test_a_hostile_name_is_a_name_in_settings_and_in_the_panel(tmp_path: Path):
    text = f'[rules.notebook.price_increase.tickers."{_HOSTILE}"]\nlimit = 0.9'
    found = _jumps(tmp_path, {_HOSTILE: 180.0, f"{_HOSTILE}2": 180.0}, text)
    assert found == {(f"{_HOSTILE}2", "price_increase", "Price Increase > 20% (80.00%)")}


def test_severity_and_enabled_are_in_force():
    ruleset = _rules(
        '[rules.notebook.price_increase]\nseverity = "info"\n[rules.notebook.zero_price]\nenabled = false\n'
        '[rules.notebook.closed_day]\nseverity = "error"\n[rules.notebook.missing_session]\nenabled = false'
    )
    assert next(rule.severity for rule in ruleset.rules if rule.name == "price_increase") == "info"
    assert [rule.name for rule in ruleset.disabled] == ["missing_session", "zero_price"]
    assert "zero_price" not in {rule.name for rule in ruleset.rules}
    assert "missing_session" not in ruleset.structural
    assert ruleset.structural["closed_day"].severity == "error"
    assert ruleset.fingerprint != load_ruleset("notebook").fingerprint


def test_turning_rules_off_does_not_shorten_the_look_back_on_which_metrics_rest():
    every = load_ruleset("notebook")
    off = "\n".join(f"[rules.notebook.{rule.name}]\nenabled = false" for rule in every.rules)
    assert _rules(off).rules == ()
    assert _rules(off).look_back == every.look_back == 7


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[rules.nb.zero_price]", r"pricewatch\.toml: rules\.nb: no such rule set; there is .*notebook"),
        ("[rules.notebook.zero]", r"pricewatch\.toml: rules\.notebook\.zero: no such rule; there is .*zero_price"),
        ("[rules.notebook.price_increase]\nlimt = 1", r"price_increase\.limt: no such parameter; the rule has limit"),
        ("[rules.notebook.zero_price]\nlimit = 1", r"zero_price\.limit: no such parameter; the rule has none"),
        ("[rules.notebook.closed_day]\nlimit = 1", r"closed_day\.limit: no such parameter; the rule has none"),
        ("[rules.notebook.price_increase.tickers.A]\nlimt = 1", r"price_increase\.tickers\.A\.limt: no such parameter"),
        ("[rules.notebook.price_increase.tickers.BRK.B]\nlimit = 1", r'tickers\.BRK\.B .*tickers\."BRK\.B"'),
        ("[rules.notebook.price_increase]\nlimit = '1'", r"price_increase\.limit: '1' is not a number"),
        ("[rules.notebook.price_increase]\nlimit = nan", r"price_increase\.limit: nan is not a finite number"),
        ("[rules.notebook.price_increase]\nlimit = true", r"price_increase\.limit: true is not a finite number"),
        ("[rules.notebook.price_increase]\nseverity = 'bad'", r"severity: 'bad' is not error, warning or info"),
        ("[rules.notebook.price_increase]\nenabled = 0", r"enabled: 0 is not true or false"),
        ("[rules.notebook.zero_price.tickers.A]\nenabled = false", r"tickers\.A\.enabled: only a whole rule"),
        ("[rules.notebook]\nzero_price = 1", r"rules\.notebook\.zero_price must be a section"),
    ],
)
def test_what_does_not_exist_or_cannot_be_is_named_with_file_and_key(text: str, message: str):
    with pytest.raises(UsageError, match=message) as wrong:
        _rules(text)
    assert str(wrong.value).startswith("pricewatch.toml: rules.")


def test_settings_of_another_set_are_checked_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    home = tmp_path / "sql"
    for name in ("one", "two"):
        (home / "rules" / name).mkdir(parents=True)
        (home / "rules" / name / f"of_{name}.sql").write_text(
            f"-- name: of_{name}\n-- severity: info\n-- message: m\n-- parameters: none\n-- look-back: 0\nselect 1"
        )
    monkeypatch.setattr("quality.rules.loading.sql_root", lambda: home)
    thresholds = read_thresholds({"two": {"of_one": {"enabled": False}}}, "x.toml")
    with pytest.raises(UsageError, match=r"x\.toml: rules\.two\.of_one: no such rule"):
        rules_in_force("one", [], thresholds)


def test_settings_may_speak_of_rules_of_ones_own_where_their_folder_is_given():
    examples = Path(__file__).resolve().parents[3] / "examples" / "rules"
    text = "[rules.notebook.low_price]\nlimit = 3"
    rule = next(rule for rule in _rules(text, examples).rules if rule.name == "low_price")
    assert rule.parameters == {"limit": 3.0}
    with pytest.raises(UsageError, match="rules of your own come with --rules DIR"):
        _rules(text)


@pytest.mark.parametrize("name", ["tickers", "severity", "enabled"])
def test_no_parameter_can_have_a_name_that_settings_use_otherwise(tmp_path: Path, name: str):
    rule = f"-- name: own\n-- severity: info\n-- message: m\n-- parameters: {name} = 1\n-- look-back: 0\nselect ${name}"
    (tmp_path / "own.sql").write_text(rule)
    with pytest.raises(UsageError, match=rf"own\.sql:4: no parameter can be named '{name}'"):
        load_ruleset("notebook", [tmp_path])


def test_every_value_says_where_it_comes_from(tmp_path: Path):
    file = tmp_path / "pricewatch.toml"
    file.write_text(
        "[engine]\nthreads = 1\n\n[rules.notebook.price_increase]\nlimit = 0.3\n"
        '[rules.notebook.price_increase.tickers."BRK.*"]\nlimit = 0.5\n'
    )
    thresholds = read_thresholds(tomllib.loads(file.read_text())["rules"], str(file))
    rules = {rule.name: rule for rule in describe("notebook", [], thresholds)}
    of_increase = [
        (value.tickers, value.default, value.value, value.origin) for value in rules["price_increase"].values
    ]
    assert of_increase == [
        ("", "warning", "warning", "sql/rules/notebook/price_increase.sql"),
        ("", 0.2, 0.3, f"{file}:5: rules.notebook.price_increase.limit"),
        ("BRK.*", 0.2, 0.5, f"{file}:7: rules.notebook.price_increase.tickers.BRK.*.limit"),
    ]
    assert rules["price_decrease"].values[1].origin == "sql/rules/notebook/price_decrease.sql"


def test_lines_are_found_for_sections_keys_and_inline_tables():
    text = '# a\n[a."b.c"]\nx = 1\ny = { z = 2 }\n\n[[d]]\n'
    assert lines_of(text) == {("a", "b.c"): 2, ("a", "b.c", "x"): 3, ("a", "b.c", "y", "z"): 4, ("d",): 6}
