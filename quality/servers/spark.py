"""A standalone Spark cluster on this machine, a master and its workers, for the tests and to try things."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from quality.errors import QualityError, UsageError
from quality.servers.s3 import free_port

START_SECONDS = 120.0
STOP_SECONDS = 10.0
_HOST = "127.0.0.1"
_MASTER, _WORKER = "org.apache.spark.deploy.master.Master", "org.apache.spark.deploy.worker.Worker"


def has_spark() -> bool:
    """Tell whether a cluster can be started here: the package of the extra `spark`, and Java."""
    return find_spec("pyspark") is not None and bool(shutil.which("java") or os.environ.get("JAVA_HOME"))


class SparkCluster:
    """A master and workers of one core each, as processes of their own, while the context lasts.

    `url` is what `--master` takes. Entering raises UsageError where the extra `spark` or Java is missing,
    QualityError where the cluster does not come up.
    """

    def __init__(self, workers: int = 2, memory: str = "1g") -> None:
        self.url = ""
        self._count, self._memory = workers, memory
        self._folder = Path()
        self._master: subprocess.Popen[bytes] | None = None
        self._workers: list[subprocess.Popen[bytes]] = []
        self._status = ""

    def __enter__(self) -> Self:
        if not has_spark():
            raise UsageError("a Spark cluster needs Java 17 and the extra: pip install 'pricewatch-panel[spark]'")
        self._folder = Path(tempfile.mkdtemp(prefix="pricewatch-spark-"))
        port, page = free_port(), free_port()
        self.url, self._status = f"spark://{_HOST}:{port}", f"http://{_HOST}:{page}/json/"
        try:
            self._master = self._start("master", _MASTER, "--port", str(port), "--webui-port", str(page))
            self._workers = [self._start_worker(number) for number in range(self._count)]
            self._wait_for_workers()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop()

    @property
    def workers(self) -> list[int]:
        """The process ids of the workers."""
        return [worker.pid for worker in self._workers]

    def kill_worker(self, number: int) -> None:
        """Kill a worker and the executors that it runs, as a machine that is lost."""
        worker = self._workers[number]
        for child in _children(worker.pid):
            _kill(child)
        worker.kill()
        worker.wait()

    def _start_worker(self, number: int) -> subprocess.Popen[bytes]:
        place = self._folder / f"worker{number}"
        options = ("--cores", "1", "--memory", self._memory, "--webui-port", "0", "--work-dir", str(place))
        return self._start(f"worker{number}", _WORKER, *options, self.url)

    def _start(self, name: str, *words: str) -> subprocess.Popen[bytes]:
        import pyspark  # noqa: PLC0415 - of the extra

        home = Path(pyspark.__file__).parent
        kind, *options = words
        with (self._folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen(  # noqa: S603 - Spark's own launcher, our own words
                [str(home / "bin" / "spark-class"), kind, "--host", _HOST, *options],
                env={
                    **os.environ,
                    "SPARK_HOME": str(home),
                    "SPARK_LOCAL_IP": _HOST,
                    "SPARK_DAEMON_MEMORY": "256m",
                    "PYSPARK_PYTHON": sys.executable,
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _wait_for_workers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while self._alive() < self._count:
            processes = [self._master, *self._workers]
            if any(process and process.poll() is not None for process in processes):
                raise QualityError(f"the Spark cluster ended at once: {self._last_words()}")
            if time.monotonic() > deadline:
                raise QualityError(f"the Spark cluster did not come up within {START_SECONDS:.0f} s")
            time.sleep(0.1)

    def _alive(self) -> int:
        try:
            with urllib.request.urlopen(self._status, timeout=5) as answer:  # noqa: S310 - our own master
                status: dict[str, Any] = json.load(answer)
        except (OSError, ValueError):
            return 0
        return int(status.get("aliveworkers", 0))

    def _last_words(self) -> str:
        logs = sorted(self._folder.glob("*.log"))
        return " ".join(log.read_text(errors="replace").strip()[-200:] for log in logs)

    def _stop(self) -> None:
        for process in (*self._workers, self._master):
            if process and process.poll() is None:
                process.terminate()
        for process in (*self._workers, self._master):
            if process:
                try:
                    process.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def _children(parent: int) -> list[int]:
    """List the processes below a process, the deepest first."""
    found: list[int] = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            child = int(entry.parent.name)
            found += [*_children(child), child]
    return found


def _kill(process: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
