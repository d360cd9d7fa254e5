"""The files of a panel are fetched once, in one version, and decoded once for all who want them."""

import datetime as dt
import shutil
from pathlib import Path

import numpy as np
import pytest

from quality.errors import InputError
from quality.panel.panel_files import panel_files
from quality.panel.years import list_years
from quality.rules.loading import load_ruleset
from quality.scan.options import ScanOptions
from quality.scan.run import scan
from quality.storage import open_store
from tests.counting_proxy import CountingProxy

ROWS = [(dt.date(year, 1, day), "A", float(year + day)) for year in (2020, 2021) for day in range(1, 20)]
# Heads of answers, listings, and the small files beside the years.
_BESIDE = 40_000


@pytest.fixture
def remote(default_panels, bucket) -> str:
    """The default panel on S3."""
    panel = open_store(f"{bucket}/panel")
    for file in sorted(Path(default_panels.faulty).rglob("*")):
        if file.is_file():
            panel.write(file.relative_to(default_panels.faulty).as_posix(), file.read_bytes())
    return panel.address


@pytest.mark.parametrize("cells", [1, 10_000_000])
def test_a_scan_on_s3_fetches_each_byte_once(remote, s3_server, monkeypatch, tmp_path, cells):
    entries = open_store(remote).entries()
    size = sum(entry.size for entry in entries)
    with CountingProxy(s3_server.endpoint) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        options = ScanOptions(formats=("parquet",), rows_a_chunk=cells)
        scan(open_store(remote), open_store(tmp_path / "run"), load_ruleset("notebook"), options)
    bucket = remote.removeprefix("s3:/")
    fetched = {
        path: count for (method, path), count in proxy.requests.items() if method == "GET" and ".parquet" in path
    }
    assert fetched == {f"{bucket}/{entry.key}": 1 for entry in entries}
    assert size < proxy.received < size + _BESIDE


def test_a_year_that_several_want_is_decoded_once(make_panel, monkeypatch):
    panel = make_panel(ROWS)
    with panel_files(panel, list_years(panel)) as files:
        catalogue = files.catalogue(2)
        files.share([2020, 2020, 2021])
        index = catalogue.by_year[2020]
        first = files.whole(index)
        monkeypatch.setattr("quality.panel.panel_files.read_prices", lambda *_: pytest.fail("decoded again"))
        assert files.whole(index) is first


def test_what_nobody_wants_any_more_is_let_go(make_panel):
    panel = make_panel(ROWS)
    with panel_files(panel, list_years(panel)) as files:
        index = files.catalogue(2).by_year[2020]
        files.share([2020])
        into = np.full((1, len(index.sessions)), np.nan)
        files.lay(index, into)
        assert into[0, 0] == 2021.0
        assert files.whole(index) is not files.whole(index)


def test_a_file_that_is_replaced_meanwhile_is_an_error(make_panel, tmp_path):
    panel = make_panel(ROWS)
    with panel_files(panel, list_years(panel)) as files:
        index = files.catalogue(2).by_year[2020]
        path = tmp_path / "panel" / "year=2020" / "prices.parquet"
        shutil.copy(path, tmp_path / "again")
        (tmp_path / "again").replace(path)
        with pytest.raises(InputError, match="year=2020 were replaced"):
            files.whole(index)
