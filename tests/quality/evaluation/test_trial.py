"""A wrong rule of the user's own is known before anything of an earlier run is touched."""

import pytest

from quality.errors import UsageError
from quality.evaluation import trial
from quality.evaluation.trial import try_rules
from quality.rules.loading import load_ruleset
from quality.scan.run import ScanOptions, scan
from quality.storage import open_store

RULE = """-- name: mine
-- severity: info
-- message: Mine {price}
-- parameters: none
-- look-back: 0
"""
SELECT = "select date, ticker, price, null::double as expected, null::double as deviation from metrics where price > 1"


@pytest.fixture
def own(tmp_path):
    def write(select=SELECT, header=RULE):
        (tmp_path / "rules").mkdir(exist_ok=True)
        (tmp_path / "rules" / "mine.sql").write_text(header + select)
        return tmp_path / "rules"

    return write


@pytest.mark.parametrize("ruleset", ["notebook", "robust"])
def test_what_is_right_passes(own, ruleset):
    try_rules(load_ruleset(ruleset))
    try_rules(load_ruleset(ruleset, [own()]))
    nested = "with low as (select * from metrics where price < 0) select *, null::double as deviation from "
    nested += "(select date, ticker, price, null::double as expected from low)"
    try_rules(load_ruleset(ruleset, [own(nested)]))


@pytest.mark.parametrize("ruleset", ["notebook", "robust"])
@pytest.mark.parametrize(
    "wrong",
    [
        {"select": SELECT.replace("price > 1", "prise > 1")},
        {"select": SELECT.replace("price > 1", "no_such_function(price)")},
        {"select": SELECT.replace("null::double as expected, ", "")},
        {"select": SELECT.replace("from metrics", "from no_such_relation")},
        {"header": RULE.replace("{price}", "{prise}")},
        {"header": RULE.replace("look-back: 0", "look-back: 1000")},
    ],
)
def test_a_wrong_rule_is_named_and_an_earlier_run_is_left_as_it_was(own, flat_panel, tmp_path, ruleset, wrong):
    run = open_store(tmp_path / "run")
    scan(flat_panel, run, load_ruleset(ruleset), ScanOptions(threads=1))
    before = {entry.key: run.read(entry.key) for entry in run.entries()}
    with pytest.raises(UsageError, match=r"mine\.sql"):
        scan(flat_panel, run, load_ruleset(ruleset, [own(**wrong)]), ScanOptions(threads=1))
    assert {entry.key: run.read(entry.key) for entry in run.entries()} == before


@pytest.mark.parametrize("ruleset", ["notebook", "robust"])
def test_a_rule_without_end_is_ended_and_named(own, monkeypatch, ruleset):
    monkeypatch.setattr(trial, "_MOST_SECONDS", 0.5)
    endless = "with recursive t(n) as (select 1 union all select n + 1 from t) "
    folder = own(endless + SELECT.replace("price > 1", "price > (select count(*) from t)"))
    with pytest.raises(UsageError, match=r"mine\.sql: not done after"):
        try_rules(load_ruleset(ruleset, [folder]))
