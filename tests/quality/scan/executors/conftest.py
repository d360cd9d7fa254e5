"""A real Spark cluster on this machine, sessions on it, and what a run left behind."""

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from quality.servers.spark import SparkCluster

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture(scope="session", autouse=True)
def short_lived_java() -> Iterator[None]:
    """Let Java start fast and not optimise what ends soon: two fifths less CPU for all of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        yield


@pytest.fixture(scope="module")
def cluster() -> Iterator[SparkCluster]:
    with SparkCluster(workers=2) as started:
        yield started


@pytest.fixture(scope="session")
def spark_session() -> Callable[..., Any]:
    """Open a session on a master, whose executors find this checkout; one at a time."""
    return _session


@contextmanager
def _session(master: str, environment: dict[str, str] | None = None, path: str = "") -> Iterator[Any]:
    from pyspark import SparkConf, SparkContext  # noqa: PLC0415 - only where it is installed
    from pyspark.sql import SparkSession  # noqa: PLC0415

    logging.getLogger("py4j").setLevel(logging.WARNING)
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    conf = SparkConf().setMaster(master).setAppName("test")
    wanted = {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.executor.memory": "512m",
        "spark.executor.cores": "1",
        "spark.executorEnv.PYTHONPATH": os.pathsep.join(filter(None, [path, str(ROOT)])),
        **{f"spark.executorEnv.{name}": value for name, value in (environment or {}).items()},
    }
    for name, value in wanted.items():
        conf.set(name, value)
    session = SparkSession(SparkContext(conf=conf))
    try:
        yield session
    finally:
        session.stop()


@pytest.fixture(scope="session")
def files_of() -> Callable[[Path], dict[str, bytes]]:
    """Give a run's files but for the summary, which holds instants and seconds."""

    def read(run: Path) -> dict[str, bytes]:
        return {
            str(path.relative_to(run)): path.read_bytes()
            for path in sorted(run.rglob("*"))
            if path.is_file() and path.name != "summary.json" and not path.name.startswith(".")
        }

    return read
