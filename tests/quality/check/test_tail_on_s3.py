"""A check against a panel on S3 fetches the tail, and what is remembered of the rest: every byte is counted."""

import datetime as dt
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from quality.check.day_file import read_day
from quality.check.run import check
from quality.panel.digests import KEY as DIGESTS
from quality.panel.universe import KEY as UNIVERSE
from quality.rules.loading import load_ruleset
from quality.storage import S3Options, open_store
from quality.synthetic.market import Market
from quality.synthetic.panels import write_market

YEARS = 6


class Counting(BaseHTTPRequestHandler):
    """Passes requests on to the server, and notes the path and the bytes of each answer to a GET of an object."""

    upstream = ""
    fetched: dict[str, int]

    def do_GET(self):
        headers = {name: value for name, value in self.headers.items() if name.lower() != "accept-encoding"}
        request = Request(f"{self.upstream}{self.path}", headers=headers)  # noqa: S310 - the test's own server
        try:
            answer = urlopen(request, timeout=10)  # noqa: S310
        except HTTPError as error:
            answer = error
        body = answer.read()
        if "list-type" not in self.path:
            self.fetched[self.path] = self.fetched.get(self.path, 0) + len(body)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Stay silent."""


@pytest.fixture
def counted(s3_server):
    """Options that lead to the server through a counter, and what was fetched, by path."""
    fetched: dict[str, int] = {}
    handler = type("Handler", (Counting,), {"upstream": s3_server.endpoint, "fetched": fetched})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield S3Options(endpoint_url=f"http://127.0.0.1:{proxy.server_port}", attempts=1), fetched
        proxy.shutdown()


@pytest.fixture
def panel(bucket):
    """Six years of a market, on S3."""
    store = open_store(f"{bucket}/panel")
    write_market(Market(YEARS * 365, 20, dt.date(2015, 1, 1)), store)
    return store


@pytest.mark.parametrize("ruleset", ["notebook", "robust"])
def test_it_is_the_last_year_the_digests_and_the_universe(panel, counted, ruleset):
    options, fetched = counted
    names = ",".join(f"ST{number:04}" for number in range(1, 21))
    day = read_day(f"date,{names}\n2020-12-31{',100.5' * 20}\n".encode(), "day.csv")
    check(day, open_store(panel.address, options), load_ruleset(ruleset))
    keys = {path.partition("/panel/")[2].partition("?")[0].replace("%3D", "="): size for path, size in fetched.items()}
    wanted = {"year=2020/prices.parquet", DIGESTS} | ({UNIVERSE} if ruleset == "notebook" else set())
    assert set(keys) == wanted
    sizes = {entry.key: entry.size for entry in panel.entries(hidden=wanted)}
    assert keys == {key: sizes[key] for key in wanted}
    assert sum(keys.values()) < sum(sizes.values()) / 4


def test_a_day_at_the_turn_of_a_year_needs_the_year_before_too(panel, counted):
    options, fetched = counted
    day = read_day(b"date,ST0001,ST0002,ST0003\n2020-01-06,100.5,100,100\n", "day.csv")
    check(day, open_store(panel.address, options), load_ruleset("notebook"))
    years = sorted(path.partition("year%3D")[2][:4] or path.partition("year=")[2][:4] for path in fetched)
    assert [year for year in years if year] == ["2019", "2020"]
