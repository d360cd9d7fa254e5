"""What the tests of the report look at: a run over hostile names, and a browser."""

import datetime as dt
import shutil

import pytest

from quality.investigate.report.data import collect_report
from quality.investigate.report.page import render_report
from quality.investigate.sources import Sources
from quality.rules.loading import load_ruleset
from quality.scan.run import ScanOptions, scan
from quality.storage import open_store

HOSTILE = [
    "</script><script>window.hacked=1</script>",
    "<img src=x onerror=window.hacked=1>",
    '" onmouseover="window.hacked=1',
    "{{ 7 * 7 }}",
    "=HYPERLINK(1)",
    "__MARKET__",
    "$x^2$",
    "a\u202eb\x1b[31m",
    "é😀" * 30,
]


@pytest.fixture(scope="session")
def hostile_run(tmp_path_factory, write_panel):
    """Forty sessions of tickers that would be markup, each with a spike and a hole."""
    folder = tmp_path_factory.mktemp("report")
    days = [day for day in (dt.date(2022, 1, 3) + dt.timedelta(days=n) for n in range(56)) if day.weekday() < 5]
    rows = [
        (day, name, None if at == 30 else 500.0 if at == 20 + place else 100.0 + at % 3 + place)
        for place, name in enumerate([*HOSTILE, *(f"T{n}" for n in range(6))])
        for at, day in enumerate(days)
    ]
    panel = write_panel(folder / "panel", rows)
    run = open_store(folder / "run")
    scan(panel, run, load_ruleset("robust"), ScanOptions(formats=("parquet",)))
    return run.address


@pytest.fixture(scope="session")
def hostile_page(hostile_run, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(render_report(collect_report(Sources(runs=[hostile_run]))), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def browser():
    """A real browser, where the machine has one: `make browser` says how to get it."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no browser on this machine: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()
