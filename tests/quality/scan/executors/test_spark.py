"""The scan on a real Spark cluster on this machine: the same bytes, whatever is lost meanwhile."""

import datetime as dt
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import polars as pl
import pytest

from quality.errors import InputError, UsageError
from quality.rules.loading import load_ruleset
from quality.scan.executors.spark import SparkTasks, open_session
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


@pytest.fixture(scope="class")
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


class TestOnOneSession:
    """What a session does again and again."""

    @pytest.mark.parametrize(("ruleset", "kind"), [("notebook", "whole"), ("robust", "with gaps")])
    def test_the_findings_are_the_same_bytes(self, executor, default_panels, gappy, tmp_path, ruleset, kind, files_of):
        panel = open_store(default_panels.faulty if kind == "whole" else gappy)
        rules = load_ruleset(ruleset)
        # With gaps, each year is also split by tickers: first pass, groups and merge, each on the cluster.
        options = ScanOptions(rows_a_chunk=ONE_YEAR_A_CHUNK, tickers_a_task=40 if kind == "with gaps" else 0)
        there = scan(panel, open_store(tmp_path / "there"), rules, options, executor=executor)
        here = scan(panel, open_store(tmp_path / "here"), rules)
        assert there["findings"] == here["findings"] > 0
        assert there["input_fingerprint"] == here["input_fingerprint"]
        assert files_of(tmp_path / "there") == files_of(tmp_path / "here")

    def test_a_scan_begun_on_one_engine_is_finished_by_the_other(self, executor, default_panels, tmp_path, files_of):
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

    def test_panel_and_run_may_lie_on_s3(self, executor, default_panels, bucket, tmp_path, files_of):
        panel, run = open_store(f"{bucket}/panel"), open_store(f"{bucket}/run")
        local = open_store(default_panels.faulty)
        for entry in local.entries():
            panel.write(entry.key, local.read(entry.key))
        scan(panel, run, load_ruleset("notebook"), executor=executor)
        scan(local, open_store(tmp_path / "here"), load_ruleset("notebook"))
        here = files_of(tmp_path / "here")
        assert {entry.key: run.read(entry.key) for entry in run.entries() if entry.key != "summary.json"} == here

    def test_a_damaged_year_fails_alone_and_is_named(self, executor, default_panels, tmp_path):
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


def test_executors_of_another_version_are_refused(cluster, default_panels, tmp_path, spark_session):
    fake = tmp_path / "other" / "duckdb-1.9.9.dist-info"
    fake.mkdir(parents=True)
    (fake / "METADATA").write_text("Metadata-Version: 2.1\nName: duckdb\nVersion: 1.9.9\n")
    panel, run, rules = open_store(default_panels.faulty), tmp_path / "run", load_ruleset("notebook")
    with (
        spark_session(cluster.url, path=str(fake.parent)) as session,
        pytest.raises(InputError, match=r"the executor on .* has duckdb 1\.9\.9, the driver duckdb \d"),
    ):
        scan(panel, open_store(run), rules, executor=SparkTasks(session))
    assert not (run / "summary.json").exists()


def test_without_a_cluster_the_message_says_what_to_say(monkeypatch):
    monkeypatch.delenv("PYSPARK_GATEWAY_PORT", raising=False)
    monkeypatch.delenv("MASTER", raising=False)
    with pytest.raises(UsageError, match="say --master"):
        open_session(None)


def test_executors_without_the_package_are_named_with_what_to_do(default_panels, tmp_path):
    """As on a cluster on which nothing is installed: a Python with its standard library alone."""
    words = [sys.executable, "-m", "jobs.cli", "scan", default_panels.faulty, str(tmp_path / "run")]
    done = subprocess.run(
        [*words, "--engine", "spark", "--master", "local[1]"],
        cwd=ROOT,
        env={**os.environ, "PYSPARK_PYTHON": str(Path(sys.base_prefix) / "bin" / "python3")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "the Python of the executors has no pricewatch-panel" in done.stderr
    assert not (tmp_path / "run" / "summary.json").exists()


def test_spark_submit_scans(cluster, default_panels, tmp_path, files_of):
    home = Path(find_spec("pyspark").origin).parent
    words = [
        str(home / "bin" / "spark-submit"), "--master", cluster.url,
        "--conf", "spark.driver.host=127.0.0.1", "--conf", "spark.driver.bindAddress=127.0.0.1",
        "--conf", "spark.ui.enabled=false", "--conf", "spark.executor.memory=512m",
        "--conf", f"spark.executorEnv.PYTHONPATH={ROOT}",
        str(ROOT / "jobs" / "spark_submit.py"), default_panels.faulty, str(tmp_path / "run"), "--ruleset", "notebook",
    ]  # fmt: skip
    environment = {
        **os.environ,
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": str(ROOT),
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "findings in" in done.stdout
    scan(open_store(default_panels.faulty), open_store(tmp_path / "here"), load_ruleset("notebook"))
    assert files_of(tmp_path / "run") == files_of(tmp_path / "here")


class Late:
    """A task that takes long enough to be lost with its worker."""

    def __init__(self, task):
        self.task = task

    def __call__(self):
        time.sleep(3)
        return self.task()


class Slowly(SparkTasks):
    """Runs late tasks, and says when they begin."""

    began = threading.Event()

    def _run(self, tasks, progress):
        self.began.set()
        return super()._run([Late(task) for task in tasks], progress)


# The last one: from here on, the cluster has lost a machine.
def test_a_worker_that_dies_midway_costs_nothing_but_time(cluster, default_panels, tmp_path, spark_session, files_of):
    panel, rules = open_store(default_panels.faulty), load_ruleset("notebook")
    with spark_session(cluster.url) as session:

        def kill():
            Slowly.began.wait(60)
            time.sleep(4)
            cluster.kill_worker(0)

        killer = threading.Thread(target=kill)
        killer.start()
        scan(panel, open_store(tmp_path / "run"), rules, ScanOptions(rows_a_chunk=1), executor=Slowly(session))
        killer.join()
    scan(panel, open_store(tmp_path / "here"), rules)
    assert files_of(tmp_path / "run") == files_of(tmp_path / "here")
