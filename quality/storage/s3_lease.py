"""A lock on S3: an object that one run may make, that it renews, and that others inherit if it dies."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from quality.errors import DestinationBusyError, QualityError
from quality.storage.locks import LIFETIME_SECONDS, Held, Holder, busy, decode, encode, this_run
from quality.storage.s3_bucket import Bucket
from quality.storage.s3_conditions import put_new, replace_version
from quality.storage.s3_errors import MissingObjectError

logger = logging.getLogger(__name__)


@contextmanager
def holding_lease(bucket: Bucket, name: str, lifetime: float) -> Iterator[None]:
    """Hold the lock object `name`; see `quality.storage.holding` for its terms."""
    lease = _Lease(bucket, name, lifetime)
    try:
        lease.acquire()
    except KeyboardInterrupt:  # whoever interrupts here leaves no lock either
        lease.release()
        raise
    renewal = threading.Thread(target=lease.keep_renewing, name=f"renew {name}", daemon=True)
    try:
        renewal.start()
        yield
    finally:
        lease.ended.set()
        with suppress(RuntimeError):  # interrupted before it began
            renewal.join()
        lease.release()
    if lease.lost:
        raise DestinationBusyError(
            f"the lock {bucket.url(name)} was lost to another run while this one was at work: what both"
            " wrote may be mixed; run again when the other has ended"
        )


def look_at_lease(bucket: Bucket, name: str) -> Held | None:
    """Say who holds the lock object `name`; None where nobody does."""
    found = _find(bucket, name)
    if found is None or (found.holder and found.holder.has_ended):
        return None
    return Held(bucket.url(name), found.holder, found.idle_seconds, found.lifetime - found.idle_seconds)


def free_lease(bucket: Bucket, name: str) -> None:
    """Remove the lock object `name`, and the claim of a run that died while it took it over."""
    found = _find(bucket, name)
    if found:
        bucket.delete(_claim(name, found.holder))
    bucket.delete(name)


@dataclass(frozen=True)
class _Found:
    """A lock object as it was found."""

    holder: Holder | None
    etag: str
    idle_seconds: float

    @property
    def lifetime(self) -> float:
        return self.holder.lifetime if self.holder else LIFETIME_SECONDS

    @property
    def is_stale(self) -> bool:
        has_ended = self.holder is not None and (self.holder.has_ended or self.holder.is_dead)
        return has_ended or self.idle_seconds > self.lifetime


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
            put_new(self._bucket, self._name, encode(self._holder))
        except DestinationBusyError:
            self._take_over(_find(self._bucket, self._name))

    def keep_renewing(self) -> None:
        while not self.lost and not self.ended.wait(self._holder.lifetime / 3):
            try:
                self._renew()
            except QualityError as error:
                logger.warning("a lock was not renewed: %s", error)

    def release(self) -> None:
        try:
            found = _find(self._bucket, self._name)
            if found is None or not self._is_mine(found):
                self.lost = True
            else:
                self._give_back(found)
        except QualityError as error:
            logger.warning("a lock was not removed, and will expire by itself: %s", error)

    def _give_back(self, found: _Found) -> None:
        try:
            self._bucket.delete(self._name)
        except QualityError as error:
            # Who may not delete may still write that it has ended.
            logger.info("a lock is marked as free, since it may not be deleted: %s", error)
            replace_version(self._bucket, self._name, encode(replace(self._holder, lifetime=0.0)), found.etag)

    def _take_over(self, found: _Found | None) -> None:
        url = self._bucket.url(self._name)
        if found is None:
            raise busy(url, None, "; it may have ended just now: try again")
        if not found.is_stale:
            left = max(found.lifetime - found.idle_seconds, 0)
            raise busy(
                url,
                found.holder,
                f"; if it died, its lock expires within {left:.0f} s, or now by `pricewatch unlock`",
            )
        if not (found.holder and found.holder.has_ended):
            logger.warning("taking over %s: its holder is gone, no sign for %.0f s", url, found.idle_seconds)
        self._inherit(found)

    def _inherit(self, found: _Found) -> None:
        """Replace a dead holder; of several heirs, one may claim: not every store can compare and swap."""
        claim = _claim(self._name, found.holder)
        try:
            put_new(self._bucket, claim, encode(self._holder))
        except DestinationBusyError:
            self._forget_dead_claim(claim)
            raise busy(self._bucket.url(self._name), None, "; it is being taken over just now: try again") from None
        try:
            now = _find(self._bucket, self._name)
            if now is None or now.etag != found.etag:
                raise busy(self._bucket.url(self._name), now.holder if now else None)
            replace_version(self._bucket, self._name, encode(self._holder), found.etag)
        finally:
            with suppress(QualityError):  # a claim is named after its dead: it stands in nobody's way
                self._bucket.delete(claim)

    def _forget_dead_claim(self, claim: str) -> None:
        found = _find(self._bucket, claim)
        if found and found.is_stale:
            self._bucket.delete(claim)

    def _renew(self) -> None:
        found = _find(self._bucket, self._name)
        if found is None or not self._is_mine(found):
            self.lost = True
            logger.error("the lock %s was lost to another run", self._bucket.url(self._name))
            return
        self._holder = replace(self._holder, renewals=self._holder.renewals + 1)
        replace_version(self._bucket, self._name, encode(self._holder), found.etag)

    def _is_mine(self, found: _Found) -> bool:
        return found.holder is not None and found.holder.run == self._holder.run


def _claim(name: str, dead: Holder | None) -> str:
    return f"{name}-after-{dead.run if dead and dead.run.isalnum() else 'unknown'}"


def _find(bucket: Bucket, name: str) -> _Found | None:
    try:
        return bucket.get(name, _found)
    except MissingObjectError:
        return None


def _found(answer: dict[str, Any]) -> _Found:
    # Both times are the server's, so that no clock of ours can be wrong.
    stated = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    now = parsedate_to_datetime(stated) if stated else datetime.now(UTC)
    idle = (now - answer["LastModified"]).total_seconds()
    return _Found(decode(answer["Body"].read()), answer["ETag"], idle)
