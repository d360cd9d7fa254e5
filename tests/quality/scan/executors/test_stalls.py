"""Tasks are given as they end, and where none ends for long, a warning names what each thread is at."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from quality.scan.executors import stalls
from quality.scan.executors.local import run_all


def test_tasks_are_given_as_they_end_failed_and_cancelled_ones_too(caplog):
    first = threading.Event()

    def work(task):
        if task == 0:
            first.wait()
        if task == 1:
            raise ValueError(task)
        return task

    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(work, task) for task in range(3)]
        ended = stalls.as_they_end(futures)
        assert [next(ended), next(ended)] == [futures[1], futures[2]]
        futures.append(pool.submit(work, 3))
        first.set()
        assert list(ended) == [futures[0]]
    assert not caplog.text


def test_where_nothing_ends_for_long_each_thread_is_named_with_what_it_is_at(caplog, monkeypatch):
    monkeypatch.setattr(stalls, "SILENT_SECONDS", 0.05)
    release = threading.Event()

    class Heard(threading.Thread):
        def run(self):
            while "no task has ended for" not in caplog.text:
                time.sleep(0.01)
            release.set()

    def hang(_task):
        release.wait(60)
        return 1

    hears = Heard()
    hears.start()
    assert run_all(hang, [0], 1) == [1]
    hears.join()
    assert "0 of 1 are done" in caplog.text
    assert "called by hang (executors/test_stalls.py:" in caplog.text
