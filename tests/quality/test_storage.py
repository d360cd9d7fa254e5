"""The one door to files: one contract for local folders and S3, tried on real files and a real server."""

import errno
import json
import os
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from quality.errors import DeliveryError, DestinationBusyError, InputError, QualityError, UsageError
from quality.storage import (
    Entry,
    S3Options,
    holding,
    open_store,
    read_file,
    s3,
    s3_bucket,
    s3_reader,
    split_address,
    write_file,
)

FAST = S3Options(connect_timeout=1, read_timeout=5, attempts=2)


@pytest.fixture(params=["local", "s3"])
def store(request, tmp_path):
    """A store that does not exist yet, of either kind."""
    if request.param == "local":
        return open_store(tmp_path / "panel")
    return open_store(request.getfixturevalue("bucket") + "/panel")


@contextmanager
def child(program: str, *arguments: str):
    """Run a program that prints a line when it is ready; kill it at exit."""
    command = [sys.executable, "-c", program, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


# --- files ------------------------------------------------------------------------------------------


def test_what_is_written_is_read_and_listed(store):
    store.write("year=2020/part.parquet", b"prices")
    assert store.read("year=2020/part.parquet") == b"prices"
    assert store.exists("year=2020/part.parquet")
    (entry,) = store.entries()
    assert entry == Entry("year=2020/part.parquet", 6, entry.version)


def test_a_second_write_replaces_the_first_and_changes_the_version(store):
    store.write("a", b"old")
    before = store.entries()[0].version
    store.write("a", b"new")
    assert store.read("a") == b"new"
    assert store.entries()[0].version != before


def test_entries_are_recursive_sorted_and_without_hidden_names(store):
    for key in ("b/2", "b/1", "a", "b.csv", ".lock", ".tmp/x", "b/.3.tmp"):
        store.write(key, b"")
    assert [entry.key for entry in store.entries()] == ["a", "b.csv", "b/1", "b/2"]
    assert [entry.key for entry in store.entries("b/")] == ["b/1", "b/2"]
    assert [entry.key for entry in store.entries("b")] == ["b.csv", "b/1", "b/2"]
    assert store.entries("a/") == store.entries("c/d") == store.entries(".tmp/") == []


def test_what_does_not_exist_is_empty_and_absent(store):
    assert store.entries() == []
    assert not store.exists("a")
    assert not store.exists("a/b")


def test_the_beginning_of_a_name_is_not_the_name(store):
    store.write("part.parquet", b"")
    assert not store.exists("part")


READINGS = {
    "read": lambda store: store.read("gone.csv"),
    "open": lambda store: store.open("gone.csv"),
    "local_copy": lambda store: store.local_copy("gone.csv").__enter__(),
}


@pytest.mark.parametrize("reading", READINGS)
def test_a_missing_file_is_an_input_error_with_its_address(store, reading):
    with pytest.raises(InputError, match="no such file") as caught:
        READINGS[reading](store)
    assert store.url("gone.csv") in str(caught.value)
    assert "check the address" in str(caught.value)


def test_an_open_file_is_seekable(store):
    store.write("a", bytes(range(200)))
    with store.open("a") as file:
        file.seek(-2, os.SEEK_END)
        assert file.read() == bytes([198, 199])
        file.seek(10)
        assert file.read(2) == bytes([10, 11])
        file.seek(1, os.SEEK_CUR)
        assert file.read(1) == bytes([13])
        file.seek(500)
        assert file.read() == b""


def test_a_parquet_file_is_read_through_an_open_file(store):
    prices = pa.table({"price": [1.5, None, 3.0]})
    with store.writing("a.parquet") as path:
        pq.write_table(prices, path)
    with store.open("a.parquet") as file:
        assert pq.read_table(file).equals(prices)


def test_a_local_copy_holds_the_content(store):
    store.write("a.csv", b"1,2")
    with store.local_copy("a.csv") as path:
        assert path.read_bytes() == b"1,2"
        assert path.suffix == ".csv"
    assert store.read("a.csv") == b"1,2"


def test_a_file_being_written_appears_at_the_end_only(store):
    with store.writing("a/b.csv") as path:
        path.write_bytes(b"half")
        assert store.entries() == []
        path.write_bytes(b"whole")
    assert store.read("a/b.csv") == b"whole"
    assert not path.exists()


def test_an_exception_while_writing_leaves_the_old_file_and_nothing_else(store):
    store.write("a", b"old")
    with suppress(ZeroDivisionError), store.writing("a") as path:
        path.write_bytes(b"half")
        raise ZeroDivisionError
    assert store.read("a") == b"old"
    assert len(store.entries()) == 1
    assert not path.exists()


def test_delete_removes_and_forgives(store):
    store.write("a", b"")
    store.delete("a")
    store.delete("a")
    assert store.entries() == []


@pytest.mark.parametrize("key", ["", "/etc/passwd", "../a", "a/../../b", "a//b", "a/", "./a", "a\0b"])
def test_a_key_may_not_leave_its_store(store, key):
    for action in (store.read, store.exists, store.open, store.delete, store.url):
        with pytest.raises(UsageError, match="is not a key"):
            action(key)
    with pytest.raises(UsageError, match="is not a key"):
        store.write(key, b"")
    with pytest.raises(UsageError, match="is not a key"), store.writing(key):
        pass
    with pytest.raises(UsageError, match="is not a key"), holding(store, key):
        pass


def test_a_listing_may_not_leave_its_store(store):
    with pytest.raises(UsageError, match="is not a key"):
        store.entries("../")


def test_a_local_name_that_is_not_unicode_is_read_locally_and_refused_by_s3(tmp_path, bucket):
    (tmp_path / os.fsdecode(b"caf\xe9.csv")).write_bytes(b"1")
    (entry,) = open_store(tmp_path).entries()
    assert open_store(tmp_path).read(entry.key) == b"1"
    assert open_store(tmp_path).url(entry.key).encode()
    with pytest.raises(UsageError, match="rename the file"):
        open_store(bucket).write(entry.key, b"1")


def test_control_characters_do_not_reach_a_message(store):
    with pytest.raises(InputError) as caught:
        store.read("\x1b[2Jgone")
    assert str(caught.value).isprintable()


def test_a_file_anywhere_is_written_and_read_by_its_address(store):
    address = f"{store.address}/reports/a.csv"
    write_file(address, b"1")
    assert read_file(address) == store.read("reports/a.csv") == b"1"


# --- races and deaths -------------------------------------------------------------------------------

RACER = """
import sys
from quality.errors import DestinationBusyError
from quality.storage import open_store
store = open_store(sys.argv[1])
store.exists("warm-up")
print("ready", flush=True)
sys.stdin.readline()
try:
    store.write("summary.json", sys.argv[2].encode(), if_absent=True)
    print("won")
except DestinationBusyError:
    print("lost")
"""

KILLED = """
import sys, time
from quality.storage import open_store
with open_store(sys.argv[1]).writing("a/b.parquet") as path:
    path.write_bytes(b"half")
    print("ready", flush=True)
    time.sleep(60)
"""

HOLDER = """
import sys, time
from quality.storage import holding, open_store
with holding(open_store(sys.argv[1]), lifetime=float(sys.argv[2])):
    print("ready", flush=True)
    time.sleep(60)
"""


def test_a_later_writer_is_told_that_the_file_is_there(store):
    store.write("a", b"first", if_absent=True)
    with pytest.raises(DestinationBusyError, match="another run wrote it first") as caught:
        store.write("a", b"second", if_absent=True)
    assert store.url("a") in str(caught.value)
    assert store.read("a") == b"first"


def test_of_racing_threads_exactly_one_wins(store):
    def race(number: int) -> bool:
        start.wait()
        with suppress(DestinationBusyError):
            store.write("a", b"%d" % number, if_absent=True)
            return True
        return False

    start = threading.Barrier(8)
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(race, range(8)))
    assert won.count(True) == 1
    assert store.read("a") == b"%d" % won.index(True)


def test_of_racing_processes_exactly_one_wins(store):
    command = [sys.executable, "-c", RACER, store.address]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    racers = [subprocess.Popen([*command, str(number)], **pipes) for number in range(4)]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    outcomes = [racer.communicate()[0].strip() for racer in racers]
    assert sorted(outcomes) == ["lost", "lost", "lost", "won"]
    assert store.read("summary.json") == b"%d" % outcomes.index("won")


def test_a_writer_that_is_killed_leaves_nothing_to_be_seen(store, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with child(KILLED, store.address) as process:
        process.kill()
    assert store.entries() == []
    assert not store.exists("a/b.parquet")


def test_a_second_run_is_told_who_holds_the_destination(store):
    with holding(store), pytest.raises(DestinationBusyError) as caught, holding(store):
        pass
    message = str(caught.value)
    assert f"process {os.getpid()} on {socket.gethostname()} since 20" in message
    assert store.url(".lock") in message
    assert "choose another destination" in message


def test_a_destination_is_free_again_after_a_run_and_after_a_failure(store):
    for _ in range(2):
        with suppress(ZeroDivisionError), holding(store):
            raise ZeroDivisionError
    with holding(store):
        store.write("a", b"")
    assert not store.exists(".lock")


def test_a_lock_that_says_nothing_still_holds(bucket):
    store = open_store(bucket)
    store.write(".lock", b"\xff{")
    with pytest.raises(DestinationBusyError, match="it does not say who"), holding(store):
        pass


def test_a_dead_holder_frees_a_local_lock_at_once(tmp_path):
    store = open_store(tmp_path)
    with child(HOLDER, str(tmp_path), "900") as process:
        with pytest.raises(DestinationBusyError, match=f"process {process.pid} "), holding(store):
            pass
        process.kill()
        process.wait()
        with holding(store):
            pass


def test_a_local_lock_that_was_removed_by_hand_is_not_removed_again(tmp_path):
    store = open_store(tmp_path)
    with holding(store):
        (tmp_path / ".lock").unlink()
        (tmp_path / ".lock").write_text("another's")
    assert (tmp_path / ".lock").read_text() == "another's"


def test_an_s3_lock_lasts_as_long_as_its_holder_lives_and_then_expires(bucket):
    alive, dead = f"{bucket}/alive", f"{bucket}/dead"
    with child(HOLDER, alive, "2") as living:
        with child(HOLDER, dead, "2"), pytest.raises(DestinationBusyError), holding(open_store(dead)):
            pass
        time.sleep(3.2)  # S3 tells time in whole seconds
        with holding(open_store(dead)):
            assert json.loads(read_file(f"{dead}/.lock"))["pid"] == os.getpid()
        with (
            pytest.raises(DestinationBusyError, match=f"process {living.pid} .* expires within [012] s"),
            holding(open_store(alive)),
        ):
            pass


def test_a_holder_whose_s3_lock_was_taken_is_told_at_the_end(bucket):
    store = open_store(bucket)
    with pytest.raises(DestinationBusyError, match="was lost to another run"), holding(store):
        store.write(".lock", b"{}")
    assert store.read(".lock") == b"{}"


def test_a_renewed_s3_lock_is_a_new_version_so_that_nobody_takes_over_the_old_one(bucket):
    store = open_store(bucket)
    with holding(store, lifetime=0.3):
        first = store.read(".lock")
        time.sleep(0.3)
        assert store.read(".lock") != first


def test_a_holder_notices_while_it_works_that_its_s3_lock_was_taken(bucket, caplog):
    store = open_store(bucket)
    with suppress(DestinationBusyError), holding(store, lifetime=0.3):
        store.delete(".lock")
        time.sleep(0.3)
        assert "was lost to another run" in caplog.text


def test_only_one_of_many_inherits_an_expired_s3_lock(bucket):
    store = open_store(bucket)
    with holding(store, lifetime=0.5):
        abandoned = store.read(".lock")
    store.write(".lock", abandoned)
    time.sleep(2)
    held, done = [], threading.Barrier(4)

    def inherit(_: int) -> None:
        with suppress(DestinationBusyError), holding(store):
            held.append(True)
            done.wait(10)
            return
        done.wait(10)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(inherit, range(4)))
    assert len(held) == 1


# --- local trouble ----------------------------------------------------------------------------------


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path):
    store = open_store(tmp_path)
    with pytest.raises(QualityError, match="no space left on device; free some space"), store.writing("a"):
        Path("/dev/full").write_bytes(b"prices")
    assert list(tmp_path.iterdir()) == []


def test_a_limit_on_file_sizes_is_said_and_leaves_nothing(tmp_path):
    program = """
import resource, sys
from quality.storage import open_store
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    open_store(sys.argv[1]).write("a", bytes(1000))
except Exception as error:
    print(type(error).__name__, error)
"""
    command = [sys.executable, "-c", program, str(tmp_path)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert told.startswith(f"QualityError cannot write {tmp_path}/a: file too large; raise the limit")
    assert list(tmp_path.iterdir()) == []


@contextmanager
def as_nobody():
    """Take the rights of an ordinary user where the tests run as root."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_denied_folder_is_said(tmp_path):
    store = open_store(tmp_path / "panel")
    store.write("a/b", b"")
    (tmp_path / "panel" / "a").chmod(0)
    try:
        with as_nobody():
            for reading in (store.read, store.open, store.exists):
                with pytest.raises(InputError, match="permission denied; check its owner and mode"):
                    reading("a/b")
            with pytest.raises(InputError, match="permission denied"):
                store.entries()
            with pytest.raises(QualityError, match="permission denied"):
                store.write("a/c", b"")
            with pytest.raises(QualityError, match="permission denied"):
                store.delete("a/b")
            with pytest.raises(QualityError, match="permission denied"), holding(store, "a/.lock"):
                pass
    finally:
        (tmp_path / "panel" / "a").chmod(0o700)


def test_a_folder_is_no_file_and_a_file_no_folder(tmp_path):
    store = open_store(tmp_path)
    store.write("a/b", b"")
    with pytest.raises(InputError, match="is a directory; it is a folder: name a file"):
        store.read("a")
    with pytest.raises(QualityError, match="is a directory"):
        store.write("a", b"")
    with pytest.raises(QualityError, match="a/b"):
        store.write("a/b/c", b"")
    with pytest.raises(InputError, match="not a directory"):
        open_store(tmp_path / "a" / "b").entries()


def test_links_are_followed_and_special_files_left_out(tmp_path):
    write_file(tmp_path / "elsewhere" / "a", b"1")
    (tmp_path / "panel").mkdir()
    (tmp_path / "panel" / "year=2020").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "panel" / "dangling").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "panel" / "pipe")
    assert [entry.key for entry in open_store(tmp_path / "panel").entries()] == ["year=2020/a"]


def test_files_keep_the_mode_that_the_user_set(tmp_path):
    before = os.umask(0o027)
    try:
        write_file(tmp_path / "a", b"")
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


def test_other_errors_inside_writing_pass_as_they_are(store):
    with pytest.raises(FileNotFoundError) as caught, store.writing("a"):
        raise FileNotFoundError(errno.ENOENT, "mine")
    assert caught.value.strerror == "mine"


# --- S3 trouble -------------------------------------------------------------------------------------


def failures(address: str, options: S3Options = FAST) -> list[QualityError]:
    """Return what each kind of access raises."""
    store = open_store(address, options)
    caught = []
    for action in (store.entries, lambda: store.read("a"), lambda: store.exists("a")):
        with pytest.raises(InputError) as error:
            action()
        caught.append(error.value)
    for action in (lambda: store.write("a", b""), lambda: holding(store).__enter__()):
        with pytest.raises(DeliveryError) as error:
            action()
        caught.append(error.value)
    assert all(address in str(error) for error in caught)
    return caught


def test_a_wrong_secret_is_said_without_repeating_it(bucket, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong-secret")
    for error in failures(bucket):
        assert "the secret key is wrong; check AWS_ACCESS_KEY_ID" in str(error)
        assert "wrong-secret" not in str(error)


def test_an_unknown_access_key_is_said(bucket, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAUNKNOWN")
    for error in failures(bucket):
        assert "the server does not know the access key" in str(error)
        assert "AKIAUNKNOWN" not in str(error)


def test_missing_credentials_are_said(bucket, monkeypatch, tmp_path):
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(variable)
    for variable in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(variable, str(tmp_path / "none"))
    assert all("there are no credentials" in str(error) for error in failures(bucket))


def test_a_missing_bucket_is_said(bucket):
    assert all("there is no such bucket; create it" in str(error) for error in failures(f"{bucket}-gone"))


def test_a_refused_connection_is_said_within_seconds(bucket, monkeypatch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed.getsockname()[1]}")
        started = time.monotonic()
        with pytest.raises(InputError, match="cannot be reached; check AWS_ENDPOINT_URL"):
            open_store(bucket, S3Options(patience=4)).read("a")
        assert time.monotonic() - started < 8


def test_a_silent_server_is_given_up(bucket):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        options = S3Options(endpoint_url=endpoint, read_timeout=0.2, attempts=1)
        with pytest.raises(DeliveryError, match="did not answer in time"):
            open_store(bucket, options).write("a", b"")


def test_a_denied_access_is_said(s3_server, bucket, monkeypatch):
    users = boto3.client("iam", endpoint_url=s3_server.endpoint)
    users.create_user(UserName=bucket[5:])
    key = users.create_access_key(UserName=bucket[5:])["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    assert all("access is denied; ask for s3:ListBucket" in str(error) for error in failures(bucket))


@pytest.mark.parametrize(
    "options",
    [S3Options(endpoint_url="localhost:9000"), S3Options(region="no region")],
)
def test_settings_that_make_no_sense_are_wrong_usage(options):
    with pytest.raises(UsageError, match=r"check AWS_ENDPOINT_URL \(http://host:port\)"):
        open_store("s3://bucket", options)


def test_a_listing_goes_on_after_a_full_page(bucket, monkeypatch):
    monkeypatch.setattr(s3_bucket, "_PAGE", 10)
    store = open_store(bucket)
    keys = [f"year={year}" for year in range(1000, 1025)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda key: store.write(key, b""), keys))
    assert [entry.key for entry in store.entries()] == keys


def test_reading_a_footer_fetches_little(bucket, monkeypatch):
    store, fetched = open_store(bucket), []
    noise = pa.array([os.urandom(8) for _ in range(400_000)])
    with store.writing("a.parquet") as path:
        pq.write_table(pa.table({"noise": noise}), path)
    readinto = s3_reader.S3Reader.readinto

    def counting(reader, buffer):
        fetched.append(readinto(reader, buffer))
        return fetched[-1]

    monkeypatch.setattr(s3_reader.S3Reader, "readinto", counting)
    with store.open("a.parquet") as file:
        assert pq.ParquetFile(file).metadata.num_rows == len(noise)
    assert 0 < sum(fetched) < store.entries()[0].size / 10


def test_a_file_that_changes_while_it_is_read_is_said(bucket):
    store = open_store(bucket)
    store.write("a", bytes(1_000_000))
    with store.open("a") as file:
        file.read(10)
        store.write("a", b"new")
        with pytest.raises(InputError, match="it changed while it was read"):
            file.read()


def test_an_s3_copy_is_removed_at_exit(bucket):
    store = open_store(bucket)
    store.write("a", b"1")
    with store.local_copy("a") as path:
        pass
    assert not path.parent.exists()


def test_a_file_too_large_for_one_put_is_uploaded_in_parts(bucket, monkeypatch):
    monkeypatch.setattr(s3, "ONE_PUT_BYTES", 1)
    store, content = open_store(bucket), os.urandom(9 * 1024 * 1024)
    with store.writing("a") as path:
        path.write_bytes(content)
    assert store.read("a") == content
    assert store.entries()[0].version.endswith('-2"')  # two parts


def test_the_placeholder_of_a_folder_is_no_file(bucket):
    boto3.client("s3").put_object(Bucket=bucket[5:], Key="panel/", Body=b"")
    assert open_store(bucket).entries() == open_store(f"{bucket}/panel").entries() == []


@contextmanager
def cutting(endpoint: str, *limits: int):
    """Stand before a server and cut each of the first connections after so many bytes of its answers."""
    target = ("127.0.0.1", int(endpoint.rpartition(":")[2]))
    remaining = list(limits)

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = entrance.accept()
                limit = remaining.pop(0) if remaining else None
                threading.Thread(target=relay, args=(client, limit), daemon=True).start()

    def relay(client: socket.socket, limit: int | None) -> None:
        with client, socket.create_connection(target) as server, suppress(OSError):
            threading.Thread(target=forward, args=(client, server), daemon=True).start()
            while answer := server.recv(65536):
                client.sendall(answer[:limit])
                if limit is not None:
                    limit -= min(limit, len(answer))
                    if limit == 0:
                        client.shutdown(socket.SHUT_RDWR)
                        return

    def forward(client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while request := client.recv(65536):
                server.sendall(request)

    with socket.create_server(("127.0.0.1", 0)) as entrance:
        threading.Thread(target=serve, daemon=True).start()
        yield S3Options(endpoint_url=f"http://127.0.0.1:{entrance.getsockname()[1]}", attempts=3)
        entrance.shutdown(socket.SHUT_RDWR)


def test_a_download_that_breaks_midway_is_tried_again(s3_server, bucket):
    content = os.urandom(1_000_000)
    write_file(f"{bucket}/a", content)
    with cutting(s3_server.endpoint, 100_000) as options:
        assert read_file(f"{bucket}/a", options) == content
    with (
        cutting(s3_server.endpoint, 100_000) as options,
        open_store(bucket, options).local_copy("a") as path,
    ):
        assert path.read_bytes() == content


def test_a_download_that_always_breaks_is_given_up(s3_server, bucket):
    write_file(f"{bucket}/a", bytes(1_000_000))
    with (
        cutting(s3_server.endpoint, 100_000, 100_000, 100_000) as options,
        pytest.raises(InputError, match="the connection was lost"),
    ):
        read_file(f"{bucket}/a", options)


def test_a_writer_whose_answer_was_lost_does_not_lose_to_itself(s3_server, bucket):
    with cutting(s3_server.endpoint, 0) as options:
        open_store(bucket, options).write("a", b"mine", if_absent=True)
    assert read_file(f"{bucket}/a") == b"mine"
    with cutting(s3_server.endpoint, 0) as options, pytest.raises(DestinationBusyError):
        open_store(bucket, options).write("a", b"mine", if_absent=True)


# --- addresses --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    ["", "s3://", "s3:///prefix", "http://host/a", "gs://bucket/a", "S3://bucket", "a\0b", "~no-such-user/a"],
)
def test_other_addresses_are_refused_with_what_is_accepted(address):
    for action in (open_store, split_address):
        with pytest.raises(UsageError, match="use a local path or s3://bucket/prefix"):
            action(address)


def test_an_s3_address_that_became_a_path_is_refused():
    with pytest.raises(UsageError, match="s3:/bucket"):
        open_store(Path("s3://bucket/panel"))


@pytest.mark.parametrize("address", ["s3://bucket/../other", "s3://bucket//a"])
def test_a_prefix_may_not_leave_its_bucket(address):
    with pytest.raises(UsageError, match="is not a key"):
        open_store(address)


def test_an_address_is_kept_without_a_slash_at_its_end(tmp_path, monkeypatch):
    assert open_store("s3://bucket/a/").address == "s3://bucket/a"
    assert open_store("s3://bucket/").address == "s3://bucket"
    assert open_store(f"{tmp_path}/").address == str(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert open_store("~/panel").address == str(tmp_path / "panel")
    assert open_store("s3://bucket/a").url("b/c") == "s3://bucket/a/b/c"


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("s3://bucket/a/b.csv", ("s3://bucket/a", "b.csv")),
        ("s3://bucket/b.csv", ("s3://bucket", "b.csv")),
        ("/data/b.csv", ("/data", "b.csv")),
        ("b.csv", (".", "b.csv")),
        (Path("a/b.csv"), ("a", "b.csv")),
    ],
)
def test_the_address_of_a_file_is_split_into_store_and_key(address, parts):
    assert split_address(address) == parts


@pytest.mark.parametrize("address", ["s3://bucket", "s3://bucket/a/", "/data/", "..", "/", "."])
def test_the_address_of_a_folder_is_no_file(address):
    with pytest.raises(UsageError, match="names a folder or a bucket, not a file"):
        split_address(address)


def test_importing_and_opening_a_local_store_loads_no_heavy_library():
    program = """
import sys
from quality.storage import open_store
open_store("panel").entries()
print({"boto3", "botocore", "pyarrow"} & set(sys.modules))
"""
    command = [sys.executable, "-c", program]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "set()\n"


class TestWhatIsNoFile:
    """Locally, a key may name what never ends, or never begins."""

    @pytest.fixture
    def folder(self, tmp_path):
        os.mkfifo(tmp_path / "pipe")
        (tmp_path / "zero").symlink_to("/dev/zero")
        (tmp_path / "folder").mkdir()
        return open_store(tmp_path)

    @pytest.mark.parametrize(
        ("key", "says"), [("pipe", "it is a pipe"), ("zero", "it is a device"), ("folder", "is a directory")]
    )
    def test_is_refused_by_every_way_to_read_it(self, folder, key, says):
        for read in (folder.read, folder.open, lambda key: folder.local_copy(key).__enter__()):
            with pytest.raises(InputError, match=says):
                read(key)


@pytest.mark.parametrize("place", ["local", "s3"])
def test_a_file_that_is_larger_than_it_may_be_is_not_read(tmp_path, request, place):
    address = f"{tmp_path if place == 'local' else request.getfixturevalue('bucket')}/file"
    write_file(address, b"12345")
    assert read_file(address, most=5) == b"12345"
    with pytest.raises(InputError, match="it holds 5 bytes, more than the 4"):
        read_file(address, most=4)


class TestALockIsNothingElse:
    """A lock file that this program did not make is never overwritten."""

    def test_not_through_a_link(self, tmp_path):
        (tmp_path / "precious").write_text("keep me")
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / ".lock").symlink_to(tmp_path / "precious")
        with pytest.raises(QualityError, match="it is a link"), holding(open_store(tmp_path / "run")):
            pass
        assert (tmp_path / "precious").read_text() == "keep me"

    def test_nor_where_another_program_keeps_a_file_of_the_name(self, tmp_path):
        (tmp_path / ".lock").write_text("keep me")
        with pytest.raises(QualityError, match="it is no lock of this program"), holding(open_store(tmp_path)):
            pass
        assert (tmp_path / ".lock").read_text() == "keep me"


def test_what_a_killed_writer_left_is_removed_by_the_next_and_what_others_write_is_not(tmp_path):
    code = (
        "import sys, time; from quality.storage import open_store\n"
        "with open_store(sys.argv[1]).writing('year/file') as path:\n"
        "    path.write_bytes(b'half'); print('begun', flush=True); time.sleep(60)"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, cwd=Path.cwd())
        for _ in range(2)
    ]
    try:
        for writer in writers:
            assert writer.stdout.readline() == b"begun\n"
        writers[0].kill()
        writers[0].wait()
        (tmp_path / "year" / ".of-another.tmp").write_bytes(b"mine")
        assert len(list((tmp_path / "year").iterdir())) == 3
        open_store(tmp_path).write("year/file", b"whole")
        names = {path.name for path in (tmp_path / "year").iterdir()}
        assert len(names) == 3
        assert {"file", ".of-another.tmp"} < names
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()


def test_the_temporary_folder_of_a_killed_process_is_removed_by_the_next_and_that_of_a_living_one_is_not(tmp_path):
    code = (
        "import time; from quality.storage import temporary_folder\n"
        "with temporary_folder() as folder:\n"
        "    (folder / 'spilt').write_bytes(b'prices'); print(folder, flush=True); time.sleep({})"
    )

    def start(seconds):
        command = [sys.executable, "-c", code.format(seconds)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(tmp_path)})

    with start(60) as killed, start(60) as living:
        folders = [Path(process.stdout.readline().strip()) for process in (killed, living)]
        killed.kill()
        killed.wait()
        assert sorted(tmp_path.iterdir()) == sorted(folders)
        with start(0) as third:
            third.wait()
        assert list(tmp_path.iterdir()) == [folders[1]]
        living.kill()
