"""The local S3 server: it checks who asks, and it ends with its context."""

import signal
import socket
import subprocess
import sys
import time

import pytest

from quality.errors import InputError, QualityError, UsageError
from quality.servers import s3 as local_s3
from quality.servers.s3 import S3Server
from quality.storage import S3Options, open_store

PARENT = """
import time
from quality.servers.s3 import S3Server
with S3Server() as server:
    print(server.endpoint, flush=True)
    time.sleep(60)
"""


def is_listening(endpoint: str) -> bool:
    try:
        socket.create_connection(("127.0.0.1", int(endpoint.rpartition(":")[2])), timeout=2).close()
    except OSError:
        return False
    return True


def test_its_environment_leads_a_store_to_it(bucket):
    store = open_store(bucket)
    store.write("a.txt", b"1")
    assert store.read("a.txt") == b"1"


def test_it_refuses_a_wrong_secret(bucket, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(InputError, match="secret"):
        open_store(bucket).read("a.txt")


def test_two_servers_share_nothing(s3_server, bucket, monkeypatch):
    with S3Server() as other:
        assert other.endpoint != s3_server.endpoint
        for variable, value in other.environment().items():
            monkeypatch.setenv(variable, value)
        with pytest.raises(InputError, match="no such bucket"):
            open_store(bucket).entries()


def test_it_ends_with_its_context():
    with S3Server() as server:
        assert is_listening(server.endpoint)
    assert not is_listening(server.endpoint)


def test_it_ends_when_its_parent_is_killed():
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        endpoint = parent.stdout.readline().strip()
        assert is_listening(endpoint)
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while is_listening(endpoint) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_listening(endpoint)


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(local_s3, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"pip install 'pricewatch-panel\[demo\]'"), S3Server():
        pass


def test_a_server_that_cannot_start_is_an_error(monkeypatch):
    monkeypatch.setattr(local_s3, "_PROGRAM", "raise SystemExit(7)")
    with pytest.raises(QualityError, match="exit code 7"), S3Server():
        pass


def test_a_server_that_never_answers_is_stopped(monkeypatch):
    started = []
    start = local_s3._start
    monkeypatch.setattr(local_s3, "_PROGRAM", "import sys; sys.stdin.read()")
    monkeypatch.setattr(local_s3, "_start", lambda port: started.append(start(port)) or started[0])
    monkeypatch.setattr(local_s3, "START_SECONDS", 0.2)
    with pytest.raises(QualityError, match="did not answer"), S3Server():
        pass
    assert started[0].poll() is not None


def test_its_options_can_be_given_by_hand(s3_server, bucket):
    options = S3Options(endpoint_url=s3_server.endpoint, region=s3_server.region)
    assert open_store(bucket, options).entries() == []
