"""Files on S3 are fetched side by side, and read in order."""

import threading
import time
from pathlib import Path

import pytest

from quality.ingest.files.ahead import AT_ONCE, fetched_ahead
from quality.ingest.files.arrivals import find_arrivals
from quality.storage import S3Options, open_store
from tests.troubled import troubled

NAMES = [f"{number:02}.csv" for number in range(20)]


class Slow:
    """Takes its time over each object, and counts how many are asked for at once."""

    def __init__(self):
        self.now, self.most, self.lock = 0, 0, threading.Lock()

    def __call__(self, request):
        if request.method != "GET" or not request.path.endswith(".csv"):
            return
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.1)
        with self.lock:
            self.now -= 1


def test_many_files_on_s3_are_fetched_at_once_and_given_in_order(s3_server, bucket, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    store, slow, read = open_store(bucket), Slow(), []
    for name in NAMES:
        store.write(f"in/{name}", name.encode())
    with troubled(s3_server.endpoint, slow) as proxy:
        found = find_arrivals([f"{bucket}/in/*.csv"], S3Options(endpoint_url=proxy.endpoint))
        for arrival in fetched_ahead(found.arrivals):
            with arrival.store.local_copy(arrival.key) as path:
                read.append(path.read_text())
            assert len(list(tmp_path.iterdir())) <= AT_ONCE
    assert read == NAMES
    assert 1 < slow.most <= AT_ONCE
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_gone_is_the_error_of_its_own_turn(bucket):
    store = open_store(bucket)
    for name in NAMES[:3]:
        store.write(f"in/{name}", name.encode())
    arrivals = find_arrivals([f"{bucket}/in/"]).arrivals
    store.delete(f"in/{NAMES[1]}")
    outcomes = []
    for arrival in fetched_ahead(arrivals):
        try:
            with arrival.store.local_copy(arrival.key) as path:
                outcomes.append(path.read_text())
        except Exception as error:  # noqa: BLE001 - what it says is the point
            outcomes.append(str(error))
    assert outcomes[::2] == [NAMES[0], NAMES[2]]
    assert "there is no such file" in outcomes[1]


def test_who_stops_midway_leaves_no_copy(bucket, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for name in NAMES:
        open_store(bucket).write(f"in/{name}", b"1")
    ahead = fetched_ahead(find_arrivals([f"{bucket}/in/"]).arrivals)
    next(ahead)
    ahead.close()
    assert list(tmp_path.iterdir()) == []


def test_local_files_are_read_where_they_are(tmp_path):
    Path(tmp_path, "a.csv").write_text("1")
    arrivals = find_arrivals([str(tmp_path / "a.csv")]).arrivals
    assert list(fetched_ahead(arrivals)) == list(arrivals)


@pytest.mark.parametrize("count", [0, 1])
def test_few_files_are_few(bucket, count):
    for name in NAMES[:count]:
        open_store(bucket).write(f"in/{name}", b"1")
    arrivals = find_arrivals([f"{bucket}/in/*"]).arrivals if count else ()
    assert len(list(fetched_ahead(arrivals))) == count
