"""`pricewatch mail`."""

import email
import email.policy
import json

import pytest

from quality.servers.smtp import SmtpServer


@pytest.fixture
def server(monkeypatch):
    with SmtpServer(refuse={"nobody@example.com"}) as running:
        settings = {
            "HOST": running.host,
            "PORT": str(running.port),
            "USER": running.user,
            "PASSWORD": running.password,
            "SENDER": "alerts@example.com",
            "RECIPIENTS": "desk@example.com",
            "CA_FILE": running.ca_file,
            "ATTEMPTS": "1",
        }
        for name, value in settings.items():
            monkeypatch.setenv(f"PRICEWATCH_MAIL_{name}", value)
        yield running


@pytest.fixture
def run(pricewatch, acceptance):
    pricewatch("check", acceptance.file, "--history", acceptance.history, "--out", "run", "--ruleset", "notebook")
    return "run"


def test_sends_the_notebooks_alert_and_says_to_whom(pricewatch, run, server, acceptance):
    done = pricewatch("mail", run)
    assert (done.code, done.err) == (0, "")
    assert done.out == "sent to desk@example.com: Stock Anomaly Alert - 2022-09-26\n"
    message = email.message_from_bytes(server.messages[0].raw, policy=email.policy.default)
    assert message["Subject"] == "Stock Anomaly Alert - 2022-09-26"
    lines = message.get_body(("plain",)).get_content().splitlines()
    assert lines == ["📅 Detected 14 anomalies on 2022-09-26:", "", *acceptance.lines]


def test_other_recipients_may_be_said(pricewatch, run, server):
    done = pricewatch("mail", run, "--to", "a@example.com", "--to", "b@example.com", "--json")
    assert json.loads(done.out)["recipients"] == ["a@example.com", "b@example.com"]
    assert server.messages[0].recipients == ("a@example.com", "b@example.com")


@pytest.mark.parametrize(
    ("variable", "value", "code", "says"),
    [
        ("PORT", "9", 4, "0 of 1 recipients reached in 1 attempt"),
        ("PASSWORD", "hunter2", 4, "the login of pricewatch was refused with 535"),
        ("RECIPIENTS", "nobody@example.com", 4, "550 5.1.1 No such user"),
        ("RECIPIENTS", None, 2, "mail.recipients: nobody to write to"),
        ("CA_FILE", None, 4, "certificate"),
        ("PORT", "smtp", 2, "PRICEWATCH_MAIL_PORT: what is given is not a whole number"),
    ],
)
def test_what_is_wrong_is_one_line_and_the_run_is_still_there(
    pricewatch, run, server, monkeypatch, tmp_path, variable, value, code, says
):
    if value is None:
        monkeypatch.delenv(f"PRICEWATCH_MAIL_{variable}")
    else:
        monkeypatch.setenv(f"PRICEWATCH_MAIL_{variable}", value)
    line = pricewatch("mail", run).failed(code)
    assert says in line
    assert "hunter2" not in line
    assert server.messages == []
    assert (tmp_path / "run/summary.json").is_file()


def test_a_run_that_is_not_there_is_one_line(pricewatch, server):
    assert "no finished run at none" in pricewatch("mail", "none").failed(3)
    assert server.messages == []


def test_no_password_can_be_said_as_a_flag(pricewatch, run, server):
    assert "there is no flag --password" in pricewatch("mail", run, "--password", "x").failed(2)
    assert server.messages == []
