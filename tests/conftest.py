"""Servers that every test may use: one S3 server a session, one fresh bucket a test."""

import secrets
from collections.abc import Iterator

import pytest

from quality.local_s3 import S3Server


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


@pytest.fixture
def bucket(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a fresh bucket; the environment leads to its server."""
    name = f"test-{secrets.token_hex(6)}"
    s3_server.create_bucket(name)
    for variable in ("AWS_ENDPOINT_URL_S3", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in s3_server.environment().items():
        monkeypatch.setenv(variable, value)
    return f"s3://{name}"
