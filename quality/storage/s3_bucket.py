"""One bucket: the few requests that stores and locks are made of, each with clear errors."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, BinaryIO, TypeVar

from botocore.exceptions import ClientError

from quality.errors import DeliveryError, InputError
from quality.storage.files import already_written
from quality.storage.s3_client import Client, make_client
from quality.storage.s3_errors import error_code, s3_errors
from quality.storage.s3_retries import outage_of, trying
from quality.storage.store import S3Options

T = TypeVar("T")

# NoSuchKey is the answer to a PUT that was to replace a version which somebody deleted.
_LOST_RACE = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "409", "412"}
_UNKNOWN_CONDITION = {"NotImplemented", "InvalidArgument", "InvalidRequest", "501"}
_WRITER = "pricewatch-writer"
_MOST_ATTEMPTS_A_PART = 8
_PAGE = 1000


class UnknownConditionError(DeliveryError):
    """The store has no conditional PUT of this kind."""


class Bucket:
    """A bucket seen through one client; names are whole keys, not relative ones."""

    def __init__(self, name: str, options: S3Options) -> None:
        self.name = name
        self._options = options
        self._client: Client = make_client(options)
        self.endpoint = str(self._client.meta.endpoint_url)
        self._outage = outage_of(self.endpoint)

    def url(self, name: str) -> str:
        """Return an object's address."""
        return f"s3://{self.name}/{name}"

    def objects(self, prefix: str, *, limit: int | None = None) -> Iterator[dict[str, Any]]:
        """List the objects under a prefix (`Key`, `Size`, `ETag`), page by page."""
        more: dict[str, str] = {}
        with s3_errors("list", self.url(prefix), InputError):
            while True:
                page = self._page(prefix, limit or _PAGE, more)
                yield from page.get("Contents", [])
                if limit is not None or not page.get("IsTruncated"):
                    return
                more = {"ContinuationToken": page["NextContinuationToken"]}

    def _page(self, prefix: str, size: int, more: dict[str, str]) -> dict[str, Any]:
        wanted = {"Bucket": self.name, "Prefix": prefix, "MaxKeys": size, **more}
        return self._try(prefix, lambda _: dict(self._client.list_objects_v2(**wanted)))

    def get(self, name: str, consume: Callable[[dict[str, Any]], T], **conditions: str) -> T:
        """Request an object and hand the answer to `consume`, again where the connection breaks midway.

        `consume` reads the answer's `Body` to its end, and starts afresh at each call. `conditions` are
        get_object's, such as `Range`.
        """

        def ask(_: int) -> T:
            answer = self._client.get_object(Bucket=self.name, Key=name, **conditions)
            with closing(answer["Body"]):
                return consume(answer)

        with s3_errors("read", self.url(name), InputError):
            return self._try(name, ask)

    def put(self, name: str, body: bytes | BinaryIO, **conditions: str) -> None:
        """Write an object by one PUT; `conditions` are put_object's `IfMatch` or `IfNoneMatch`.

        Raises DestinationBusyError where a condition does not hold, UnknownConditionError where the store
        knows no such condition, DeliveryError otherwise.
        """
        writer, attempts = secrets.token_hex(8), 0

        def ask(attempt: int) -> None:
            nonlocal attempts
            attempts = attempt
            if not isinstance(body, bytes):
                body.seek(0)
            self._client.put_object(Bucket=self.name, Key=name, Body=body, Metadata={_WRITER: writer}, **conditions)

        with s3_errors("write", self.url(name), DeliveryError):
            try:
                self._try(name, ask)
            except ClientError as error:
                code = error_code(error)
                if conditions and code in _UNKNOWN_CONDITION:
                    raise UnknownConditionError(f"{self.url(name)}: conditions are unknown to the store") from error
                if not conditions or code not in _LOST_RACE:
                    raise
                # One that was done, whose answer was lost, loses to itself when it is repeated.
                if attempts == 1 or not self._was_written_by(name, writer):
                    raise already_written(self.url(name)) from error

    def upload(self, name: str, path: str) -> None:
        """Write an object that is too large for one PUT; it appears when its last part has arrived."""
        with s3_errors("write", self.url(name), DeliveryError):
            parts = make_client(self._options, attempts=min(self._options.attempts, _MOST_ATTEMPTS_A_PART))
            parts.upload_file(path, self.name, name)

    def begin_to_write(self, name: str) -> None:
        """Begin to upload an object in parts, and give it up: it never appears, and is refused as a PUT would be."""
        place = {"Bucket": self.name, "Key": name}

        def ask(_: int) -> None:
            begun = self._client.create_multipart_upload(**place)
            self._client.abort_multipart_upload(**place, UploadId=begun["UploadId"])

        with s3_errors("write", self.url(name), DeliveryError):
            self._try(name, ask)

    def delete(self, name: str) -> None:
        """Remove an object; one that is not there is no error."""
        with s3_errors("delete", self.url(name), DeliveryError):
            self._try(name, lambda _: self._client.delete_object(Bucket=self.name, Key=name))

    def _try(self, name: str, action: Callable[[int], T]) -> T:
        return trying(action, self.url(name), self._options, self._outage)

    def _was_written_by(self, name: str, writer: str) -> bool:
        found = self._try(name, lambda _: self._client.head_object(Bucket=self.name, Key=name))
        return bool(found["Metadata"].get(_WRITER) == writer)
