"""The scheduled run when the world fails: killed, doubled, out of disk, without an environment, refused by S3."""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import boto3
import polars as pl
import pytest

from quality.delivery.latest import read_latest
from quality.panel.partitions import list_years, read_year
from quality.servers.smtp import SmtpServer
from quality.storage import LOCK_KEY, open_store
from tests.troubled import troubled

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def mail():
    with SmtpServer() as server:
        yield server


@pytest.fixture
def nightly(flat_panel, tmp_path, bucket, mail):
    """Write a batch that checks a day, appends it, publishes and mails it; what is given comes on top."""

    def write(**more):
        (tmp_path / "2022-01-11.csv").write_text("date,AAA,BBB,CCC\n2022-01-11,100,100,150\n")
        keys = {
            "job": "check",
            "panel": flat_panel.address,
            "file": "{date}.csv",
            "run": "runs/{date}",
            "append": True,
            "publish": f"{bucket}/{{run}}",
            "mail": True,
        } | more
        lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items() if value is not None]
        server = {
            "host": mail.host,
            "port": mail.port,
            "user": mail.user,
            "ca_file": mail.ca_file,
            "sender": "a@example.com",
            "recipients": ["desk@example.com"],
            "attempts": 1,
        }
        lines += ["[mail]", *(f"{key} = {json.dumps(value)}" for key, value in server.items())]
        (tmp_path / "nightly.toml").write_text("[batch]\n" + "\n".join(lines))
        return ["batch", "nightly.toml", "--date", "2022-01-11"]

    return write


@contextmanager
def started(arguments, folder, mail, **environment):
    process = subprocess.Popen(
        [sys.executable, "-m", "jobs.cli", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "PRICEWATCH_MAIL_PASSWORD": mail.password, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def finished(arguments, folder, mail, **environment):
    with started(arguments, folder, mail, **environment) as process:
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err


def prices(panel):
    rows = pl.concat([read_year(panel, year) for year in list_years(panel)])
    return rows.filter(pl.col("date") == pl.date(2022, 1, 11)).select("ticker", "price").rows()


def test_killed_at_random_it_comes_to_the_same_and_tells_it_once(nightly, flat_panel, tmp_path, bucket, mail):
    arguments = nightly()
    chance = random.Random(12)
    for _ in range(3):
        with started(arguments, tmp_path, mail) as process:
            time.sleep(chance.uniform(0.4, 2.0))
            process.send_signal(signal.SIGKILL)
    code, _, err = finished(arguments, tmp_path, mail)
    assert code == 0, err
    assert prices(flat_panel) == [("AAA", 100.0), ("BBB", 100.0), ("CCC", 150.0)]
    latest = read_latest(open_store(bucket))
    here, there = open_store(tmp_path / "runs" / "2022-01-11"), open_store(latest["address"])
    assert {entry.key: there.read(entry.key) for entry in there.entries()} == {
        entry.key: here.read(entry.key) for entry in here.entries()
    }
    assert here.exists("summary.json")
    assert len(mail.messages) == 1


def test_of_two_at_once_one_tells_and_the_other_says_so(nightly, flat_panel, tmp_path, mail):
    arguments = nightly()
    with started(arguments, tmp_path, mail) as one, started(arguments, tmp_path, mail) as other:
        ends = [process.communicate(timeout=60) for process in (one, other)]
        codes = sorted((one.returncode, other.returncode))
    assert codes in ([0, 3], [0, 0]), ends
    assert codes == [0, 0] or any("another run holds" in err for _, err in ends)
    assert len(mail.messages) == 1
    assert len(prices(flat_panel)) == 3


def test_without_an_environment_it_runs_as_cron_runs_it(nightly, tmp_path, mail):
    arguments = nightly(publish=None)
    done = subprocess.run(
        ["env", "-i", f"PRICEWATCH_MAIL_PASSWORD={mail.password}", sys.executable, "-c", PROGRAM, *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(mail.messages) == 1


PROGRAM = f"import sys; sys.path.insert(0, {str(CHECKOUT)!r}); from jobs.cli import main; sys.exit(main())"


def test_out_of_disk_it_alarms_and_nothing_looks_finished(nightly, tmp_path, mail):
    arguments = nightly(publish=None, append=False)
    (tmp_path / "runs").mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=tmp_path,
        env={**os.environ, "PRICEWATCH_MAIL_PASSWORD": mail.password},
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (900, 900)),  # noqa: PLW1509
    )
    _, err = process.communicate(timeout=60)
    assert process.returncode == 3, err
    assert "raise the limit on file sizes" in err
    assert not open_store(tmp_path / "runs" / "2022-01-11").exists("summary.json")
    assert b"FAILED" in mail.messages[0].raw


def test_told_to_end_it_gives_back_its_locks_and_its_temporary_folders(nightly, s3_server, tmp_path, bucket, mail):
    held = []

    def slow_summary(request):
        if request.method == "PUT" and request.path.endswith("/summary.json"):
            held.append(True)
            time.sleep(3)

    (tmp_path / "tmp").mkdir()
    with (
        troubled(s3_server.endpoint, slow_summary) as proxy,
        started(nightly(), tmp_path, mail, AWS_ENDPOINT_URL=proxy.endpoint, TMPDIR=str(tmp_path / "tmp")) as process,
    ):
        give_up = time.monotonic() + 40
        while not held and time.monotonic() < give_up:
            time.sleep(0.05)
        assert any(LOCK_KEY in key for key in all_keys(bucket))
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 130
    assert [key for key in all_keys(bucket) if "lock" in key] == []
    assert list((tmp_path / "tmp").iterdir()) == []
    assert list((tmp_path / "runs" / "2022-01-11").glob(".*lock")) == []


def all_keys(bucket):
    return [each["Key"] for each in boto3.client("s3").list_objects_v2(Bucket=bucket[5:]).get("Contents", [])]


def read_only(bucket):
    """Give the keys of a user who may read the bucket and no more."""
    users = boto3.client("iam")
    users.create_user(UserName=bucket[5:])
    key = users.create_access_key(UserName=bucket[5:])["AccessKey"]
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetObject"], "Resource": "*"}],
    }
    users.put_user_policy(UserName=bucket[5:], PolicyName="read", PolicyDocument=json.dumps(policy))
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        (lambda _: {"AWS_SECRET_ACCESS_KEY": "wrong"}, "the secret key is wrong"),
        (read_only, "access is denied"),
    ],
    ids=["wrong secret", "read-only policy"],
)
def test_refused_by_s3_it_still_mails_and_the_rerun_publishes(
    nightly, pricewatch, monkeypatch, bucket, mail, environment, says
):
    arguments = nightly()
    monkeypatch.setenv("PRICEWATCH_MAIL_PASSWORD", mail.password)
    with monkeypatch.context() as refused:
        for name, value in environment(bucket).items():
            refused.setenv(name, value)
        done = pricewatch(*arguments)
    assert done.code == 4
    assert says in done.err
    assert len(mail.messages) == 1
    assert pricewatch(*arguments).code == 0
    assert read_latest(open_store(bucket))["last_session"] == "2022-01-11"
    assert len(mail.messages) == 1
