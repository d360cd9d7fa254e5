"""The one door to SMTP: messages are sent over TLS, once, or fail with a reason."""
# ruff: noqa: PLC0415, TID251 -- this is SMTP's one door; smtplib and email cost 60 ms, paid only by who mails

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quality.delivery.smtp_settings import SmtpSettings
from quality.errors import DeliveryError
from quality.text import visible

if TYPE_CHECKING:
    import smtplib
    import ssl
    from email.message import EmailMessage


_log = logging.getLogger(__name__)


_SHOWN_ANSWER = 200
# "Too much mail data": the message, or what the mailbox can hold.
_TOO_LARGE = (552, 523)
__all__ = ["SmtpSettings", "UndeliveredError", "log_in", "send"]


class UndeliveredError(DeliveryError):
    """Somebody was not reached; `reached` are those who were."""

    def __init__(self, message: str, reached: Sequence[str]) -> None:
        super().__init__(message)
        self.reached = tuple(reached)


def send(
    message: EmailMessage,
    settings: SmtpSettings,
    *,
    smaller: Sequence[EmailMessage] = (),
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Send a message to each recipient once, trying again what may pass.

    Answers of the 4xx kind, time-outs and lost or refused connections are tried again, as `settings` say and
    only for recipients who do not have the message; `sleep` waits in between, in seconds. Where a server falls
    silent after it was handed the text, nobody can know whether it was taken: it is sent again, under the same
    Message-ID. A server that finds the message too large gets the first of `smaller`, and so on. Raise
    UndeliveredError, naming who was refused and why, where anybody was not reached.
    """
    from email.policy import SMTP

    payloads = [each.as_bytes(policy=SMTP) for each in (message, *smaller)]
    context = _tls_context(settings.ca_file)
    everybody = tuple(dict.fromkeys(settings.recipients))
    undelivered: dict[str, _Problem] = {}
    pending = everybody
    attempt = 0
    while True:
        attempt += 1
        problems = _attempt(payloads, settings, context, pending)
        undelivered = {who: why for who, why in undelivered.items() if who not in pending} | problems
        pending = tuple(who for who, why in problems.items() if why.transient)
        pause = settings.pause_after(attempt)
        if not pending or pause is None:
            break
        causes = "; ".join(dict.fromkeys(why.cause for why in problems.values()))
        _log.warning("%s, attempt %d: %s; next in %.1f s", _server(settings), attempt, causes, pause)
        sleep(pause)
    if undelivered:
        reached = [who for who in everybody if who not in undelivered]
        raise UndeliveredError(_failure(undelivered, settings, len(everybody), attempt), reached)
    _log.info("%s: mail accepted for %d recipients", _server(settings), len(everybody))


@dataclass(frozen=True)
class _Problem:
    """Hold why a recipient was not reached, what to do about it, and whether to try again."""

    cause: str
    advice: str
    transient: bool


_NO_SMTP = _Problem("what answers is no SMTP server", "check host and port", transient=False)


def _server(settings: SmtpSettings) -> str:
    return f"{settings.host}:{settings.port}"


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
    payloads: list[bytes], settings: SmtpSettings, context: ssl.SSLContext, recipients: Sequence[str]
) -> dict[str, _Problem]:
    """Try once; return the recipients who were not reached, each with its problem."""
    import smtplib

    try:
        while True:
            try:
                answers = _transmit(payloads, settings, context, recipients)
                break
            except smtplib.SMTPResponseException as error:
                if error.smtp_code not in _TOO_LARGE or len(payloads) == 1:
                    raise
                _log.warning(
                    "%s refuses a mail of %d bytes: sending a smaller one", _server(settings), len(payloads[0])
                )
                del payloads[0]
    except smtplib.SMTPRecipientsRefused as error:
        # Nobody has it, whoever is named: a server that hangs up half-way leaves the rest unasked.
        answers = dict.fromkeys(recipients, (421, b"hung up")) | error.recipients
    except (OSError, ValueError) as error:
        return dict.fromkeys(recipients, _diagnosis(error, settings))
    return {recipient: _answered(code, text) for recipient, (code, text) in answers.items()}


def _transmit(
    payloads: list[bytes], settings: SmtpSettings, context: ssl.SSLContext, recipients: Sequence[str]
) -> dict[str, tuple[int, bytes]]:
    """Hand the message over in one connection; return the refused recipients with the server's answers.

    Payloads that are larger than the server says it takes are removed, while there is a smaller one.
    """
    with _connected(settings, context) as client:
        most = int(client.esmtp_features.get("size") or 0) if client.esmtp_features.get("size", "").isdecimal() else 0
        while most and len(payloads) > 1 and len(payloads[0]) > most:
            _log.warning("%s takes %d bytes at most: sending a smaller mail", _server(settings), most)
            del payloads[0]
        refused = client.sendmail(settings.sender, recipients, payloads[0])
        # The server has the message: a bad goodbye must not send it again.
        with contextlib.suppress(OSError):
            client.quit()
        return refused


@contextlib.contextmanager
def _connected(settings: SmtpSettings, context: ssl.SSLContext) -> Iterator[smtplib.SMTP]:
    """Connect over TLS, and log in where that is asked for."""
    import smtplib

    client: smtplib.SMTP
    if settings.security == "tls":
        client = smtplib.SMTP_SSL(settings.host, settings.port, timeout=settings.timeout, context=context)
    else:
        client = smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout)
    try:
        if settings.security == "starttls":
            client.starttls(context=context)
        client.ehlo_or_helo_if_needed()
        if settings.user and settings.password:
            client.login(settings.user, settings.password)
        yield client
    finally:
        client.close()


def log_in(settings: SmtpSettings) -> None:
    """Connect and log in, and send nothing; raises DeliveryError where that fails."""
    try:
        with _connected(settings, _tls_context(settings.ca_file)) as client, contextlib.suppress(OSError):
            client.quit()
    except (OSError, ValueError) as error:
        problem = _diagnosis(error, settings)
        raise DeliveryError(f"mail server {_server(settings)}: {problem.cause} ({problem.advice})") from error


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
