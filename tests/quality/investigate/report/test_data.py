"""What a report shows: its numbers, histories of runs, what is out of reach, and that it stays small."""

import datetime as dt
import json
import re
import shutil

import polars as pl
import pytest

from quality.errors import InputError
from quality.investigate.queries import ask
from quality.investigate.report.data import collect_report
from quality.investigate.report.heat import heat_page
from quality.investigate.report.page import render_report
from quality.investigate.report.pictures import draw_pictures
from quality.investigate.report.series import thinned
from quality.investigate.sources import Sources
from quality.rules.loading import load_ruleset
from quality.scan.run import ScanOptions, scan
from quality.storage import open_store


@pytest.fixture(scope="module")
def sources(default_panels, tmp_path_factory):
    run = open_store(tmp_path_factory.mktemp("report") / "run")
    scan(open_store(default_panels.faulty), run, load_ruleset("robust"), ScanOptions(formats=("parquet",)))
    return Sources(runs=[run.address], truth=default_panels.truth)


@pytest.fixture(scope="module")
def data(sources):
    return collect_report(sources)


def embedded(page):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)[1])


def test_its_numbers_are_the_runs(data, sources):
    findings = ask("select count(*) from findings where not covered", sources).item()
    assert data.rules.get_column("findings").sum() == findings
    assert data.over_time.select(pl.sum_horizontal("errors", "warnings", "infos").sum()).item() == findings
    assert data.incident_counts.get_column("incidents").sum() == ask("select count(*) from incidents", sources).item()
    on_map = ask(
        "select count(*) from findings where severity <> 'info' and not covered "
        "and ticker not like '\\_\\_%' escape '\\'",
        sources,
    )
    assert data.heat.cells.get_column("findings").sum() == on_map.item()
    assert data.coverage.get_column("row_count").sum() == ask("select count(*) from panel", sources).item()
    assert data.score["total"].item(0, "f1") > 0.9


def test_the_first_incidents_are_open_and_severe(data):
    first = data.incidents.row(0, named=True)
    assert (first["severity"], first["status"]) == ("error", "open")
    grades = data.incidents.get_column("severity").to_list()
    assert grades == sorted(grades, key=["error", "warning", "info"].index)


def test_the_page_holds_everything_and_stays_small(data):
    page = render_report(data)
    assert len(page.encode()) < 3_000_000
    for anchor in ("incidents", "time", "heat", "rules", "tickers", "coverage", "score", "made"):
        assert f'id="{anchor}"' in page
    assert not re.search(r'(src|href)="(?!#)', page)  # nothing is fetched
    held = embedded(page)
    assert set(held["charts"]) == set(data.tickers.get_column("ticker"))
    chart = held["charts"][data.tickers.item(0, "ticker")]
    assert len(chart["days"]) == len(chart["price"]) == len(chart["expected"])
    assert sum(len(chart[name]) for name in ("error", "warning", "info")) == len(chart["found"]) > 0


def test_a_history_of_runs_shows_the_trend(default_panels, tmp_path):
    for day in ("2020-06-30", "2020-12-31"):
        options = ScanOptions(end=dt.date.fromisoformat(day), formats=("parquet",))
        scan(open_store(default_panels.faulty), open_store(tmp_path / day), load_ruleset("notebook"), options)
    data = collect_report(Sources(runs=[str(tmp_path)]))
    held = embedded(render_report(data))
    assert held["runs"]["names"] == ["2020-06-30", "2020-12-31"]
    assert data.last_session == dt.date(2020, 12, 31)
    # A day that two runs looked at counts once.
    assert data.rules.get_column("findings").sum() == data.runs[-1].summary["findings"]


def test_without_its_panel_a_report_says_what_it_lacks(make_panel, tmp_path):
    days = [dt.date(2022, 1, 3) + dt.timedelta(days=number) for number in range(30)]
    panel = make_panel(
        [(day, "AAA", 0.0 if day.day == 9 else 100.0) for day in days if day.weekday() < 5]
        + [(dt.date(2022, 1, 12), "BBB", 0.0)]
    )
    run = open_store(tmp_path / "run")
    scan(panel, run, load_ruleset("robust"), ScanOptions(formats=("parquet",)))
    shutil.rmtree(tmp_path / "panel")
    data = collect_report(Sources(runs=[run.address]))
    assert (data.coverage, data.prices.height) == (None, 0)
    assert "the panel is out of reach" in render_report(data)


def test_a_run_without_findings_is_a_page_too(flat_panel, tmp_path):
    run = open_store(tmp_path / "run")
    scan(flat_panel, run, load_ruleset("notebook"), ScanOptions(formats=("parquet",)))
    page = render_report(collect_report(Sources(runs=[run.address])))
    assert "There are none." in page
    assert "No rule found anything." in page


def test_no_run_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no finished run"):
        collect_report(Sources(runs=[str(tmp_path)]))


def test_thinning_keeps_spikes_and_what_was_found():
    days = [dt.date(1980, 1, 1) + dt.timedelta(days=number) for number in range(20_000)]
    prices = pl.DataFrame(
        {
            "ticker": "AAA",
            "date": days,
            "price": [100.0 if at != 12_345 else 900.0 for at in range(20_000)],
            "expected": 100.0,
        }
    )
    flagged = pl.DataFrame({"ticker": ["AAA"], "date": [days[5_000]]})
    thin = thinned(prices, flagged, 600)
    assert thin.height <= 900
    assert thin.get_column("price").max() == 900.0
    assert set(days[4_985:5_016]) <= set(thin.get_column("date"))
    assert thin.get_column("date").is_sorted()
    assert thinned(prices.head(500), flagged, 600).height == 500


def test_the_map_of_a_large_panel_has_as_many_squares_as_that_of_a_small_one(data):
    small = heat_page(data.heat)
    assert (small["width"], small["height"]) == (120, 50)
    assert sum(path.count("M") for path in small["paths"]) == data.heat.cells.height


def test_pictures_for_a_mail_are_png(data):
    pictures = draw_pictures(data)
    assert len(pictures) == 5
    assert all(picture.startswith(b"\x89PNG") and len(picture) < 200_000 for picture in pictures.values())
