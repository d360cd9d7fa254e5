"""`pricewatch compare`."""

import json

import pytest


def test_tables_and_json(pricewatch, default_panels):
    for name, day in (("one", "2020-03-31"), ("two", "2020-04-01")):
        pricewatch("scan", default_panels.faulty, name, "--ruleset", "notebook", "--format", "parquet", "--end", day)
    done = pricewatch("compare", "one", "two")
    assert done.code == 0
    first, second, *_ = done.out.splitlines()
    assert first.endswith(" on days that only one of the runs looked at), 0 gone, 0 changed")
    assert second.startswith("incidents: ")
    assert "last_session: 2020-03-31 → 2020-04-01" in done.out
    whole = json.loads(pricewatch("compare", "one", "two", "--json").out)
    assert {row["date"] for row in whole["findings"]} == {"2020-04-01"}
    assert whole["counts"]["findings"]["new"] == len(whole["findings"])
    assert pricewatch("compare", "one", "one").out == "both runs found the same\n"


@pytest.mark.parametrize("arguments", [["none", "none"]])
def test_what_is_wrong_is_one_line(pricewatch, arguments):
    assert "no finished run at none" in pricewatch("compare", *arguments).failed(3)
