"""Mailing a run: which alert, what is attached, and what is too large."""

import email
import email.policy
import json

import pytest

from quality.delivery import alerting
from quality.delivery.alerting import alert, mail_run
from quality.delivery.smtp import SmtpSettings
from quality.errors import DeliveryError, InputError
from quality.servers.smtp import SmtpServer
from quality.storage import open_store

CHECKED = {
    "job": "check",
    "last_session": "2022-09-26",
    "report": [{"key": "column_5", "issue": "Missing Ticker at Position 5"}],
}


@pytest.fixture(scope="module")
def server():
    with SmtpServer() as running:
        yield running


@pytest.fixture
def smtp(server):
    server.messages.clear()
    return SmtpSettings(
        host=server.host,
        port=server.port,
        user=server.user,
        password=server.password,
        sender="alerts@example.com",
        recipients=("desk@example.com",),
        ca_file=server.ca_file,
        attempts=1,
    )


@pytest.fixture
def run(tmp_path):
    store = open_store(tmp_path / "run")
    store.write("summary.json", json.dumps(CHECKED).encode())
    store.write("anomalies.csv", b"date\n")
    store.write("anomalies/anomaly_report_1.csv", b"Ticker/Key,Issue\n")
    store.write("findings/year=2022/findings.parquet", b"PAR1")
    return store


def arrived(server):
    (received,) = server.messages
    return email.message_from_bytes(received.raw, policy=email.policy.default)


def test_a_checked_day_gets_the_notebooks_alert_with_its_results(run, smtp, server):
    assert mail_run(run, smtp) == "Stock Anomaly Alert - 2022-09-26"
    message = arrived(server)
    assert message["Subject"] == "Stock Anomaly Alert - 2022-09-26"
    assert message.get_body(("plain",)).get_content() == (
        "📅 Detected 1 anomalies on 2022-09-26:\n\ncolumn_5: Missing Ticker at Position 5\n"
    )
    attached = {part.get_filename(): part.get_payload(decode=True) for part in message.iter_attachments()}
    assert attached == {
        "summary.json": run.read("summary.json"),
        "anomalies.csv": b"date\n",
        "anomaly_report_1.csv": b"Ticker/Key,Issue\n",
    }


def test_a_scan_gets_its_summary_and_says_where_the_results_are():
    subject, body = alert({"job": "scan", "findings": 2}, "s3://bucket/run")
    assert subject == "Stock Anomaly Scan - 2 findings"
    assert "Results: s3://bucket/run" in body


def test_a_file_too_large_is_named_and_never_read(run, smtp, server, monkeypatch):
    monkeypatch.setattr(alerting, "MAX_ATTACHMENT_BYTES", 10)
    mail_run(run, smtp, "s3://bucket/run")
    message = arrived(server)
    assert [part.get_filename() for part in message.iter_attachments()] == ["anomalies.csv"]
    body = message.get_body(("plain",)).get_content()
    assert "not attached: anomaly_report_1.csv" in body
    assert "it is in s3://bucket/run" in body


def test_a_run_that_is_not_finished_is_not_mailed(run, smtp, server):
    run.delete("summary.json")
    with pytest.raises(InputError, match="no finished run"):
        mail_run(run, smtp)
    assert server.messages == []


def test_a_refused_connection_is_a_failed_delivery(run):
    nobody = SmtpSettings(
        host="127.0.0.1", port=9, sender="a@example.com", recipients=("desk@example.com",), attempts=1
    )
    with pytest.raises(DeliveryError, match="0 of 1 recipients reached"):
        mail_run(run, nobody)
