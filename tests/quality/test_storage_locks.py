"""Locks on stores that are not AWS: each takes over from the dead, and none from the living."""

import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import boto3
import pytest

from quality.errors import DeliveryError, DestinationBusyError
from quality.storage import LOCK_KEY, S3Options, holding, open_store
from tests.troubled import troubled

REFUSED = (412, "PreconditionFailed")


def like_ceph(request):
    """Ceph's gateway refuses the quoted ETag that it sent itself."""
    return REFUSED if request.method == "PUT" and request.headers.get("If-Match", "").startswith('"') else None


def without_compare_and_swap(request):
    return REFUSED if request.method == "PUT" and "If-Match" in request.headers else None


def without_conditions(request):
    has_one = "If-Match" in request.headers or "If-None-Match" in request.headers
    return (501, "NotImplemented") if request.method == "PUT" and has_one else None


def any_store(_request):
    return None


EVERY_STORE = [any_store, like_ceph, without_compare_and_swap, without_conditions]
STORES = pytest.mark.parametrize("trouble", EVERY_STORE, ids=lambda trouble: trouble.__name__)


@pytest.fixture
def opened(s3_server, bucket, trouble):
    with troubled(s3_server.endpoint, trouble) as proxy:
        yield open_store(f"{bucket}/run", S3Options(endpoint_url=proxy.endpoint, patience=2))


def abandon(store, *, lifetime=0.5):
    """Leave the lock of a run that was killed."""
    with holding(store, lifetime=lifetime):
        lock = store.read(LOCK_KEY)
    store.write(LOCK_KEY, lock)


@STORES
def test_a_killed_runs_lock_is_taken_over_once_it_has_expired(opened):
    abandon(opened)
    time.sleep(2)  # S3 tells time in whole seconds
    with holding(opened), pytest.raises(DestinationBusyError), holding(opened):
        pass
    assert opened.holder(LOCK_KEY) is None


HOLDER = """
import sys, time
from quality.storage import holding, open_store
with holding(open_store(sys.argv[1])):
    print("holding", flush=True)
    time.sleep(60)
"""


def test_a_holder_that_died_on_this_machine_is_succeeded_at_once(bucket):
    with subprocess.Popen([sys.executable, "-c", HOLDER, bucket], stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        with pytest.raises(DestinationBusyError, match=f"process {process.pid} "), holding(open_store(bucket)):
            pass
        process.kill()
        process.wait()
        with holding(open_store(bucket)):
            pass


@STORES
def test_a_lock_is_renewed_while_it_is_held(opened):
    with holding(opened, lifetime=0.6):
        time.sleep(0.7)
        assert json.loads(opened.read(LOCK_KEY))["renewals"] >= 1


@pytest.mark.parametrize("trouble", [like_ceph, without_compare_and_swap], ids=lambda trouble: trouble.__name__)
def test_of_many_heirs_one_inherits(opened):
    abandon(opened)
    time.sleep(2)
    inherited, done = [], threading.Barrier(6)

    def inherit(_):
        with suppress(DestinationBusyError), holding(opened):
            inherited.append(True)
            done.wait(15)
            return
        done.wait(15)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(inherit, range(6)))
    assert len(inherited) == 1
    assert opened.entries() == []


@pytest.mark.parametrize("trouble", [without_conditions])
def test_a_store_without_conditions_is_named(opened, caplog):
    with holding(opened):
        pass
    assert "does not know If-None-Match" in caplog.text


@pytest.fixture
def append_only(bucket, monkeypatch):
    """A bucket whose policy lets nobody delete."""
    users = boto3.client("iam")
    users.create_user(UserName=bucket[5:])
    key = users.create_access_key(UserName=bucket[5:])["AccessKey"]
    actions = ["s3:ListBucket", "s3:GetObject", "s3:PutObject"]
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
    users.put_user_policy(UserName=bucket[5:], PolicyName="append", PolicyDocument=json.dumps(policy))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    return bucket


def test_who_may_not_delete_marks_its_lock_as_ended(append_only):
    store = open_store(append_only)
    with pytest.raises(DeliveryError, match="access is denied"):
        store.delete("a")
    for _ in range(3):
        with holding(store):
            pass
        assert store.holder(LOCK_KEY) is None


@pytest.fixture(params=["local", "s3"])
def place(request, tmp_path):
    return str(tmp_path / "run") if request.param == "local" else f"{request.getfixturevalue('bucket')}/run"


def test_a_place_that_is_held_is_waited_for(place):
    done = []

    def occupy():
        with holding(open_store(place)):
            taken.set()
            time.sleep(1)
            done.append("first")

    taken = threading.Event()
    first = threading.Thread(target=occupy)
    first.start()
    taken.wait(10)
    with pytest.raises(DestinationBusyError), holding(open_store(place)):
        pass
    with holding(open_store(place, S3Options(lock_wait=20))):
        done.append("second")
    first.join()
    assert done == ["first", "second"]


def test_waiting_ends_at_its_time(place):
    with holding(open_store(place)):
        began = time.monotonic()
        with pytest.raises(DestinationBusyError), holding(open_store(place, S3Options(lock_wait=1))):
            pass
        assert 1 <= time.monotonic() - began < 5


def test_a_holder_is_shown_and_an_s3_lock_freed(place):
    store = open_store(place)
    assert store.holder(LOCK_KEY) is None
    with suppress(DestinationBusyError), holding(store):
        held = store.holder(LOCK_KEY)
        assert f"is held by process {held.holder.pid} on " in str(held)
        if place.startswith("s3://"):
            assert "it expires in " in str(held)
            store.free(LOCK_KEY)
            assert store.holder(LOCK_KEY) is None
        else:
            with pytest.raises(DestinationBusyError, match="end the process"):
                store.free(LOCK_KEY)


def test_what_a_killed_run_left_in_a_folder_is_freed(tmp_path):
    (tmp_path / LOCK_KEY).write_text("{}")
    store = open_store(tmp_path)
    assert store.holder(LOCK_KEY) is None
    store.free(LOCK_KEY)
    assert not (tmp_path / LOCK_KEY).exists()
