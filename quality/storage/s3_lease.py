"""A lock on S3: an object that one run may make, that it renews, and that others inherit if it dies."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from quality.errors import DestinationBusyError, QualityError
from quality.storage.locks import LIFETIME_SECONDS, Holder, busy, decode, encode, this_run
from quality.storage.s3_bucket import Bucket
from quality.storage.s3_errors import MissingObjectError

logger = logging.getLogger(__name__)


@contextmanager
def holding_lease(bucket: Bucket, name: str, lifetime: float) -> Iterator[None]:
    """Hold the lock object `name`; see `quality.storage.holding` for its terms."""
    lease = _Lease(bucket, name, lifetime)
    lease.acquire()
    renewal = threading.Thread(target=lease.keep_renewing, name=f"renew {name}", daemon=True)
    renewal.start()
    try:
        yield
    finally:
        lease.ended.set()
        renewal.join()
        lease.release()
    if lease.lost:
        raise DestinationBusyError(
            f"the lock {bucket.url(name)} was lost to another run while this one was at work: what both"
            " wrote may be mixed; run again when the other has ended"
        )


@dataclass(frozen=True)
class _Found:
    """A lock object as it was found."""

    holder: Holder | None
    etag: str
    idle_seconds: float

    @property
    def is_stale(self) -> bool:
        lifetime = self.holder.lifetime if self.holder else LIFETIME_SECONDS
        return self.idle_seconds > lifetime


class _Lease:
    """One run's hold on one lock object."""

    def __init__(self, bucket: Bucket, name: str, lifetime: float) -> None:
        self._bucket = bucket
        self._name = name
        self._holder = this_run(lifetime)
        self.ended = threading.Event()
        self.lost = False

    def acquire(self) -> None:
        try:
            self._bucket.put(self._name, encode(self._holder), IfNoneMatch="*")
        except DestinationBusyError:
            self._take_over(self._find())

    def keep_renewing(self) -> None:
        while not self.lost and not self.ended.wait(self._holder.lifetime / 3):
            try:
                self._renew()
            except QualityError as error:
                logger.warning("a lock was not renewed: %s", error)

    def release(self) -> None:
        try:
            if self._is_mine(self._find()):
                self._bucket.delete(self._name)
            else:
                self.lost = True
        except QualityError as error:
            logger.warning("a lock was not removed, and will expire by itself: %s", error)

    def _take_over(self, found: _Found | None) -> None:
        url = self._bucket.url(self._name)
        if found is None:
            raise busy(url, None, "; it may have ended just now: try again")
        if not found.is_stale:
            lifetime = found.holder.lifetime if found.holder else LIFETIME_SECONDS
            raise busy(url, found.holder, f"; if it died, its lock expires within {lifetime:.0f} s")
        logger.warning("taking over %s: its holder gave no sign for %.0f s", url, found.idle_seconds)
        self._bucket.put(self._name, encode(self._holder), IfMatch=found.etag)

    def _renew(self) -> None:
        found = self._find()
        if found is None or not self._is_mine(found):
            self.lost = True
            logger.error("the lock %s was lost to another run", self._bucket.url(self._name))
            return
        self._holder = replace(self._holder, renewals=self._holder.renewals + 1)
        self._bucket.put(self._name, encode(self._holder), IfMatch=found.etag)

    def _is_mine(self, found: _Found | None) -> bool:
        return found is not None and found.holder is not None and found.holder.run == self._holder.run

    def _find(self) -> _Found | None:
        try:
            return self._bucket.get(self._name, _found)
        except MissingObjectError:
            return None


def _found(answer: dict[str, Any]) -> _Found:
    # Both times are the server's, so that no clock of ours can be wrong.
    told = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    now = parsedate_to_datetime(told) if told else datetime.now(UTC)
    idle = (now - answer["LastModified"]).total_seconds()
    return _Found(decode(answer["Body"].read()), answer["ETag"], idle)
