"""What a Spark cluster may lose or get wrong during a scan, and what comes of it."""

import os
import subprocess
import sys
import threading
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from quality.errors import InputError, UsageError
from quality.rules.loading import load_ruleset
from quality.scan.executors.spark import SparkTasks, open_session
from quality.scan.run import ScanOptions, scan
from quality.servers.spark import SparkCluster, has_spark
from quality.storage import open_store

ROOT = Path(__file__).resolve().parents[4]
pytestmark = [
    pytest.mark.skipif(not has_spark(), reason="no Java or no pyspark: the tests on a Spark cluster need both"),
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::ResourceWarning", "ignore::DeprecationWarning"),
]


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


def test_a_worker_that_dies_midway_costs_nothing_but_time(default_panels, tmp_path, spark_session, files_of):
    panel, rules = open_store(default_panels.faulty), load_ruleset("notebook")
    with SparkCluster(workers=2) as cluster, spark_session(cluster.url) as session:

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
