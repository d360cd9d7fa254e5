"""The mail door: what arrives, and what is said when nothing does."""

import asyncio
import contextlib
import datetime as dt
import email
import email.policy
import logging
import socket
import subprocess
import sys
import threading
import traceback

import pytest

from quality.delivery.alert_texts import daily_alert
from quality.delivery.mail_message import Attachment, compose
from quality.delivery.smtp import SmtpSettings, send
from quality.errors import DeliveryError, UsageError
from quality.servers.smtp import SmtpServer

DAY = dt.date(2022, 9, 26)
GOOD, BAD, OTHER = "good@example.com", "bad@example.com", "other@example.com"
PASSWORD = "correct horse battery"


@pytest.fixture
def server():
    with SmtpServer() as running:
        yield running


def settings_for(server, **changes):
    values = {
        "host": server.host,
        "port": server.port,
        "user": server.user,
        "password": server.password,
        "sender": "alerts@example.com",
        "recipients": (GOOD,),
        "timeout": 5.0,
        "ca_file": server.ca_file,
    }
    return SmtpSettings(**values | changes)


def anywhere(**changes):
    """Settings of a server that nobody connects to, or that takes no login."""
    return SmtpSettings(**{"host": "127.0.0.1", "sender": "alerts@example.com", "recipients": (GOOD,)} | changes)


def delivered(server, body="body\n", attachments=(), **changes):
    """Send over the server; return the one message that arrived, parsed, and the pauses on the way."""
    chosen, pauses = settings_for(server, **changes), []
    send(compose("subject", body, chosen, attachments), chosen, sleep=pauses.append)
    (received,) = server.messages
    return email.message_from_bytes(received.raw, policy=email.policy.default), pauses


def failed(chosen):
    """Send in vain; return the error's one line and the pauses on the way."""
    pauses = []
    with pytest.raises(DeliveryError) as raised:
        send(compose("subject", "body\n", chosen), chosen, sleep=pauses.append)
    assert len(str(raised.value).splitlines()) == 1
    return str(raised.value), pauses


@contextlib.contextmanager
def listening(greeting=None):
    """A port that takes connections and never speaks, or says `greeting` to each and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=greet, args=(listener, greeting))
        if greeting is not None:
            thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        if greeting is not None:
            thread.join()


def greet(listener, greeting):
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(greeting)


# What arrives


def test_an_alert_arrives_to_the_letter(server):
    chosen = settings_for(server, recipients=(GOOD, OTHER))
    subject, body = daily_alert(DAY, [("ST0018", "Zero Price (value=0.00)")])
    send(compose(subject, body, chosen), chosen)
    (received,) = server.messages
    message = email.message_from_bytes(received.raw, policy=email.policy.default)
    assert (received.sender, received.recipients) == ("alerts@example.com", (GOOD, OTHER))
    assert message["Subject"] == "Stock Anomaly Alert - 2022-09-26"
    assert (message["From"], message["To"]) == ("alerts@example.com", f"{GOOD}, {OTHER}")
    assert message["Message-ID"].endswith("@example.com>")
    assert message["Date"].datetime.tzinfo is not None
    assert message.get_content_type() == "text/plain"
    assert message.get_content_charset() == "utf-8"
    assert message.get_content() == body


@pytest.mark.parametrize(
    "body",
    [
        "From me\n.\n..\n.dot\nFrom  you\n",
        "x" * 5_000 + "\n" + "é" * 5_000,
        "no newline at the end",
        "spaces at the end   \n\ttab\r\n\n\n",
        "",
    ],
)
def test_awkward_text_arrives_byte_for_byte(server, body):
    message, _ = delivered(server, body)
    assert message.get_content() == body
    assert max(map(len, server.messages[0].raw.splitlines())) <= 998


def test_attachments_arrive_intact(server):
    table = Attachment("anomalies.csv", "Ticker/Key,Issue\r\nÉ株,From .\r\n.\r\n".encode(), "text/csv")
    noise = Attachment("../été\n.bin", bytes(range(256)) * 100, "application/octet-stream")
    message, _ = delivered(server, attachments=[table, noise])
    one, other = message.iter_attachments()
    assert (one.get_filename(), one.get_content_type()) == ("anomalies.csv", "text/csv")
    assert one.get_payload(decode=True) == table.data
    assert (other.get_filename(), other.get_content()) == (r".._été_n.bin", noise.data)
    assert message.get_body().get_content() == "body\n"


def test_what_does_not_fit_is_named_and_the_rest_attached():
    small, large = (
        Attachment("a.csv", b"12345", "text/csv"),
        Attachment("b\n.csv", bytes(1_200_000), "text/csv"),
    )
    message = compose("s", "body\n", anywhere(), [large, small], max_attachment_bytes=5, where="s3://bucket/run")
    assert [part.get_filename() for part in message.iter_attachments()] == ["a.csv"]
    note = "\nnot attached: b\\n.csv, 1.2 MB; it is in s3://bucket/run\n"
    assert message.get_body().get_content() == "body\n" + note


def test_attachments_share_one_limit():
    files = [Attachment(name, b"1234", "text/csv") for name in ("a.csv", "b.csv", "c.csv")]
    message = compose("s", "body\n", anywhere(), files, max_attachment_bytes=8)
    assert [part.get_filename() for part in message.iter_attachments()] == ["a.csv", "b.csv"]
    assert "not attached: c.csv, 0.0 kB; it is in the run's folder" in message.get_body().get_content()


def test_no_subject_becomes_a_header():
    message = compose("Alert\r\nBcc: x@y.example", "body\n", anywhere())
    assert message["Bcc"] is None
    assert message["Subject"] == r"Alert\r\nBcc: x@y.example"


def test_text_that_is_no_unicode_is_sent_as_escapes():
    assert compose("s", "a\ud800\n", anywhere()).get_content() == "a\\ud800\n"


def test_starttls_works_too():
    with SmtpServer(security="starttls") as server:
        message, _ = delivered(server, security="starttls")
        assert message.get_content() == "body\n"


# What is tried again


def test_greylisting_is_waited_out_with_growing_pauses():
    with SmtpServer(greylist=2) as server:
        _, pauses = delivered(server)
    first, second = pauses
    assert 2.5 <= first <= 5
    assert 45 <= second <= 90


def test_the_schedule_of_tries_is_a_setting():
    with SmtpServer(greylist=4) as server:
        _, pauses = delivered(server, retry_after=(1.0, 2.0, 60.0, 600.0))
    assert [0.5, 1, 30, 300] <= pauses <= [1, 2, 60, 600]
    with SmtpServer(greylist=3) as server:
        _, pauses = delivered(server, attempts=4)
    assert [1, 2, 4] <= pauses <= [2, 4, 8]


@pytest.mark.parametrize("says_so", [True, False], ids=["advertised", "552 after the data"])
def test_a_mail_that_is_too_large_goes_out_smaller(says_so):
    with SmtpServer(most_bytes=20_000, advertises=says_so) as server:
        chosen = settings_for(server)
        large, small = (
            compose("subject", "body\n", chosen, [Attachment("a.csv", bytes(size), "text/csv")])
            for size in (90_000, 90)
        )
        send(large, chosen, smaller=[small])
        (received,) = server.messages
    message = email.message_from_bytes(received.raw, policy=email.policy.default)
    assert [len(part.get_content()) for part in message.iter_attachments()] == [90]


def test_a_mail_that_is_too_large_however_small_is_refused_at_once():
    with SmtpServer(most_bytes=100) as server:
        text, pauses = failed(settings_for(server))
    assert "552" in text
    assert pauses == []


def test_a_connection_that_drops_after_the_data_is_tried_again_under_the_same_id():
    with SmtpServer(drop=1) as server:
        message, pauses = delivered(server)
    assert len(pauses) == 1
    assert message["Message-ID"]


def test_one_bad_recipient_of_two_is_named_and_the_good_one_written_to_once():
    with SmtpServer(refuse={BAD}) as server:
        text, pauses = failed(settings_for(server, recipients=(BAD, GOOD)))
        assert [message.recipients for message in server.messages] == [(GOOD,)]
    assert pauses == []
    assert "1 of 2 recipients reached in 1 attempt" in text
    assert f"{BAD}: the server answered 550 5.1.1 No such user" in text
    assert GOOD not in text


def test_a_retry_goes_only_to_those_who_may_still_be_reached():
    with SmtpServer(refuse={BAD}, greylist=1) as server:
        server._mailbox._tries[GOOD] = 1
        text, pauses = failed(settings_for(server, recipients=(GOOD, BAD, OTHER, GOOD)))
        assert [message.recipients for message in server.messages] == [(GOOD,), (OTHER,)]
    assert len(pauses) == 1
    assert "2 of 3 recipients reached in 2 attempts" in text
    assert BAD in text
    assert OTHER not in text


def test_nobody_is_forgotten_by_a_server_that_hangs_up_between_recipients(server, monkeypatch):
    accept = server._mailbox.handle_RCPT
    answers = iter(["250 OK", "421 4.3.2 Shutting down"])

    async def handle(*arguments):
        return next(answers, None) or await accept(*arguments)

    monkeypatch.setattr(server._mailbox, "handle_RCPT", handle)
    _, pauses = delivered(server, recipients=(GOOD, OTHER))
    assert len(pauses) == 1
    assert server.messages[0].recipients == (GOOD, OTHER)


def test_a_server_that_never_says_goodbye_gets_the_message_once(server, monkeypatch):
    async def handle(*_):
        await asyncio.sleep(60)

    monkeypatch.setattr(server._mailbox, "handle_QUIT", handle, raising=False)
    _, pauses = delivered(server, timeout=1.0)
    assert pauses == []


def test_a_silent_server_is_given_up_after_the_last_attempt():
    with listening() as port:
        text, pauses = failed(anywhere(port=port, timeout=0.1))
    assert f"127.0.0.1:{port}: 0 of 1 recipients reached in 4 attempts: no answer within 0.1 s" in text
    assert len(pauses) == 3


def test_a_server_that_goes_silent_before_it_accepts_is_a_time_out_too():
    with SmtpServer(delay=5) as server:
        text, _ = failed(settings_for(server, timeout=0.3, attempts=2))
        assert "2 attempts: no answer within 0.3 s" in text


def test_a_refused_connection_is_tried_again():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    text, pauses = failed(anywhere(port=port))
    assert "4 attempts: Connection refused (check host, port" in text
    assert len(pauses) == 3


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_dropped_connection_is_tried_again(security):
    with listening(b"") as port:
        text, pauses = failed(anywhere(port=port, security=security, attempts=2))
    assert "in 2 attempts" in text
    assert "hung up" in text or "reset" in text
    assert len(pauses) == 1


# What is not


def test_a_wrong_password_is_not_tried_again(server):
    text, pauses = failed(settings_for(server, password="wrong"))
    assert "in 1 attempt: the login of pricewatch was refused with 535" in text
    assert "app password" in text
    assert pauses == []


def test_an_untrusted_certificate_is_refused_without_sending(server):
    text, pauses = failed(settings_for(server, ca_file=None))
    assert "in 1 attempt: its certificate is not trusted" in text
    assert "ca_file" in text
    assert (pauses, server.messages) == ([], [])


def test_a_certificate_for_another_host_is_refused(server):
    text, pauses = failed(settings_for(server, host="127.1"))  # the same address by a name not certified
    assert "its certificate is not trusted" in text
    assert (pauses, server.messages) == ([], [])


def test_a_server_without_tls_is_not_trusted_with_a_login():
    with SmtpServer(security="starttls") as server:
        text, pauses = failed(settings_for(server))
    assert "TLS failed" in text
    assert "port 587 starttls" in text
    assert pauses == []


def test_a_server_without_starttls_is_not_trusted_with_a_login():
    with listening(b"220 hello\r\n250 hello\r\n") as port:
        text, pauses = failed(anywhere(port=port, security="starttls", user="u", password=PASSWORD))
    assert "STARTTLS extension not supported" in text
    assert pauses == []


def test_what_is_no_mail_server_is_named_so():
    with listening(b"HTTP/1.1 400 Bad Request\r\n") as port:
        text, pauses = failed(anywhere(port=port, security="starttls"))
    assert "no SMTP server" in text
    assert pauses == []


def test_a_login_that_a_server_wants_is_asked_for(server):
    text, _ = failed(settings_for(server, user=None, password=None))
    assert "530 5.7.0 Authentication required" in text


def test_an_answer_cannot_write_to_the_terminal(server, monkeypatch):
    async def handle(*_):
        return b"554 \x1b[31mno\r"

    monkeypatch.setattr(server._mailbox, "handle_MAIL", handle)
    assert r"answered 554 \x1b[31mno (" in failed(settings_for(server))[0]


def test_a_ca_file_that_holds_no_certificate_is_named(tmp_path):
    path = tmp_path / "ca.pem"
    path.write_text("nothing")
    assert "ca_file" in failed(anywhere(ca_file=str(path)))[0]


# Secrets and settings


@pytest.mark.parametrize("code", ["454", "535"])
def test_no_secret_is_told_even_where_the_server_echoes_it(server, monkeypatch, caplog, code):
    async def handle(_server, _session, _envelope, arguments):
        return f"{code} cannot {' '.join(arguments)} {PASSWORD}"

    monkeypatch.setattr(server._mailbox, "handle_AUTH", handle, raising=False)
    caplog.set_level(logging.DEBUG)
    chosen = settings_for(server, password=PASSWORD, attempts=2)
    with pytest.raises(DeliveryError) as raised:
        send(compose("subject", "body\n", chosen), chosen, sleep=lambda _: None)
    told = caplog.text + repr(chosen) + str(chosen) + "".join(traceback.format_exception(raised.value))
    assert PASSWORD not in told
    assert "PLAIN" not in told


@pytest.mark.parametrize(
    ("setting", "changes"),
    [
        ("recipients", {"recipients": ()}),
        ("recipients", {"recipients": (GOOD, "x@example.com\nBcc: y@example.com")}),
        ("recipients", {"recipients": (GOOD + ", " + OTHER,)}),
        ("recipients", {"recipients": (GOOD + "," + OTHER,)}),
        ("recipients", {"recipients": ("nobody",)}),
        ("sender", {"sender": ""}),
        ("sender", {"sender": "jürgen@example.com"}),
        ("sender", {"sender": "alerts@example.com\r"}),
        ("password", {"user": "u"}),
        ("password", {"user": "u", "password": ""}),
        ("password", {"user": "u", "password": PASSWORD + "é"}),
        ("password", {"user": "u", "password": PASSWORD + "\n"}),
        ("user", {"password": PASSWORD}),
        ("user", {"user": "ü", "password": PASSWORD}),
        ("host", {"host": ""}),
        ("host", {"host": "smtp..example.com"}),
        ("host", {"host": "smtp.example.com\n"}),
        ("port", {"port": 0}),
        ("port", {"port": 65_536}),
        ("timeout", {"timeout": 0}),
        ("timeout", {"timeout": float("nan")}),
        ("attempts", {"attempts": 0}),
        ("security", {"security": "none"}),
        ("ca_file", {"ca_file": "no/such/file.pem"}),
    ],
)
def test_a_setting_that_cannot_work_is_named(setting, changes):
    with pytest.raises(UsageError, match=rf"\A{setting}: .+\Z") as raised:
        anywhere(**changes)
    assert PASSWORD not in "".join(traceback.format_exception(raised.value))


def test_gmail_is_the_default():
    chosen = SmtpSettings(sender=GOOD, recipients=(GOOD,))
    assert (chosen.host, chosen.port, chosen.security) == ("smtp.gmail.com", 465, "tls")


def test_importing_the_door_does_not_import_smtplib():
    heavy = "{'smtplib', 'ssl', 'email.message'}"
    command = f"import sys, quality.delivery.smtp; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", command], text=True) == "[]\n"


@pytest.mark.parametrize(
    "changes",
    [
        {"host": "hunter2 S3CR3T"},
        {"security": "hunter2 S3CR3T"},
        {"ca_file": "hunter2 S3CR3T"},
        {"sender": "hunter2 S3CR3T"},
        {"recipients": ("a@example.com", "hunter2 S3CR3T")},
        {"user": "hunter2 S3CR3T"},
        {"password": "hunter2 S3CR3T"},
        {"user": "a", "password": "hunter2 S3CR3T ü"},
    ],
)
def test_a_secret_in_the_wrong_place_is_not_shown(changes):
    with pytest.raises(UsageError) as raised:
        anywhere(**changes)
    assert "S3CR3T" not in str(raised.value)
    assert str(raised.value).partition(":")[0] in ("user", "password", *changes)
