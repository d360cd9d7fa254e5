"""What every test may use: one S3 server a session, one fresh bucket a test, and small panels."""

import datetime as dt
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from quality.panel.partitions import SCHEMA, list_years, read_year, write_year
from quality.servers.s3 import S3Server
from quality.storage import Store, open_store
from quality.synthetic.market import Market
from quality.synthetic.panels import write_faulty, write_market


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


@pytest.fixture
def bucket(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a fresh bucket; the environment leads to its server."""
    name = f"test-{secrets.token_hex(6)}"
    s3_server.create_bucket(name)
    for variable in ("AWS_ENDPOINT_URL_S3", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in s3_server.environment().items():
        monkeypatch.setenv(variable, value)
    return f"s3://{name}"


@dataclass(frozen=True)
class Panels:
    """The notebook's panel at its own size: clean, faulty, and the truth about the faults."""

    clean: str
    faulty: str
    truth: str


@pytest.fixture(scope="session")
def default_panels(tmp_path_factory: pytest.TempPathFactory) -> Panels:
    """Shared by all tests, so nobody may write to it."""
    folder = tmp_path_factory.mktemp("default")
    panels = Panels(str(folder / "clean"), str(folder / "faulty"), str(folder / "truth.parquet"))
    write_market(Market(1000, 100), open_store(panels.clean))
    write_faulty(open_store(panels.clean), open_store(panels.faulty), panels.truth)
    return panels


Rows = Iterable[tuple[dt.date, str, float | None]]


@pytest.fixture(scope="session")
def write_panel() -> Callable[[Path, Rows], Store]:
    """Write rows of (date, ticker, price) as a panel in a folder."""

    def write(folder: Path, rows: Rows) -> Store:
        store = open_store(folder)
        frame = pl.DataFrame(list(rows), schema=SCHEMA, orient="row").sort("ticker", "date")
        for year in frame.get_column("date").dt.year().unique():
            write_year(store, frame.filter(pl.col("date").dt.year() == year))
        return store

    return write


@pytest.fixture
def make_panel(tmp_path: Path, write_panel: Callable[[Path, Rows], Store]) -> Callable[[Rows], Store]:
    """Write rows of (date, ticker, price) as the panel of a test."""
    return lambda rows: write_panel(tmp_path / "panel", rows)


@pytest.fixture
def flat_panel(make_panel: Callable[[Rows], Store]) -> Store:
    """Ten days of January 2022, three tickers, each price 100."""
    days = [dt.date(2022, 1, number) for number in range(1, 11)]
    return make_panel([(day, ticker, 100.0) for day in days for ticker in ("AAA", "BBB", "CCC")])


@dataclass(frozen=True)
class Acceptance:
    """The notebook's last day: the panel before it, the day as it comes, and what is to be found."""

    history: str
    file: str
    issues: tuple[tuple[str, str], ...]

    @property
    def csv(self) -> str:
        """The notebook's report."""
        return "Ticker/Key,Issue\n" + "".join(f"{key},{issue}\n" for key, issue in self.issues)

    @property
    def lines(self) -> list[str]:
        """The report as it is printed and mailed."""
        return [f"{key}: {issue}" for key, issue in self.issues]


_ISSUES = """
column_99|Unnamed/Blank Ticker Column
column_5|Missing Ticker at Position 5
ST0002|Price Decrease < 20% (-23.23%)
ST0005|Price Decrease < 20% (-28.53%)
ST0009|Price Increase > 20% (120.54%)
ST0018|Zero Price (value=0.00)
ST0021|Price Decrease < 20% (-39.75%)
ST0055|Missing/Null Price (value=None)
ST0059|Price Increase > 20% (44.75%)
ST0070|Price Increase > 20% (40.64%)
ST0076|Price Increase > 20% (20.95%)
ST0080|Price Decrease < 20% (-36.44%)
ST0081|Price Increase > 20% (207.37%)
ST0096|Price Increase > 20% (41.78%)
"""


@pytest.fixture(scope="session")
def acceptance(default_panels: Panels, tmp_path_factory: pytest.TempPathFactory) -> Acceptance:
    """Shared by all tests, so nobody may write to it."""
    folder, last = tmp_path_factory.mktemp("acceptance"), dt.date(2022, 9, 26)
    faulty, history = open_store(default_panels.faulty), open_store(folder / "history")
    years = [read_year(faulty, year) for year in list_years(faulty)]
    for year in years:
        write_year(history, year.filter(pl.col("date") < last))
    prices = dict(years[-1].filter(pl.col("date") == last).select("ticker", "price").iter_rows())
    names = [f"ST{number:04}" for number in range(1, 101) if number != 6]
    texts = ["" if prices.get(name) is None else str(prices[name]) for name in names]
    file = folder / f"{last}.csv"
    file.write_text(f"date,{','.join(names)},\n{last},{','.join(texts)},123.45\n", encoding="utf-8")
    issues = tuple(tuple(line.split("|")) for line in _ISSUES.split("\n") if line)
    return Acceptance(history.address, str(file), issues)
