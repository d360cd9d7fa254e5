"""Runs side by side, and the pointer to the latest: whole, and never backwards."""

import json
import threading

import boto3
import pytest

from quality.delivery.latest import publish_beside, read_latest
from quality.errors import DeliveryError
from quality.storage import S3Options, open_store
from tests.troubled import troubled


@pytest.fixture
def run_of(tmp_path):
    def run_of(day, run_id):
        store = open_store(tmp_path / run_id)
        store.write("findings/year=2022/findings.parquet", run_id.encode())
        store.write("summary.json", json.dumps({"run_id": run_id, "last_session": day}).encode())
        return store

    return run_of


@pytest.fixture(params=["local", "s3"])
def root(request, tmp_path):
    return open_store(tmp_path / "there" if request.param == "local" else request.getfixturevalue("bucket"))


def place(root, run):
    return open_store(f"{root.address}/{run}")


def test_the_pointer_leads_to_the_latest_day(root, run_of):
    for day, run in (("2022-09-23", "a"), ("2022-09-26", "b"), ("2022-09-22", "c"), ("2022-09-26", "d")):
        publish_beside(run_of(day, run), place(root, run), root)
    latest = read_latest(root)
    assert (latest["run_id"], latest["last_session"]) == ("d", "2022-09-26")
    assert open_store(latest["address"]).read(latest["files"][0]) == b"d"
    assert [open_store(f"{root.address}/{run}").exists("summary.json") for run in "abcd"] == [True] * 4


def test_a_publication_that_dies_leaves_the_latest_before(s3_server, bucket, run_of):
    publish_beside(run_of("2022-09-23", "a"), open_store(f"{bucket}/a"), open_store(bucket))
    with troubled(
        s3_server.endpoint, lambda request: "drop" if request.path.endswith("/summary.json") else None
    ) as proxy:
        options = S3Options(endpoint_url=proxy.endpoint, patience=1)
        with pytest.raises(DeliveryError):
            publish_beside(run_of("2022-09-26", "b"), open_store(f"{bucket}/b", options), open_store(bucket, options))
    assert read_latest(open_store(bucket))["run_id"] == "a"


def test_a_reader_sees_one_run_whole_while_others_are_published(root, run_of):
    publish_beside(run_of("2022-09-01", "r01"), place(root, "r01"), root)
    seen, done = [], threading.Event()

    def read():
        while not done.is_set():
            latest = read_latest(root)
            content = open_store(latest["address"]).read("findings/year=2022/findings.parquet")
            seen.append((latest["run_id"], content.decode()))

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(2, 8):
        publish_beside(run_of(f"2022-09-{number:02}", f"r{number:02}"), place(root, f"r{number:02}"), root)
    done.set()
    reader.join()
    assert seen
    assert all(run == content for run, content in seen)


def test_no_right_to_delete_is_needed(bucket, run_of, monkeypatch):
    users = boto3.client("iam")
    users.create_user(UserName=bucket[5:])
    key = users.create_access_key(UserName=bucket[5:])["AccessKey"]
    actions = ["s3:ListBucket", "s3:GetObject", "s3:PutObject"]
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
    users.put_user_policy(UserName=bucket[5:], PolicyName="write", PolicyDocument=json.dumps(policy))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    for day, run in (("2022-09-23", "a"), ("2022-09-26", "b")):
        publish_beside(run_of(day, run), open_store(f"{bucket}/{run}"), open_store(bucket))
    assert read_latest(open_store(bucket))["run_id"] == "b"
