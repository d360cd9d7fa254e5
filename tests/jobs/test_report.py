"""`pricewatch report`."""

import json
import sys

import pytest


@pytest.fixture
def scanned(pricewatch, flat_panel):
    pricewatch("scan", flat_panel.address, "runs/one", "--ruleset", "notebook", "--format", "parquet")
    return "runs/one"


def test_writes_the_page_into_the_run_and_says_where(pricewatch, scanned, tmp_path):
    done = pricewatch("report", scanned)
    assert done.code == 0
    assert done.out.startswith("runs/one/report.html: 0.")
    assert (tmp_path / "runs/one/report.html").read_text().startswith("<!doctype html>")
    assert pricewatch("report", scanned).code == 0  # once more
    assert pricewatch("sql", "select count(*) as n from runs", "--run", "runs", "--json").code == 0


def test_writes_elsewhere_and_pictures(pricewatch, scanned, bucket):
    done = pricewatch("report", scanned, "--out", f"{bucket}/x/report.html", "--png", "pictures", "--json")
    assert json.loads(done.out)["out"] == f"{bucket}/x/report.html"
    assert json.loads(done.out)["pictures"] == []  # there are no findings to draw


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["none"], 3, "no finished run at none"),
        (["a", "b"], 2, "a report of several runs needs --out FILE"),
    ],
)
def test_what_is_wrong_is_one_line(pricewatch, arguments, code, says):
    assert says in pricewatch("report", *arguments).failed(code)


def test_without_its_extra_it_says_what_to_install(pricewatch, scanned, monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    assert "the report needs jinja2: pip install 'pricewatch-panel[report]'" in pricewatch("report", scanned).failed(2)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    failed = pricewatch("report", scanned, "--png", "pictures").failed(2)
    assert "pip install 'pricewatch-panel[report]'" in failed
