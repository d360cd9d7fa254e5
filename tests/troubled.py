"""A proxy before a real S3 server that makes the trouble a test asks for."""

import http.client
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ERROR = '<?xml version="1.0"?><Error><Code>{}</Code><Message>no</Message></Error>'


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str]
    number: int
    seconds: float
    """Since the proxy was started."""


@dataclass
class Troubled:
    """The proxy: where it listens, and the requests that it saw."""

    endpoint: str = ""
    seen: list[Request] = field(default_factory=list)

    def count(self, method: str) -> int:
        return sum(request.method == method for request in self.seen)


# What a trouble may answer: None (forward), an error to send, or "drop" the connection, or "lose" the answer.
Trouble = Callable[[Request], tuple[int, str] | str | None]


@contextmanager
def troubled(endpoint: str, trouble: Trouble) -> Iterator[Troubled]:
    proxy = Troubled()
    server = _Server(endpoint, trouble, proxy)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    proxy.endpoint = f"http://127.0.0.1:{server.server_port}"
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, endpoint: str, trouble: Trouble, proxy: Troubled) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.endpoint, self.trouble, self.proxy = endpoint, trouble, proxy
        self.began, self.lock = time.monotonic(), threading.Lock()

    def note(self, method: str, path: str, headers: Mapping[str, str]) -> Request:
        with self.lock:
            request = Request(method, path, headers, len(self.proxy.seen) + 1, time.monotonic() - self.began)
            self.proxy.seen.append(request)
            return request

    def handle_error(self, *_: object) -> None:
        pass  # a client that went away is what some tests are about


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def log_message(self, *_: object) -> None:
        pass

    def parse_request(self) -> bool:
        with suppress(ConnectionError):
            return super().parse_request()
        return False

    def handle_expect_100(self) -> bool:
        return True  # the body is read, whatever comes of it

    def do(self) -> None:
        request = self.server.note(self.command, self.path, self.headers)
        if self.headers.get("Expect"):
            self.send_response_only(100)
            self.end_headers()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        wanted = self.server.trouble(request)
        if wanted == "drop":
            self.close_connection = True
            return
        if isinstance(wanted, tuple):
            self.answer(wanted[0], {"Content-Type": "application/xml"}, ERROR.format(wanted[1]).encode())
            return
        status, headers, content = self.forward(body)
        if wanted == "lose":
            self.close_connection = True
            return
        self.answer(status, headers, content)

    def forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        server = http.client.HTTPConnection(*_split(self.server.endpoint), timeout=20)
        try:
            server.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in ("expect", "connection"):
                    server.putheader(name, value)
            server.endheaders(body or None)
            answer = server.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            server.close()

    def answer(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        length = headers.get("Content-Length") if self.command == "HEAD" else len(content)
        self.send_header("Content-Length", str(length or 0))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_PUT = do_DELETE = do_HEAD = do_POST = do  # noqa: N815


def _split(endpoint: str) -> tuple[str, int]:
    host, _, port = endpoint.removeprefix("http://").rpartition(":")
    return host, int(port)
