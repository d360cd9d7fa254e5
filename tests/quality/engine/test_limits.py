"""Limits of time and memory hold against an engine that looks at neither."""

import _thread
import os
import subprocess
import sys
import threading
import time

import pytest

from quality.engine.connection import EngineOptions, batches, open_engine
from quality.engine.limits import LimitReachedError, within

ENDLESS = "with recursive t(n) as (select 1 union all select n + 1 from t) select count(*) from t"
CROSS = "select count(*) from range(10000000) a, range(10000000) b where a.range + b.range = 3"
GIB = 1 << 30


@pytest.fixture
def engine(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with open_engine(EngineOptions(threads=2, memory_limit="256MiB", disk_limit="64MiB")) as connection:
        yield connection


def first_rows(engine, text):
    return next(batches(engine, text, rows=1000))


@pytest.mark.parametrize("text", [ENDLESS, CROSS])
def test_a_query_without_end_is_ended_in_time(engine, text):
    with pytest.raises(LimitReachedError) as raised:
        within(engine, lambda: first_rows(engine, text), seconds=0.3, memory=GIB)
    assert (raised.value.of, raised.value.goes_on) == ("time", False)


def test_what_takes_memory_past_the_engine_is_ended(tmp_path):
    # Making a list heeds no interrupt: its thread goes on until its process ends, so it has one of its own.
    program = """
import os
from quality.engine.connection import EngineOptions, batches, open_engine
from quality.engine.limits import LimitReachedError, within
with open_engine(EngineOptions(threads=2, memory_limit="256MiB", disk_limit="64MiB")) as engine:
    try:
        text = "select len(range(60000000))"
        within(engine, lambda: next(batches(engine, text, rows=9)), seconds=60, memory=1 << 26)
    except LimitReachedError as error:
        print(error.of, flush=True)
        os._exit(0)
"""
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "memory\n"


def test_ctrl_c_reaches_the_engine(engine):
    threading.Timer(0.3, _thread.interrupt_main).start()
    with pytest.raises(KeyboardInterrupt):
        within(engine, lambda: first_rows(engine, ENDLESS), seconds=60, memory=GIB)
    assert first_rows(engine, "select 42 as answer").to_pydict() == {"answer": [42]}  # the engine is free again


def test_what_work_gives_and_raises_comes_through(engine):
    assert within(engine, lambda: 42, seconds=0, memory=GIB) == 42
    with pytest.raises(KeyError):
        within(engine, lambda: {}["x"], seconds=5, memory=GIB)


def test_an_answer_comes_in_parts_that_the_engine_does_not_keep(engine):
    rows = 0
    for part in batches(engine, "select range, repeat('x', 1000) as text from range(300000)", rows=10_000):
        rows += part.num_rows
    assert rows == 300_000  # 300 MB through an engine of 256 MiB


def test_each_engine_spills_into_an_empty_folder_of_its_own_that_goes_with_it(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with open_engine(EngineOptions(memory_limit="100MiB")) as one, open_engine(EngineOptions()) as other:
        folders = [
            connection.execute("select current_setting('temp_directory')").fetchone()[0] for connection in (one, other)
        ]
        assert len(set(folders)) == 2
        assert [path.name in {folder.rsplit("/", 1)[1] for folder in folders} for path in tmp_path.iterdir()] == [
            True
        ] * 2
    assert list(tmp_path.iterdir()) == []


def test_spilling_has_a_limit(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    began = time.monotonic()
    small = EngineOptions(threads=2, memory_limit="64MiB", disk_limit="16MiB")
    with open_engine(small) as engine, pytest.raises(Exception, match=r"(?i)memory|max_temp_directory_size"):
        first_rows(engine, "select range, random() as r from range(100000000) order by r")
    assert time.monotonic() - began < 60


def test_what_lies_where_the_engine_would_spill_by_itself_cannot_be_read(tmp_path, monkeypatch):
    """Whatever a query was let through with: the engine of its own accord allows its temporary folder."""
    monkeypatch.chdir(tmp_path)
    secret = tmp_path / ".tmp" / "secret.csv"
    secret.parent.mkdir()
    secret.write_text("a\n42\n")
    with open_engine(EngineOptions()) as engine:
        for name in (".tmp/secret.csv", str(secret)):
            with pytest.raises(Exception, match=r"(?i)permission"):
                engine.execute("select * from read_csv($name)", {"name": name}).fetchall()
