"""One bucket: the few requests that stores and locks are made of, each with clear errors."""

import logging
import random
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, BinaryIO, TypeVar

from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError

from quality.errors import DeliveryError, InputError
from quality.storage.files import already_written
from quality.storage.s3_client import Client, make_client
from quality.storage.s3_errors import error_code, s3_errors
from quality.storage.store import S3Options

logger = logging.getLogger(__name__)

T = TypeVar("T")

# NoSuchKey is the answer to a PUT that was to replace a version which somebody deleted.
_LOST_RACE = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "409", "412"}
_WRITER = "pricewatch-writer"


class Bucket:
    """A bucket seen through one client; names are whole keys, not relative ones."""

    def __init__(self, name: str, options: S3Options) -> None:
        self.name = name
        self._client: Client = make_client(options)
        self._attempts = options.attempts

    def url(self, name: str) -> str:
        """Return an object's address."""
        return f"s3://{self.name}/{name}"

    def objects(self, prefix: str, *, limit: int | None = None) -> Iterator[dict[str, Any]]:
        """List the objects under a prefix (`Key`, `Size`, `ETag`), page by page."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self.name, Prefix=prefix, PaginationConfig={"MaxItems": limit, "PageSize": limit}
        )
        with s3_errors("list", self.url(prefix), InputError):
            for page in pages:
                yield from page.get("Contents", [])

    def get(self, name: str, consume: Callable[[dict[str, Any]], T], **conditions: str) -> T:
        """Request an object and hand the answer to `consume`, again where the connection breaks midway.

        `consume` reads the answer's `Body` to its end, and starts afresh at each call. `conditions` are
        get_object's, such as `Range`.
        """
        with s3_errors("read", self.url(name), InputError):
            attempt = 0
            while True:
                attempt += 1
                answer = self._client.get_object(Bucket=self.name, Key=name, **conditions)
                try:
                    with closing(answer["Body"]):
                        return consume(answer)
                except (HTTPClientError, IncompleteReadError):
                    if attempt >= self._attempts:
                        raise
                    logger.warning("the connection broke while %s was read: trying again", self.url(name))
                    time.sleep(random.uniform(0, 2**attempt / 4))  # noqa: S311  (jitter, no secret)

    def put(self, name: str, body: bytes | BinaryIO, **conditions: str) -> None:
        """Write an object by one PUT; `conditions` are put_object's `IfMatch` or `IfNoneMatch`.

        Raises DestinationBusyError where a condition does not hold, DeliveryError otherwise.
        """
        writer = secrets.token_hex(8)
        with s3_errors("write", self.url(name), DeliveryError):
            try:
                self._client.put_object(Bucket=self.name, Key=name, Body=body, Metadata={_WRITER: writer}, **conditions)
            except ClientError as error:
                if not conditions or error_code(error) not in _LOST_RACE:
                    raise
                if not self._was_mine(name, writer, error):
                    raise already_written(self.url(name)) from error

    def upload(self, name: str, path: str) -> None:
        """Write an object that is too large for one PUT; it appears when its last part has arrived."""
        with s3_errors("write", self.url(name), DeliveryError):
            self._client.upload_file(path, self.name, name)

    def delete(self, name: str) -> None:
        """Remove an object; one that is not there is no error."""
        with s3_errors("delete", self.url(name), DeliveryError):
            self._client.delete_object(Bucket=self.name, Key=name)

    def _was_mine(self, name: str, writer: str, error: ClientError) -> bool:
        """Tell whether a PUT lost to itself: it was done, its answer was lost, and its repeat refused."""
        if not error.response["ResponseMetadata"].get("RetryAttempts"):
            return False
        found = self._client.head_object(Bucket=self.name, Key=name)
        return bool(found["Metadata"].get(_WRITER) == writer)
