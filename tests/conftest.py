"""What every test may use: one S3 server a session, one fresh bucket a test, and small panels."""

import datetime as dt
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from quality.local_s3 import S3Server
from quality.market import Market
from quality.panel import SCHEMA, write_year
from quality.storage import Store, open_store
from quality.synthesis import write_faulty, write_market


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


@pytest.fixture
def make_panel(tmp_path: Path) -> Callable[..., Store]:
    """Write rows of (date, ticker, price) as a panel in a folder of the test."""

    def make(rows: Iterable[tuple[dt.date, str, float | None]], name: str = "panel") -> Store:
        store = open_store(tmp_path / name)
        frame = pl.DataFrame(list(rows), schema=SCHEMA, orient="row").sort("ticker", "date")
        for year in frame.partition_by(pl.col("date").dt.year()):
            write_year(store, year)
        return store

    return make


@pytest.fixture
def flat_panel(make_panel: Callable[..., Store]) -> Store:
    """Ten days of January 2022, three tickers, each price 100."""
    days = [dt.date(2022, 1, number) for number in range(1, 11)]
    return make_panel([(day, ticker, 100.0) for day in days for ticker in ("AAA", "BBB", "CCC")])
