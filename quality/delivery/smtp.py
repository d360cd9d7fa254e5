"""The one door to SMTP: messages are sent over TLS, once, or fail with a reason."""
# ruff: noqa: PLC0415, TID251 -- this is SMTP's one door; smtplib and email cost 60 ms, paid only by who mails

from __future__ import annotations

import contextlib
import logging
import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from quality.errors import DeliveryError, UsageError
from quality.text import visible

if TYPE_CHECKING:
    import ssl
    from email.message import EmailMessage


_log = logging.getLogger(__name__)


_ADDRESS = re.compile(r"[!-~]+@[A-Za-z0-9.-]+")


_ADDRESS_SYNTAX = frozenset('<>()[],;:\\"')


_MOST_DOUBLINGS = 6


_SHOWN_ANSWER = 200


@dataclass(frozen=True)
class SmtpSettings:
    """Hold a mail server, a login and who writes to whom; certificates are always checked.

    `user` and `password` come together or not at all (no login). `timeout` is in seconds and bounds each
    wait for the server, so that a silent one costs an attempt no more. `ca_file` (PEM) is trusted besides
    the system's authorities. Raise UsageError, naming the setting, where a value cannot work.
    """

    host: str = "smtp.gmail.com"
    port: int = 465
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    sender: str = ""
    recipients: tuple[str, ...] = ()
    timeout: float = 30.0
    attempts: int = 3
    ca_file: str | None = None
    security: Literal["tls", "starttls"] = "tls"

    def __post_init__(self) -> None:
        _check_server(self)
        _check_login(self)
        _check_address("sender", self.sender)
        if not self.recipients:
            raise UsageError("recipients: nobody to write to; name at least one address")
        for recipient in self.recipients:
            _check_address("recipients", recipient)


def send(message: EmailMessage, settings: SmtpSettings, *, sleep: Callable[[float], None] = time.sleep) -> None:
    """Send a message to each recipient once, trying again what may pass.

    Answers of the 4xx kind, time-outs and lost or refused connections are tried again, at most
    `settings.attempts` times in all and only for recipients who do not have the message; `sleep` waits in
    between, in seconds. Where a server falls silent after it was handed the text, nobody can know whether
    it was taken: it is sent again, under the same Message-ID. Raise DeliveryError, naming who was refused
    and why, where anybody was not reached.
    """
    from email.policy import SMTP

    payload = message.as_bytes(policy=SMTP)
    context = _tls_context(settings.ca_file)
    everybody = tuple(dict.fromkeys(settings.recipients))
    undelivered: dict[str, _Problem] = {}
    pending = everybody
    for attempt in range(1, settings.attempts + 1):
        problems = _attempt(payload, settings, context, pending)
        undelivered = {who: why for who, why in undelivered.items() if who not in pending} | problems
        pending = tuple(who for who, why in problems.items() if why.transient)
        if not pending or attempt == settings.attempts:
            break
        pause = _pause(attempt)
        causes = "; ".join(dict.fromkeys(why.cause for why in problems.values()))
        _log.warning("%s, attempt %d: %s; next in %.1f s", _server(settings), attempt, causes, pause)
        sleep(pause)
    if undelivered:
        raise DeliveryError(_failure(undelivered, settings, len(everybody), attempt))
    _log.info("%s: mail accepted for %d recipients", _server(settings), len(everybody))


def _check_server(settings: SmtpSettings) -> None:
    """Raise UsageError where the server's side of the settings cannot work."""
    if not re.fullmatch(r"[A-Za-z0-9:_-]+(\.[A-Za-z0-9_-]+)*", settings.host):
        raise UsageError(f"host: {settings.host!r} is no host name; write one like smtp.gmail.com")
    if not 0 < settings.port <= 65535:  # noqa: PLR2004 - the highest port there is
        raise UsageError(f"port: {settings.port} is not between 1 and 65535; 465 is the usual one")
    if settings.security not in ("tls", "starttls"):
        raise UsageError(f"security: {settings.security!r} is neither 'tls' nor 'starttls'")
    if not 0 < settings.timeout < float("inf"):
        raise UsageError(f"timeout: {settings.timeout} is no number of seconds above 0")
    if settings.attempts < 1:
        raise UsageError(f"attempts: {settings.attempts} is less than 1")
    if settings.ca_file is not None and not Path(settings.ca_file).is_file():
        raise UsageError(f"ca_file: there is no file {settings.ca_file!r}")


def _check_login(settings: SmtpSettings) -> None:
    """Raise UsageError where user and password do not go together or SMTP cannot carry them."""
    if settings.user and not settings.password:
        raise UsageError(f"password: missing for user {settings.user!r}; set it, or leave user out too")
    if settings.password and not settings.user:
        raise UsageError("user: missing beside a password; set it, or leave password out too")
    for name, value in (("user", settings.user or ""), ("password", settings.password or "")):
        if not (value.isascii() and value.isprintable()):
            raise UsageError(
                f"{name}: holds a character outside printable ASCII, which SMTP logins cannot carry "
                "(pasting often adds a no-break space or a newline); type it anew"
            )


def _check_address(name: str, address: str) -> None:
    """Raise UsageError unless `address` is one bare ASCII address: no display name, no list, no newline."""
    if not _ADDRESS.fullmatch(address) or not _ADDRESS_SYNTAX.isdisjoint(address) or address.count("@") > 1:
        raise UsageError(f"{name}: {address!r} is no e-mail address; write one like alerts@example.com")


@dataclass(frozen=True)
class _Problem:
    """Hold why a recipient was not reached, what to do about it, and whether to try again."""

    cause: str
    advice: str
    transient: bool


_NO_SMTP = _Problem("what answers is no SMTP server", "check host and port", transient=False)


def _server(settings: SmtpSettings) -> str:
    return f"{settings.host}:{settings.port}"


def _pause(attempt: int) -> float:
    """Return the seconds to wait after an attempt: doubling, with jitter so that jobs do not come in step."""
    return 2.0 ** min(attempt, _MOST_DOUBLINGS) * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, no secret


def _tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Return a context that checks certificates against the system's authorities and `ca_file`."""
    import ssl

    context = ssl.create_default_context()
    try:
        if ca_file is not None:
            context.load_verify_locations(ca_file)
    except OSError as error:
        raise DeliveryError(f"ca_file: {ca_file!r} holds no readable PEM certificates; replace it") from error
    return context


def _attempt(
    payload: bytes, settings: SmtpSettings, context: ssl.SSLContext, recipients: Sequence[str]
) -> dict[str, _Problem]:
    """Try once; return the recipients who were not reached, each with its problem."""
    import smtplib

    try:
        answers = _transmit(payload, settings, context, recipients)
    except smtplib.SMTPRecipientsRefused as error:
        # Nobody has it, whoever is named: a server that hangs up half-way leaves the rest unasked.
        answers = dict.fromkeys(recipients, (421, b"hung up")) | error.recipients
    except (OSError, ValueError) as error:
        return dict.fromkeys(recipients, _diagnosis(error, settings))
    return {recipient: _answered(code, text) for recipient, (code, text) in answers.items()}


def _transmit(
    payload: bytes, settings: SmtpSettings, context: ssl.SSLContext, recipients: Sequence[str]
) -> dict[str, tuple[int, bytes]]:
    """Hand the message over in one connection; return the refused recipients with the server's answers."""
    import smtplib

    client: smtplib.SMTP
    if settings.security == "tls":
        client = smtplib.SMTP_SSL(settings.host, settings.port, timeout=settings.timeout, context=context)
    else:
        client = smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout)
    try:
        if settings.security == "starttls":
            client.starttls(context=context)
        if settings.user and settings.password:
            client.login(settings.user, settings.password)
        refused = client.sendmail(settings.sender, recipients, payload)
        # The server has the message: a bad goodbye must not send it again.
        with contextlib.suppress(OSError):
            client.quit()
        return refused
    finally:
        client.close()


def _answered(code: int, text: bytes | str) -> _Problem:
    """Return the problem that an SMTP answer states: 4xx may pass, anything else will not."""
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    cause = f"the server answered {code} {visible(' '.join(words.split()))[:_SHOWN_ANSWER]}".rstrip()
    if _is_transient(code):
        return _Problem(cause, "send again later", transient=True)
    return _Problem(cause, "correct what the answer names", transient=False)


def _is_transient(code: int) -> bool:
    return 400 <= code < 500  # noqa: PLR2004 - the range that RFC 5321 gives to answers that may change


def _diagnosis(error: Exception, settings: SmtpSettings) -> _Problem:
    """Return the problem behind an attempt that failed for all recipients alike."""
    import smtplib
    import ssl

    match error:
        case smtplib.SMTPAuthenticationError(smtp_code=code):
            # The answer's text stays out: some servers echo the command, and with it the password.
            cause = f"the login of {settings.user} was refused with {code}"
            advice = "check user and password; Gmail wants an app password, not the account's own"
            problem = _Problem(cause, advice, _is_transient(code))
        case smtplib.SMTPResponseException(smtp_code=-1):
            problem = _NO_SMTP
        case smtplib.SMTPResponseException(smtp_code=code, smtp_error=text):
            problem = _answered(code, text)
        case smtplib.SMTPServerDisconnected() | ssl.SSLEOFError() | ssl.SSLZeroReturnError() | TimeoutError():
            problem = _connection_problem(error, settings.timeout)
        case ssl.SSLCertVerificationError(verify_message=reason):
            advice = "if the server is your own, name its CA in ca_file"
            problem = _Problem(f"its certificate is not trusted, {reason}", advice, transient=False)
        case ssl.SSLError(reason=reason):
            advice = "port 465 wants security tls, port 587 starttls"
            problem = _Problem(f"TLS failed, {reason}", advice, transient=False)
        case smtplib.SMTPException():
            problem = _Problem(str(error), "check port, security and whether to log in", transient=False)
        case OSError():
            problem = _connection_problem(error, settings.timeout)
        case _:
            problem = _NO_SMTP
    return problem


def _connection_problem(error: OSError, timeout: float) -> _Problem:
    """Return the problem of a connection that did not come about, went silent or was lost."""
    import ssl

    # smtplib reports a time-out while reading as a disconnection, and keeps it only as the context.
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        cause = f"no answer within {timeout:g} s"
    elif isinstance(error, ssl.SSLError) or not error.strerror:
        cause = "the server hung up"
    else:
        cause = error.strerror
    return _Problem(cause, "check host, port, security and the firewall", transient=True)


def _failure(undelivered: Mapping[str, _Problem], settings: SmtpSettings, total: int, attempts: int) -> str:
    """Return one line: the server, how many were reached, and each cause with whom it concerns."""
    reasons = []
    for problem in dict.fromkeys(undelivered.values()):
        concerned = [who for who, why in undelivered.items() if why == problem]
        whom = "" if len(concerned) == total else f"{', '.join(concerned)}: "
        reasons.append(f"{whom}{problem.cause} ({problem.advice})")
    reached = f"{total - len(undelivered)} of {total} recipients reached"
    tries = f"{attempts} attempt" if attempts == 1 else f"{attempts} attempts"
    return f"mail server {_server(settings)}: {reached} in {tries}: {'; '.join(reasons)}"
