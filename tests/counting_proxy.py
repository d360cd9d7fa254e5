"""A door before a server that counts what passes: requests by kind and path, and the bytes of the answers."""

import re
import socket
import threading
from collections import Counter
from contextlib import suppress
from typing import Self
from urllib.parse import unquote, urlsplit

_REQUEST = re.compile(rb"(GET|PUT|HEAD|POST|DELETE) (\S+) HTTP/1\.1\r\n")
_AT_ONCE = 1 << 16


class CountingProxy:
    """Passes connections on to a server, unread but for the first lines of requests.

    Attributes:
        requests: By method and path, how many there were.
        received: Bytes of all answers, with their heads.

    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._server = (parts.hostname, parts.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.requests: Counter[tuple[str, str]] = Counter()
        self.received = 0
        self._counting = threading.Lock()
        self._ends: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        for end in (self._listener, *self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for end in (self._listener, *self._ends):
            end.close()

    def _start(self, work, *arguments: object) -> None:
        self._threads.append(threading.Thread(target=work, args=arguments))
        self._threads[-1].start()

    def _accept(self) -> None:
        with suppress(OSError):  # the listener is shut
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server)
                self._ends += [client, server]
                self._start(self._pass_on, client, server, self._count_request)
                self._start(self._pass_on, server, client, self._count_answer)

    @staticmethod
    def _pass_on(source: socket.socket, sink: socket.socket, count) -> None:
        with suppress(OSError):
            while data := source.recv(_AT_ONCE):
                count(data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def _count_request(self, data: bytes) -> None:
        with self._counting:
            for method, path in _REQUEST.findall(data):
                self.requests[method.decode(), unquote(urlsplit(path.decode()).path)] += 1

    def _count_answer(self, data: bytes) -> None:
        with self._counting:
            self.received += len(data)
