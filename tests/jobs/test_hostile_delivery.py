"""Hostile tickers and names through a whole night: S3, mail, webhook, lineage, metrics, logs; and no secret in any."""

import csv
import email
import email.policy
import io
import itertools
import json
import os
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from prometheus_client.parser import text_string_to_metric_families

from quality.findings.plain_text import FORMULA_STARTS
from quality.servers.smtp import SmtpServer
from quality.storage import open_store

TICKERS = [
    "'; drop table panel; --",
    "<script>window.hacked=1</script>",
    '=HYPERLINK("http://x")',
    "@SUM(A1)",
    "a;=1+1",
    "cr\r=1+1",
    "two\nlines\nBcc: evil@example.com",
    "a\x1b[2J\x1b]0;title\x07b",
    "\u202eright to left\u200f",
    "../../etc/passwd",
    "{price} %s {0} ${HOME}",
    "x" * 10_000,
    "emoji 📈👩‍👩‍👧",
]
NAME = "=cmd <b>{date}%s'; --\x1b[31m\u202e.csv"
DAYS = [f"2022-01-{number:02}" for number in range(3, 17)]
TOKEN, LINEAGE = "T0KEN-hunter2", "LINEAGE-hunter2"


@contextmanager
def chat():
    """A chat that keeps what is posted to it."""
    posted = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            posted.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/services/{TOKEN}", posted
    server.shutdown()
    server.server_close()


def lines_of(days, price):
    quoted = ['"{}"'.format(ticker.replace('"', '""')) for ticker in TICKERS]
    return "date,ticker,price\n" + "".join(f"{day},{name},{price}\n" for day, name in itertools.product(days, quoted))


@pytest.fixture
def night(pricewatch, bucket, monkeypatch):
    """Run it; give what each receiver got, as bytes by name."""
    Path("in").mkdir()
    Path("in", NAME).write_text(lines_of(DAYS, 100), encoding="utf-8", newline="")
    Path("day.csv").write_text(lines_of(["2022-01-17"], 0), encoding="utf-8", newline="")
    remote = open_store(f"{bucket}/in")
    remote.write(NAME, Path("in", NAME).read_bytes())
    assert pricewatch("ingest", f"{bucket}/in/", "panel").code == 0
    with SmtpServer() as server, chat() as (url, posted):
        Path("nightly.toml").write_text(
            f'[batch]\njob = "check"\nfile = "day.csv"\npanel = "panel"\nrun = "run"\n'
            f'mail = true\nwebhook = true\nlineage = true\nmetrics = "metrics.prom"\n'
            f'publish = "{bucket}/<b>%s =1+1"\n[mail]\nhost = "{server.host}"\nport = {server.port}\n'
            f'user = "{server.user}"\nsender = "a@example.com"\nrecipients = "b@example.com"\n'
            f'ca_file = "{server.ca_file}"\n[lineage]\nfile = "lineage.jsonl"\n'
        )
        for name, value in (("MAIL_PASSWORD", server.password), ("WEBHOOK_URL", url), ("LINEAGE_API_KEY", LINEAGE)):
            monkeypatch.setenv(f"PRICEWATCH_{name}", value)
        done = pricewatch("batch", "nightly.toml", "--verbose")
        assert done.code == 0, done
        secrets = [server.password, TOKEN, LINEAGE, os.environ["AWS_SECRET_ACCESS_KEY"]]
        place = open_store(f"{bucket}/<b>%s =1+1")
        got = {f"s3/{entry.key}": place.read(entry.key) for entry in place.entries()}
        got |= {"mail": server.messages[0].raw, "chat": posted[0], "out": done.out.encode(), "err": done.err.encode()}
    return got, secrets


def test_what_everybody_receives_is_text_and_holds_no_secret(night):
    got, secrets = night
    files = {str(path): path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    for (name, data), secret in itertools.product({**got, **files}.items(), secrets):
        assert secret.encode() not in data, name

    message = email.message_from_bytes(got["mail"], policy=email.policy.default)
    assert (message["To"], message["Bcc"], message.defects) == ("b@example.com", None, [])
    assert all("\n" not in str(value) and str(value).isprintable() for value in message.values())
    html = message.get_body(("html",)).get_content()
    assert "<script>" not in html
    assert "&lt;script&gt;window.hacked=1&lt;/script&gt;" in html
    assert all(line.isprintable() for line in message.get_body(("plain",)).get_content().split("\n"))

    told = json.loads(got["chat"])
    assert all(line.isprintable() or "\u200b" in line for line in told["text"].split("\n"))
    assert "<script>" not in json.dumps(told["blocks"])
    for line in files["lineage.jsonl"].splitlines():
        assert json.loads(line)["job"]["name"]
    families = {family.name for family in text_string_to_metric_families(files["metrics.prom"].decode())}
    assert "pricewatch_findings" in families
    assert all(line.isprintable() for line in (got["out"] + got["err"]).decode().split("\n"))
    no_cell_is_a_formula(got)


def no_cell_is_a_formula(got):
    """For readers that delimit by commas, and for those of countries that delimit by semicolons or tabs."""
    names = [name for name in got if name.endswith(".csv")]
    assert len(names) == 2
    for name in names:
        frame = pd.read_csv(io.BytesIO(got[name]), dtype=str, keep_default_na=False)
        assert len(frame) == len(TICKERS)
        assert pl.read_csv(got[name], infer_schema=False).height == len(TICKERS)
        for delimiter in ",;\t":
            rows = csv.reader(io.StringIO(got[name].decode(), newline=""), delimiter=delimiter)
            cells = [cell for row in rows for cell in row if not cell.replace(".", "").replace("-", "").isdecimal()]
            assert not [cell for cell in cells if cell.startswith(FORMULA_STARTS)]
