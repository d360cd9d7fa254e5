"""`pricewatch explain`."""

import json
import sys

import pytest


@pytest.fixture
def scanned(pricewatch, default_panels):
    pricewatch("scan", default_panels.faulty, "run", "--format", "parquet")
    return "run"


def test_a_ticker_and_a_day_of_it(pricewatch, scanned):
    timeline = pricewatch("explain", "ST0059", "--run", scanned)
    assert timeline.code == 0
    assert timeline.out.startswith("ST0059: ")
    day = pricewatch("explain", "ST0059", "2021-09-06", "--run", scanned, "--rule", "price_spike")
    assert day.out.startswith("ST0059 on Monday, 2021-09-06: price_spike\n")
    for text in (
        "The sessions around it",
        "─",  # the chart
        "expected",
        "The median of the last seven usable prices",
        "FOUND price_spike (warning; limit = 0.2",
        "holds   own_move > $own_move   [4.89074 > 0.1]",
        "the median of 99 tickers moved",
        "sql/rules/robust/price_spike.sql",
        "The incidents that it is part of",
    ):
        assert text in day.out
    whole = json.loads(pricewatch("explain", "ST0059", "2021-09-06", "--run", scanned, "--json").out)
    assert whole["verdicts"][0]["rule"] == "price_spike"
    assert len(whole["around"]) == 21


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["ST0059"], 2, "explain needs --run RUN"),
        (["ST0059", "yesterday", "--run", "run"], 2, "is not a date"),
        (["ST0059", "--run", "none"], 3, "no finished run at none"),
    ],
)
def test_what_is_wrong_is_one_line(pricewatch, arguments, code, says):
    assert says in pricewatch("explain", *arguments).failed(code)


def test_without_its_extra_it_shows_no_chart_and_says_what_to_install(pricewatch, scanned, monkeypatch):
    monkeypatch.setitem(sys.modules, "plotext", None)
    done = pricewatch("explain", "ST0059", "2021-09-06", "--run", scanned)
    assert (done.code, "The sessions around it" in done.out) == (0, True)
    assert "no chart: it needs plotext: pip install 'pricewatch-panel[shell]', or say --no-chart" in done.err
    assert pricewatch("explain", "ST0059", "2021-09-06", "--run", scanned, "--no-chart").err == ""
