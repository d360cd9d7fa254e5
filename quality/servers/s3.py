"""An S3 server on this machine, for the demo and the tests: it checks signatures and policies."""

import json
import os
import secrets
import socket
import subprocess
import sys
import time
from importlib.util import find_spec
from types import TracebackType
from typing import Any, Self

from quality.errors import QualityError, UsageError
from quality.storage import S3Options

START_SECONDS = 60.0
STOP_SECONDS = 5.0
_HOST = "127.0.0.1"
_USER = "pricewatch"
_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["s3:*", "iam:*"], "Resource": "*"}],
}
# The server ends with the pipe to its standard input, so that it cannot outlive a killed parent.
_PROGRAM = """
import os, sys, threading
from moto.server import main
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
main(sys.argv[1:])
"""


class S3Server:
    """A child process that serves S3 while the context lasts; its content ends with it.

    `endpoint`, `access_key` and `secret_key` are set on entry. Entering raises UsageError without the
    extra `demo`, QualityError where the server does not start.
    """

    region = "us-east-1"

    def __init__(self) -> None:
        self.endpoint = ""
        self.access_key = ""
        self.secret_key = ""
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        if not all(find_spec(name) for name in ("moto", "flask")):
            raise UsageError("the demo needs the extra: pip install 'pricewatch-panel[demo]'")
        port = free_port()
        self.endpoint = f"http://{_HOST}:{port}"
        self._process = _start(port)
        try:
            _wait_until_it_answers(self._process, port)
            self._create_user()
        except BaseException:
            _stop(self._process)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process:
            _stop(self._process)

    def environment(self) -> dict[str, str]:
        """Return the variables that lead boto3, and so this program, to the server."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def create_bucket(self, name: str) -> None:
        """Create an empty bucket."""
        self._client("s3").create_bucket(Bucket=name)

    def _create_user(self) -> None:
        """Spend the three requests that need no signature; from the fourth on, every one is checked."""
        self.access_key = self.secret_key = secrets.token_hex(8)
        users = self._client("iam")
        users.create_user(UserName=_USER)
        made = users.create_access_key(UserName=_USER)["AccessKey"]
        users.put_user_policy(UserName=_USER, PolicyName=_USER, PolicyDocument=json.dumps(_POLICY))
        self.access_key, self.secret_key = made["AccessKeyId"], made["SecretAccessKey"]

    def _client(self, service: str) -> Any:  # noqa: ANN401  (boto3 makes its classes at run time)
        from quality.storage.s3_client import make_client  # noqa: PLC0415  (boto3 is slow to import)

        return make_client(
            S3Options(endpoint_url=self.endpoint, region=self.region),
            service,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
        )


def free_port() -> int:
    """Give a port of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


def _start(port: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  (our own interpreter and text)
        [sys.executable, "-c", _PROGRAM, "-H", _HOST, "-p", str(port)],
        env={**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": "3"},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _wait_until_it_answers(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(port):
        if process.poll() is not None:
            raise QualityError(f"the local S3 server ended at once, with exit code {process.returncode}")
        if time.monotonic() > deadline:
            raise QualityError(f"the local S3 server did not answer within {START_SECONDS:.0f} s")
        time.sleep(0.05)


def _answers(port: int) -> bool:
    # A bare connection: a request might count as one of the unsigned three.
    try:
        socket.create_connection((_HOST, port), timeout=5).close()
    except OSError:
        return False
    return True


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin:
        process.stdin.close()
