"""Publishing a run: it arrives whole, its summary last, and takes the place of the one before."""

import json

import pytest

from quality.delivery.publish import publish
from quality.errors import DeliveryError, InputError, UsageError
from quality.storage import S3Options, holding, open_store


@pytest.fixture
def run(tmp_path):
    store = open_store(tmp_path / "run")
    for key in ("summary.json", "anomalies.csv", "findings/year=2022/findings.parquet"):
        store.write(key, b"{}" if key == "summary.json" else key.encode())
    return store


def contents(store):
    return {entry.key: store.read(entry.key) for entry in store.entries()}


@pytest.mark.parametrize("prefix", ["", "/quality/2022-09-26"])
def test_a_run_arrives_whole_on_s3_and_is_listed(run, bucket, prefix):
    told = []
    destination = open_store(f"{bucket}{prefix}")
    listed = publish(run, destination, lambda *at: told.append(at))
    assert contents(destination) == contents(run)
    assert sorted(entry.key for entry in listed) == sorted(contents(run))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_the_summary_goes_last(run, tmp_path, monkeypatch):
    destination = open_store(tmp_path / "there")
    written = []
    real = destination.writing
    monkeypatch.setattr(destination, "writing", lambda key: written.append(key) or real(key))
    publish(run, destination)
    assert written[-1] == "summary.json"


def test_the_findings_of_an_earlier_run_are_taken_away_and_other_files_left(run, tmp_path):
    destination = open_store(tmp_path / "there")
    destination.write("findings/year=2021/findings.parquet", b"old")
    destination.write("notes.txt", b"mine")
    publish(run, destination)
    assert set(contents(destination)) == {*contents(run), "notes.txt"}


def test_a_run_that_is_not_finished_is_refused(run, tmp_path):
    run.delete("summary.json")
    with pytest.raises(InputError, match="no finished run"):
        publish(run, open_store(tmp_path / "there"))
    assert not (tmp_path / "there").exists()


def test_a_run_cannot_be_published_onto_itself(run, tmp_path):
    before = contents(run)
    with pytest.raises(UsageError, match="onto itself"):
        publish(run, open_store(tmp_path / "x" / ".." / "run"))
    assert contents(run) == before


def test_a_run_cannot_be_published_into_itself(run, tmp_path):
    before = contents(run)
    with pytest.raises(UsageError, match="lies in the run"):
        publish(run, open_store(tmp_path / "run" / "copy"))
    assert contents(run) == before


def test_what_somebody_else_keeps_beside_published_findings_stays(run, tmp_path):
    there = open_store(tmp_path / "there")
    there.write("findings/notes.txt", b"mine")
    there.write("findings/year=1999/findings.parquet", b"of an earlier run")
    publish(run, there)
    assert there.read("findings/notes.txt") == b"mine"
    assert not there.exists("findings/year=1999/findings.parquet")


def test_a_bucket_that_is_not_there_is_a_failed_delivery(run, bucket):
    before = contents(run)
    with pytest.raises(DeliveryError, match="no such bucket"):
        publish(run, open_store(f"{bucket}-other"))
    assert contents(run) == before


def test_a_server_that_refuses_connections_is_a_failed_delivery(run, bucket):
    nobody = S3Options(endpoint_url="http://127.0.0.1:9", attempts=1)
    with pytest.raises(DeliveryError, match="cannot be reached"):
        publish(run, open_store(bucket, nobody))


def test_a_destination_that_another_run_holds_is_a_failed_delivery(run, bucket):
    destination = open_store(bucket)
    with holding(destination), pytest.raises(DeliveryError):
        publish(run, open_store(bucket))
    assert contents(destination) == {}


def test_a_file_that_arrives_short_is_noticed(run, tmp_path, monkeypatch):
    destination = open_store(tmp_path / "there")
    real = destination.entries
    monkeypatch.setattr(destination, "entries", lambda prefix="": real(prefix)[:-2])
    with pytest.raises(DeliveryError, match="2 of 3 files did not arrive whole"):
        publish(run, destination)


def test_no_file_of_an_earlier_run_stays_beside_those_of_the_new_one(run, tmp_path):
    there = open_store(tmp_path / "there")
    publish(run, there)
    there.write("ledger/year=2021.json", b"of the earlier run")
    run.delete("anomalies.csv")
    publish(run, there)
    assert contents(there) == contents(run)


def test_the_panel_of_a_run_that_was_made_from_one_file_stays_with_it(run, tmp_path):
    run.write("panel/year=2022/prices.parquet", b"prices")
    run.write("ingest/summary.json", b"{}")
    publish(run, open_store(tmp_path / "there"))
    assert set(contents(run)) - set(contents(open_store(tmp_path / "there"))) == {"panel/year=2022/prices.parquet"}


@pytest.mark.parametrize("link", ["findings", "anomalies.csv", "summary.json"])
def test_nothing_is_published_through_a_link(run, tmp_path, link):
    elsewhere = open_store(tmp_path / "elsewhere")
    for key in contents(run):
        elsewhere.write(key, b"mine")
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / link).symlink_to(tmp_path / "elsewhere" / link)
    with pytest.raises(UsageError, match="behind a link"):
        publish(run, open_store(tmp_path / "there"))
    assert set(contents(elsewhere).values()) == {b"mine"}


@pytest.mark.parametrize("inner", ["", "published"])
def test_a_run_cannot_be_published_into_the_panel_that_it_is_of(run, tmp_path, inner):
    run.write("summary.json", json.dumps({"panel": str(tmp_path / "panel")}).encode())
    with pytest.raises(UsageError, match="lies in the panel"):
        publish(run, open_store(tmp_path / "panel" / inner))
    assert not (tmp_path / "panel").exists()
    publish(run, open_store(tmp_path / "panel-runs"))
