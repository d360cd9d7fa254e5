"""A mail server, a login, and who writes to whom: checked before anything is sent."""

import random
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from quality.errors import UsageError

# Greylisting lasts a minute or more.
RETRY_AFTER = (5.0, 90.0, 300.0)
_ADDRESS = re.compile(r"[!-~]+@[A-Za-z0-9.-]+")
_ADDRESS_SYNTAX = frozenset('<>()[],;:\\"')
_MOST_DOUBLINGS = 6


@dataclass(frozen=True)
class SmtpSettings:
    """Hold a mail server, a login and who writes to whom; certificates are always checked.

    `user` and `password` come together or not at all (no login). `timeout` is in seconds and bounds each
    wait for the server, so that a silent one costs an attempt no more. `ca_file` (PEM) is trusted besides
    the system's authorities. What may pass is tried again after each pause of `retry_after` (seconds); with
    `attempts`, so many times in all after short pauses that double. Raise UsageError, naming the setting,
    where a value cannot work, and never the value: it may be a secret in the wrong place.
    """

    host: str = "smtp.gmail.com"
    port: int = 465
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    sender: str = ""
    recipients: tuple[str, ...] = ()
    timeout: float = 30.0
    attempts: int | None = None
    retry_after: tuple[float, ...] = RETRY_AFTER
    ca_file: str | None = None
    security: Literal["tls", "starttls"] = "tls"

    def __post_init__(self) -> None:
        _check_server(self)
        _check_login(self)
        _check_address("sender: what is given", self.sender)
        if not self.recipients:
            raise UsageError("recipients: nobody to write to; name at least one address")
        for number, recipient in enumerate(self.recipients, start=1):
            _check_address(f"recipients: number {number}", recipient)

    def pause_after(self, attempt: int) -> float | None:
        """Give the seconds to wait after an attempt (from 1); None after the last. Chance keeps jobs out of step."""
        if self.attempts is not None:
            pause = None if attempt >= self.attempts else 2.0 ** min(attempt, _MOST_DOUBLINGS)
        else:
            pause = self.retry_after[attempt - 1] if attempt <= len(self.retry_after) else None
        return None if pause is None else pause * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, no secret


def _check_server(settings: SmtpSettings) -> None:
    """Raise UsageError where the server's side of the settings cannot work."""
    if not re.fullmatch(r"[A-Za-z0-9:_-]+(\.[A-Za-z0-9_-]+)*", settings.host):
        raise UsageError("host: what is given is no host name; write one like smtp.gmail.com")
    if not 0 < settings.port <= 65535:  # noqa: PLR2004 - the highest port there is
        raise UsageError(f"port: {settings.port} is not between 1 and 65535; 465 is the usual one")
    if settings.security not in ("tls", "starttls"):
        raise UsageError("security: what is given is neither 'tls' nor 'starttls'")
    if not 0 < settings.timeout < float("inf"):
        raise UsageError(f"timeout: {settings.timeout} is no number of seconds above 0")
    if settings.attempts is not None and settings.attempts < 1:
        raise UsageError(f"attempts: {settings.attempts} is less than 1")
    if settings.ca_file is not None and not Path(settings.ca_file).is_file():
        raise UsageError("ca_file: there is no such file; check its path")


def _check_login(settings: SmtpSettings) -> None:
    """Raise UsageError where user and password do not go together or SMTP cannot carry them."""
    if settings.user and not settings.password:
        raise UsageError("password: missing beside a user; set it, or leave user out too")
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
        raise UsageError(f"{name} is no e-mail address; write one like alerts@example.com")
