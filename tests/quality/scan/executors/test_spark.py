"""The scan on a real Spark cluster on this machine: the same bytes, whatever is lost meanwhile."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from quality.rules.loading import load_ruleset
from quality.scan.executors.spark import SparkTasks
from quality.scan.run import ScanOptions, scan
from quality.servers.s3 import S3Server
from quality.servers.spark import SparkCluster, has_spark
from quality.storage import open_store

ROOT = Path(__file__).resolve().parents[4]
pytestmark = [
    pytest.mark.skipif(not has_spark(), reason="no Java or no pyspark: the tests on a Spark cluster need both"),
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::ResourceWarning", "ignore::DeprecationWarning"),
]
ONE_YEAR_A_CHUNK = 1


@pytest.fixture(scope="module")
def executor(cluster: SparkCluster, s3_server: S3Server, spark_session) -> Iterator[SparkTasks]:
    with spark_session(cluster.url, s3_server.environment()) as session:
        yield SparkTasks(session)


@pytest.fixture(scope="module")
def gappy(tmp_path_factory: pytest.TempPathFactory, default_panels) -> Path:
    """The default panel with rows taken away: gaps, late tickers, and tickers that stop."""
    folder = tmp_path_factory.mktemp("gappy")
    for source in sorted(Path(default_panels.faulty).glob("year=*/*.parquet")):
        frame = pl.read_parquet(source, hive_partitioning=False)
        number = pl.col("ticker").str.slice(2).cast(pl.Int32)
        day = pl.col("date").dt.ordinal_day()
        kept = frame.filter(
            ((number * 7 + day) % 11 != 0)
            & ~((number % 9 == 0) & (pl.col("date") < dt.date(2021, 3, 1)))
            & ~((number % 13 == 0) & (pl.col("date") > dt.date(2021, 9, 1)))
        )
        target = folder / source.parent.name / source.name
        target.parent.mkdir()
        kept.write_parquet(target)
    return folder


@pytest.mark.parametrize("ruleset", ["notebook", "robust"])
@pytest.mark.parametrize("kind", ["whole", "with gaps"])
def test_the_findings_are_the_same_bytes(executor, default_panels, gappy, tmp_path, ruleset, kind, files_of):
    panel = open_store(default_panels.faulty if kind == "whole" else gappy)
    rules = load_ruleset(ruleset)
    options = ScanOptions(rows_a_chunk=ONE_YEAR_A_CHUNK)
    there = scan(panel, open_store(tmp_path / "there"), rules, options, executor=executor)
    here = scan(panel, open_store(tmp_path / "here"), rules)
    assert there["findings"] == here["findings"] > 0
    assert there["input_fingerprint"] == here["input_fingerprint"]
    assert files_of(tmp_path / "there") == files_of(tmp_path / "here")


def test_a_scan_begun_on_one_engine_is_finished_by_the_other(executor, default_panels, tmp_path, files_of):
    panel, rules, run = open_store(default_panels.faulty), load_ruleset("notebook"), tmp_path / "run"
    scan(panel, open_store(run), rules, ScanOptions(rows_a_chunk=ONE_YEAR_A_CHUNK))
    whole = files_of(run)
    (run / "ledger" / "year=2021.json").unlink()
    untouched = (run / "findings" / "year=2020" / "findings.parquet").stat().st_mtime_ns
    scan(panel, open_store(run), rules, ScanOptions(resume=True), executor=executor)
    assert files_of(run) == whole
    assert (run / "findings" / "year=2020" / "findings.parquet").stat().st_mtime_ns == untouched
    (run / "ledger" / "year=2022.json").unlink()
    scan(panel, open_store(run), rules, ScanOptions(resume=True))
    assert files_of(run) == whole


def test_panel_and_run_may_lie_on_s3(executor, default_panels, bucket, tmp_path, files_of):
    panel, run = open_store(f"{bucket}/panel"), open_store(f"{bucket}/run")
    local = open_store(default_panels.faulty)
    for entry in local.entries():
        panel.write(entry.key, local.read(entry.key))
    scan(panel, run, load_ruleset("notebook"), executor=executor)
    scan(local, open_store(tmp_path / "here"), load_ruleset("notebook"))
    here = files_of(tmp_path / "here")
    assert {entry.key: run.read(entry.key) for entry in run.entries() if entry.key != "summary.json"} == here


def test_a_damaged_year_fails_alone_and_is_named(executor, default_panels, tmp_path):
    panel = tmp_path / "panel"
    for source in sorted(Path(default_panels.faulty).glob("year=*/*.parquet")):
        (panel / source.parent.name).mkdir(parents=True)
        (panel / source.parent.name / source.name).write_bytes(source.read_bytes())
    (damaged,) = panel.glob("year=2021/*.parquet")
    damaged.write_bytes(damaged.read_bytes()[:-100])
    summary = scan(open_store(panel), open_store(tmp_path / "run"), load_ruleset("notebook"), executor=executor)
    assert summary["outcome"] == "partial"
    assert [damage["year"] for damage in summary["damaged"]] == [2021]
    assert set(summary["by_year"]) == {"2020", "2022"}
