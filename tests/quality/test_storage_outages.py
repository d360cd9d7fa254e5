"""S3 that fails for a while is outlasted, and S3 that fails for good is given up in the time that was stated."""

import socket
import time

import pytest

from quality.errors import DeliveryError, InputError
from quality.storage import S3Options, holding, local_copies, name_originals, open_store, temporary
from quality.storage.leftovers import machine
from tests.troubled import troubled


def test_a_server_that_is_overloaded_for_a_while_is_outlasted(s3_server, bucket):
    with troubled(s3_server.endpoint, lambda request: (503, "SlowDown") if request.seconds < 3 else None) as proxy:
        store = open_store(bucket, S3Options(endpoint_url=proxy.endpoint, patience=20))
        with holding(store):
            store.write("a", b"1")
    assert open_store(bucket).read("a") == b"1"


def test_an_outage_is_given_up_in_the_stated_time_all_requests_together(bucket):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, and never answers
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        store = open_store(bucket, S3Options(endpoint_url=endpoint, read_timeout=0.2, patience=2))
        began = time.monotonic()
        for _ in range(5):
            with pytest.raises(DeliveryError, match="did not answer in time"):
                store.write("a", b"")
        assert time.monotonic() - began < 8


def test_what_will_not_pass_is_tried_once(s3_server, bucket):
    with troubled(s3_server.endpoint, lambda _: (403, "AccessDenied")) as proxy:
        with pytest.raises(DeliveryError, match="access is denied"):
            open_store(bucket, S3Options(endpoint_url=proxy.endpoint)).write("a", b"")
        assert proxy.count("PUT") == 1


def test_an_upload_that_dies_midway_arrives_whole_later(s3_server, bucket):
    with troubled(s3_server.endpoint, lambda request: "drop" if request.number <= 2 else None) as proxy:
        store = open_store(bucket, S3Options(endpoint_url=proxy.endpoint))
        with store.writing("a") as path:
            path.write_bytes(bytes(2_000_000))
    assert len(open_store(bucket).read("a")) == 2_000_000


def test_an_upload_whose_answer_is_always_lost_is_an_error(s3_server, bucket):
    with troubled(s3_server.endpoint, lambda _: "drop") as proxy:
        store = open_store(bucket, S3Options(endpoint_url=proxy.endpoint, patience=2))
        with pytest.raises(DeliveryError, match="the connection was lost"):
            store.write("a", b"")


@pytest.mark.parametrize("key", ["a\\b", "year=[2020]/a", "a*?/{b}", "ü b/%41+c", "a'\"b"])
def test_unusual_keys_are_keys(bucket, tmp_path, key):
    for store in (open_store(bucket), open_store(tmp_path / "there")):
        store.write(key, b"1")
        assert [entry.key for entry in store.entries()] == [key]
        with local_copies(store, [key]) as paths:
            assert paths[key].read_bytes() == b"1"


def test_a_message_names_the_object_and_not_its_copy(bucket):
    store = open_store(bucket)
    store.write("year=2020/a.parquet", b"1")
    with store.local_copy("year=2020/a.parquet") as path:
        assert name_originals(f"cannot read {path}: too small") == (
            f"cannot read {bucket}/year=2020/a.parquet: too small"
        )


def test_the_temporary_folders_of_killed_runs_are_swept(tmp_path, monkeypatch):
    monkeypatch.setattr(temporary.tempfile, "gettempdir", lambda: str(tmp_path))
    temporary._swept.clear()
    kept = [f"pricewatch-{machine()}-1-abc", "pricewatch-00000000-999999999-abc", "pricewatch-notes", "other"]
    for name in (f"pricewatch-{machine()}-999999999-abc", *kept):
        (tmp_path / name).mkdir()
    with temporary.temporary_folder():
        pass
    assert {folder.name for folder in tmp_path.iterdir()} == set(kept)


def test_a_missing_object_behind_a_failing_server_is_still_missing(s3_server, bucket):
    with (
        troubled(s3_server.endpoint, lambda request: (500, "InternalError") if request.number == 1 else None) as proxy,
        pytest.raises(InputError, match="there is no such file"),
    ):
        open_store(bucket, S3Options(endpoint_url=proxy.endpoint)).read("none")
