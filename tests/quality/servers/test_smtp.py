"""The local mail server: it takes mail over TLS after a login, fails on demand, and leaves nothing behind."""

import smtplib
import socket
import ssl
import sys
import threading
from pathlib import Path

import pytest

from quality.errors import UsageError
from quality.servers.smtp import Received, SmtpServer

TEXT = b"Subject: hello\r\n\r\nFrom me\r\n.dot\r\n"


def connected(server):
    context = ssl.create_default_context(cafile=server.ca_file)
    return smtplib.SMTP_SSL("localhost", server.port, timeout=5, context=context)


def logged_in(server):
    client = connected(server)
    client.login(server.user, server.password)
    return client


def test_keeps_the_bytes_and_the_envelope_of_each_message():
    with SmtpServer() as server, logged_in(server) as client:
        client.sendmail("a@example.com", ["b@example.com", "c@example.com"], TEXT)
        client.sendmail("a@example.com", ["d@example.com"], TEXT)
        assert server.messages == [
            Received(TEXT, "a@example.com", ("b@example.com", "c@example.com")),
            Received(TEXT, "a@example.com", ("d@example.com",)),
        ]


def test_takes_no_mail_before_a_login():
    with SmtpServer() as server, connected(server) as client:
        with pytest.raises(smtplib.SMTPSenderRefused, match="530"):
            client.sendmail("a@example.com", ["b@example.com"], TEXT)
        assert server.messages == []


def test_refuses_a_wrong_password():
    refused = pytest.raises(smtplib.SMTPAuthenticationError, match="535")
    with SmtpServer() as server, connected(server) as client, refused:
        client.login(server.user, "wrong")


def test_takes_starttls_where_asked_and_no_login_before_it():
    with (
        SmtpServer(security="starttls") as server,
        smtplib.SMTP(server.host, server.port, timeout=5) as client,
    ):
        with pytest.raises(smtplib.SMTPNotSupportedError):
            client.login(server.user, server.password)
        client.starttls(context=ssl.create_default_context(cafile=server.ca_file))
        client.login(server.user, server.password)
        client.sendmail("a@example.com", ["b@example.com"], TEXT)
        assert [message.raw for message in server.messages] == [TEXT]


def test_refuses_and_greylists_the_recipients_it_is_told_to():
    with SmtpServer(refuse={"bad@example.com"}, greylist=1) as server, logged_in(server) as client:
        for answer in (451, 250):
            client.mail("a@example.com")
            assert client.rcpt("bad@example.com")[0] == 550
            assert client.rcpt("good@example.com")[0] == answer
            client.rset()


def test_accepts_late_where_told_to():
    with SmtpServer(delay=5) as server, logged_in(server) as client:
        client.sock.settimeout(0.2)
        with pytest.raises(smtplib.SMTPServerDisconnected):
            client.sendmail("a@example.com", ["b@example.com"], TEXT)
        assert server.messages == []


def test_stops_with_a_client_connected_and_leaves_no_port_thread_or_file():
    before = threading.active_count()
    with SmtpServer() as server:
        client = logged_in(server)
        port, ca_file = server.port, Path(server.ca_file)
        assert ca_file.read_text().startswith("-----BEGIN CERTIFICATE-----")
    client.close()
    assert threading.active_count() == before
    assert not ca_file.exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((server.host, port), timeout=1)


def test_stops_after_an_error_in_the_block():
    before = threading.active_count()
    with pytest.raises(RuntimeError, match="the demo broke"), SmtpServer():
        raise RuntimeError("the demo broke")
    assert threading.active_count() == before


def test_two_servers_share_neither_port_nor_password():
    with SmtpServer() as one, SmtpServer() as other:
        assert one.port != other.port
        assert one.password != other.password


@pytest.mark.parametrize("module", ["aiosmtpd.smtp", "trustme"])
def test_names_the_extra_that_is_missing(module, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UsageError, match=r"pip install 'pricewatch-panel\[demo\]'"), SmtpServer():
        pass
