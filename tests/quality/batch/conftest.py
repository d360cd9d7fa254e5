"""A batch as a test describes it, and the mail server that it writes to."""

import email
import email.policy
from dataclasses import dataclass

import pytest

from quality.batch.config import BatchConfig, Task
from quality.batch.run import run_batch
from quality.servers.smtp import SmtpServer
from quality.settings import Settings


@pytest.fixture(scope="session")
def smtp_server():
    with SmtpServer() as running:
        yield running


@dataclass
class Mailbox:
    server: SmtpServer
    settings: dict

    @property
    def messages(self):
        return [email.message_from_bytes(each.raw, policy=email.policy.default) for each in self.server.messages]

    @property
    def subjects(self):
        return [message["Subject"] for message in self.messages]

    @property
    def recipients(self):
        return [each.recipients for each in self.server.messages]

    def text(self, number=-1):
        return self.messages[number].get_body(("plain",)).get_content()


@pytest.fixture
def mailbox(smtp_server):
    smtp_server.messages.clear()
    return Mailbox(smtp_server, settings_of(smtp_server))


def settings_of(server):
    return {
        "host": server.host,
        "port": server.port,
        "user": server.user,
        "password": server.password,
        "sender": "alerts@example.com",
        "recipients": ("desk@example.com",),
        "ca_file": server.ca_file,
        "attempts": 1,
    }


@pytest.fixture
def batch():
    """Run one task, and give its outcomes."""

    def run(*days, settings=None, timezone=None, **task):
        given = {"name": "prices", "jobs": ("scan",)} | task
        config = BatchConfig((Task(**given),), timezone)
        return run_batch(config, settings or Settings(), days)

    return run
