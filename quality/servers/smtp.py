"""A mail server on this machine, with TLS and a login, for the demo and the tests."""

from __future__ import annotations

import asyncio
import logging
import secrets
import tempfile
import threading
from collections import Counter
from collections.abc import Set as AbstractSet
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

from quality.errors import UsageError

if TYPE_CHECKING:
    import ssl

    from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

_ADDRESS = "127.0.0.1"
_MOST_BYTES = 33_554_432


@dataclass(frozen=True)
class Received:
    """Hold a message as it arrived: its bytes, and the addresses of its envelope."""

    raw: bytes
    sender: str
    recipients: tuple[str, ...]


class SmtpServer:
    """Run a mail server on a free port of the loopback address for the length of a `with` block.

    `host`, `port`, `user`, `password` and `ca_file` (PEM) say how to reach it; `messages` holds what it has
    accepted, in order. It fails on demand: `refuse` are recipients answered 550; the first `greylist` tries
    for each recipient are answered 451; each message is accepted `delay` seconds late; those above `most_bytes`
    are answered 552, which the greeting says where `advertises`; the first `drop` messages end the connection
    instead of an answer. Raise UsageError where the extra `demo` is not installed.
    """

    def __init__(
        self,
        *,
        refuse: AbstractSet[str] = frozenset(),
        greylist: int = 0,
        delay: float = 0.0,
        most_bytes: int | None = None,
        advertises: bool = True,
        drop: int = 0,
        security: Literal["tls", "starttls"] = "tls",
    ) -> None:
        self.host = _ADDRESS
        self.port = 0
        self.user = "pricewatch"
        self.password = secrets.token_urlsafe(16)
        self.ca_file = ""
        self.messages: list[Received] = []
        self._mailbox = _Mailbox(self.messages, refuse, greylist, delay)
        self._mailbox.most_bytes = None if advertises else most_bytes
        self._mailbox.drop = drop
        self._advertised = most_bytes if advertises else None
        self._security = security
        self._resources = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as resources:
            folder = resources.enter_context(tempfile.TemporaryDirectory(prefix="pricewatch-smtp-"))
            self.ca_file = str(Path(folder, "ca.pem"))
            context = _certified(self.ca_file)
            # aiosmtpd warns of a deprecation of its own at each login.
            logging.getLogger("mail.log").setLevel(logging.ERROR)
            started: Future[_Running] = Future()
            thread = threading.Thread(target=self._run, args=(context, started), name="local-smtp")
            thread.start()
            resources.callback(thread.join)
            running = started.result()
            resources.callback(running.loop.call_soon_threadsafe, running.stop.set)
            self.port = running.port
            self._resources = resources.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()

    def _run(self, context: ssl.SSLContext, started: Future[_Running]) -> None:
        """Serve in a loop of this thread's own; a failure to start goes to the thread that waits."""
        try:
            asyncio.run(self._serve(context, started))
        except Exception as error:
            if started.done():
                raise
            started.set_exception(error)

    async def _serve(self, context: ssl.SSLContext, started: Future[_Running]) -> None:
        """Accept connections until told to stop, then cut those that are open."""
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        sessions: list[SMTP] = []

        def session() -> SMTP:
            sessions.append(self._session(context))
            return sessions[-1]

        tls = context if self._security == "tls" else None
        server = await loop.create_server(session, _ADDRESS, 0, ssl=tls)
        started.set_result(_Running(loop, stop, server.sockets[0].getsockname()[1]))
        await stop.wait()
        server.close()
        for open_session in sessions:
            if isinstance(open_session.transport, asyncio.WriteTransport):
                open_session.transport.abort()
        while any(open_session.transport for open_session in sessions):  # noqa: ASYNC110 - aiosmtpd has no event
            await asyncio.sleep(0.01)

    def _session(self, context: ssl.SSLContext) -> SMTP:
        """Return the protocol of one connection."""
        from aiosmtpd.smtp import SMTP  # noqa: PLC0415 - an optional dependency

        return SMTP(
            self._mailbox,
            hostname="localhost",
            tls_context=context if self._security == "starttls" else None,
            require_starttls=self._security == "starttls",
            auth_require_tls=self._security == "starttls",  # aiosmtpd cannot see TLS that was there before it
            authenticator=self._authenticate,
            data_size_limit=_MOST_BYTES if self._advertised is None else self._advertised,
        )

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, login: LoginPassword
    ) -> AuthResult:
        from aiosmtpd.smtp import AuthResult  # noqa: PLC0415 - an optional dependency

        known = (login.login, login.password) == (self.user.encode(), self.password.encode())
        return AuthResult(success=known, handled=False)


@dataclass(frozen=True)
class _Running:
    """Hold what the starting thread needs to know of a server that listens."""

    loop: asyncio.AbstractEventLoop
    stop: asyncio.Event
    port: int


class _Mailbox:
    """Answer the commands of all connections; the names of the methods are aiosmtpd's."""

    def __init__(self, messages: list[Received], refuse: AbstractSet[str], greylist: int, delay: float) -> None:
        self._messages = messages
        self._refuse = refuse
        self._greylist = greylist
        self._delay = delay
        self._tries: Counter[str] = Counter()
        self.most_bytes: int | None = None
        self.drop = 0

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self._tries[address] += 1
        if address in self._refuse:
            return "550 5.1.1 No such user"
        if self._tries[address] <= self._greylist:
            return "451 4.7.1 Greylisted, try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.sleep(self._delay)
        if self.drop:
            self.drop -= 1
            if isinstance(server.transport, asyncio.WriteTransport):
                server.transport.abort()
            return "421 4.3.2 Gone"
        if self.most_bytes is not None and len(envelope.original_content or b"") > self.most_bytes:
            return "552 5.3.4 Message too big"
        raw, sender = envelope.original_content or b"", envelope.mail_from or ""
        self._messages.append(Received(raw, sender, tuple(envelope.rcpt_tos)))
        return "250 OK"


def _certified(ca_file: str) -> ssl.SSLContext:
    """Return a server's TLS context for the loopback address; write its CA to `ca_file`."""
    import ssl  # noqa: PLC0415 - only who starts a server pays for it

    try:
        import aiosmtpd.smtp  # noqa: F401, PLC0415 - asked for here, so that one error covers the extra
        import trustme  # noqa: PLC0415 - an optional dependency
    except ModuleNotFoundError as error:
        raise UsageError("the demo needs the extra: pip install 'pricewatch-panel[demo]'") from error
    authority = trustme.CA()
    authority.cert_pem.write_to_path(ca_file)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost", _ADDRESS).configure_cert(context)
    return context
