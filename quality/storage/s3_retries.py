"""Trying an S3 request again for a stated time, while what went wrong may pass."""

import logging
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import TypeVar

from botocore import exceptions as boto
from botocore.exceptions import BotoCoreError, ClientError

from quality.storage.s3_errors import error_code
from quality.storage.store import S3Options

logger = logging.getLogger(__name__)

T = TypeVar("T")

_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 5.0
# A server that never answered is more likely a wrong address than one that is being restarted.
_STRANGER_SHARE = 0.25
_PASSING_CODES = frozenset(
    {"InternalError", "ServiceUnavailable", "SlowDown", "RequestTimeout", "Throttling", "ThrottlingException"}
    | {"TooManyRequests", "RequestLimitExceeded", "BandwidthLimitExceeded", "429", "500", "502", "503", "504"}
)
_PASSING_STATUS = frozenset({429, 500, 502, 503, 504})
_PASSING_KINDS = (boto.ConnectionError, boto.HTTPClientError, boto.IncompleteReadError, boto.ResponseStreamingError)
_HOPELESS_KINDS = (boto.SSLError, boto.ProxyConnectionError, boto.InvalidProxiesConfigError)


class Outage:
    """What is known of one server's silence, by all requests of the process: their patience is one and the same."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since = self._last = 0.0
        self._has_answered = False

    def lasts(self, began: float, patience: float) -> float:
        """Note a failed request that began at a moment; give the seconds of patience that are left."""
        with self._lock:
            now = time.monotonic()
            if not self._since or now - self._last > max(patience, _LONGEST_PAUSE):
                self._since = began
            self._last = now
            share = 1.0 if self._has_answered else _STRANGER_SHARE
            return patience * share - (now - self._since)

    def is_over(self) -> None:
        """Note an answer that the server meant."""
        with self._lock:
            self._since, self._has_answered = 0.0, True

    def is_alive(self) -> None:
        """Note that the server answers, if only that it cannot now."""
        with self._lock:
            self._has_answered = True


_outages: defaultdict[str, Outage] = defaultdict(Outage)


def outage_of(endpoint: str) -> Outage:
    """Give the one outage of a server."""
    return _outages[endpoint]


def trying(action: Callable[[int], T], what: str, options: S3Options, outage: Outage) -> T:
    """Do a request, again where it failed for a reason that may pass.

    Args:
        action: The request; it is given the number of the attempt, from 1.
        what: The object's address, for the log.
        options: How often at most (`attempts`), and for how many seconds (`patience`).
        outage: The server's: once it was given up, later requests are tried once each.

    Raises:
        BotoCoreError, ClientError: The last failure.

    """
    attempt = 0
    while True:
        attempt += 1
        began = time.monotonic()
        try:
            answer = action(attempt)
        except (BotoCoreError, ClientError) as error:
            if not _may_pass(error):
                outage.is_over()
                raise
            if isinstance(error, ClientError):
                outage.is_alive()
            left = outage.lasts(began, options.patience)
            if attempt >= options.attempts or left <= 0:
                raise
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (attempt - 1), left)
            tell = logger.warning if attempt == 1 else logger.info
            tell("%s: %s; trying again for up to %.0f s", what, _cause(error), left)
            time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311  (jitter, no secret)
        else:
            outage.is_over()
            return answer


def _may_pass(error: BotoCoreError | ClientError) -> bool:
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        return error_code(error) in _PASSING_CODES or status in _PASSING_STATUS
    return isinstance(error, _PASSING_KINDS) and not isinstance(error, _HOPELESS_KINDS)


def _cause(error: BotoCoreError | ClientError) -> str:
    if isinstance(error, ClientError):
        return f"the server answered {error_code(error)}"
    return f"no answer ({type(error).__name__})"
