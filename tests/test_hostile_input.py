"""Fuzz: whatever arrives in place of prices, a rule, settings or Parquet is read, or is one clear error.

FUZZ_EXAMPLES=2000 runs more inputs than the few that every run tries (`make fuzz`); docs/security.md
tells what a long run found.
"""

import datetime as dt
import os
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quality.batch.config import read_batch
from quality.digests import digest_bytes
from quality.errors import QualityError
from quality.findings.suppression_file import open_suppressions
from quality.findings.suppressions import Suppressions
from quality.ingest.format.source import Source
from quality.ingest.job import ingest
from quality.ingest.options import IngestOptions
from quality.panel.digests import replacing
from quality.panel.partitions import list_years, read_year
from quality.rules.files import read_rule
from quality.rules.loading import load_ruleset
from quality.scan.run import scan
from quality.settings import load_settings
from quality.storage import open_store

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "40"))
TOKENS = [bytes([mark]) for mark in b"\0\n\r\t\"',;=[]{}"]
TOKENS += [b"\xff\xfe", b"\xef\xbb\xbf", b"\xe2\x80\xae", b"\x1b[2J", b"..", b"%s", b"{price}", b"--", b"$x", b"0x"]
TOKENS += [b"nan", b"inf", b"-1e400", b"9" * 5000]
EDIT = st.tuples(st.floats(0, 1), st.integers(0, 3), st.one_of(st.sampled_from(TOKENS), st.binary(max_size=6)))


def edited(base: bytes, edits: list[tuple[float, int, bytes]]) -> bytes:
    """Insert, overwrite, cut out or cut off at each place."""
    data = base
    for share, kind, text in edits:
        at = int(share * len(data))
        data = [
            data[:at] + text + data[at:],
            data[:at] + text + data[at + len(text) :],
            data[:at] + data[at + 9 :],
            data[:at],
        ][kind]
    return data


def mutants(base: bytes) -> st.SearchStrategy[bytes]:
    return st.one_of(st.builds(edited, st.just(base), st.lists(EDIT, min_size=1, max_size=4)), st.binary(max_size=200))


def fuzzed(share: float = 1.0):
    """Some examples, or as many as FUZZ_EXAMPLES says; `share` where each costs more."""
    return settings(max_examples=max(int(EXAMPLES * share), 3), deadline=None, suppress_health_check=list(HealthCheck))


def says_one_line(error: QualityError, name: str = "") -> None:
    text = str(error)
    assert text
    assert name in text
    assert len(text) < 2_000
    assert "internal error" not in text


RULE = (ROOT / "examples" / "rules" / "low_price.sql").read_bytes()


@fuzzed()
@given(mutants(RULE))
def test_a_rule_file_is_a_rule_or_an_error(data):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "low_price.sql"
        file.write_bytes(data)
        try:
            assert read_rule(file).name == "low_price"
        except QualityError as error:
            says_one_line(error, "low_price.sql")


SETTINGS = (ROOT / "jobs" / "templates" / "pricewatch.toml").read_bytes()
SETTINGS += b'[rules.robust.price_spike]\nsigmas = 5\n[sources.vendor]\nlayout = "wide"\n[s3]\nattempts = 3\n'
NIGHTLY = (ROOT / "examples" / "nightly.toml").read_bytes()


@fuzzed()
@given(mutants(SETTINGS))
def test_settings_are_settings_or_an_error(data):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pricewatch.toml"
        file.write_bytes(data)
        try:
            load_settings(config=file, environment={})
        except QualityError as error:
            says_one_line(error, "pricewatch.toml")


@fuzzed()
@given(mutants(NIGHTLY))
def test_a_scheduled_run_is_one_or_an_error(data):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "nightly.toml"
        file.write_bytes(data)
        try:
            read_batch(file)
        except QualityError as error:
            says_one_line(error)


KNOWN = b"ticker,rule,start,end,reason\nAAA,price_spike,2022-01-03,2022-02-01,known\nB*,zero_price,,,x\n"


@fuzzed()
@given(mutants(KNOWN))
def test_suppressions_are_some_or_an_error(data):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "known.csv"
        file.write_bytes(data)
        try:
            assert isinstance(open_suppressions(str(file)), Suppressions)
        except QualityError as error:
            says_one_line(error, "known.csv")


LONG = b"date,ticker,price\n" + b"".join(b"2022-01-%02d,AAA,%d.25\n" % (day, 100 + day) for day in range(3, 20))
WIDE = b"date,AAA,BBB\n" + b"".join(b"2022-01-%02d,%d.5,7\n" % (day, day) for day in range(3, 20))


def take(data: bytes, name: str) -> None:
    """Ingest one file into a new panel: the books balance and the panel holds what they say, or there is an error."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_bytes(data)
        panel = open_store(Path(folder) / "panel")
        try:
            books = ingest([str(file)], panel, open_store(Path(folder) / "out"), IngestOptions(Source()))
        except QualityError as error:
            says_one_line(error)
            return
        assert books["rows_read"] == books["rows_written"] + books["duplicates_agreeing"] + books["rows_refused"]
        written = sum(read_year(panel, year).height for year in list_years(panel)) if books["rows_written"] else 0
        assert written == books["rows_written"]


@fuzzed(0.5)
@given(st.one_of(mutants(LONG), mutants(WIDE)))
def test_a_csv_is_a_table_whose_books_balance_or_an_error(data):
    take(data, "in.csv")


def parquet() -> bytes:
    table = pa.table({"date": ["2022-01-03", "2022-01-04"] * 20, "ticker": [f"T{n // 2}" for n in range(40)]})
    table = table.append_column("price", pa.array([float(n) for n in range(40)]))
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return sink.getvalue().to_pybytes()


@fuzzed(0.1)
@given(mutants(parquet()))
def test_damaged_parquet_is_a_table_whose_books_balance_or_an_error(data):
    take(data, "in.parquet")


@pytest.fixture(scope="module")
def two_years(write_panel, tmp_path_factory):
    """A panel, and what a scan of it finds by year."""
    days = [dt.date(year, 3, day) for year in (2021, 2022) for day in range(1, 25)]
    folder = tmp_path_factory.mktemp("two")
    store = write_panel(folder / "panel", [(day, ticker, 100.0) for ticker in ("AAA", "BBB") for day in days])
    key = "year=2022/prices.parquet"
    with replacing(store, {key: digest_bytes(store.read(key))}):
        pass
    return store, load_ruleset("notebook"), folder


@fuzzed(0.1)
@given(st.floats(0, 1, exclude_max=True), st.integers(0, 7), st.booleans())
def test_no_flip_and_no_cut_of_a_panels_file_goes_unnoticed(two_years, share, bit, cut):
    panel, ruleset, folder = two_years
    key = "year=2022/prices.parquet"
    whole = panel.read(key)
    at = int(share * len(whole))
    damaged = whole[:at] if cut else whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :]
    (folder / "panel" / key).write_bytes(damaged)
    try:
        summary = scan(panel, open_store(folder / "run"), ruleset)
    finally:
        (folder / "panel" / key).write_bytes(whole)
    assert [damage["year"] for damage in summary["damaged"]] == [2022]
    assert summary["outcome"] == "partial"
