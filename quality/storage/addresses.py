"""Which addresses and keys are accepted, and how they read in a message."""

import re
from pathlib import Path

from quality.errors import UsageError

S3_SCHEME = "s3://"
# One slash is enough: `Path("s3://bucket")` silently becomes `s3:/bucket`.
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/")
_ACCEPTED = "use a local path or s3://bucket/prefix"


def local_path(address: str) -> Path:
    """Return the path of a local address, `~` expanded; raises UsageError for any other kind."""
    if not address or "\0" in address or _SCHEME.match(address):
        raise UsageError(f"{address!r} is not an address that can be opened: {_ACCEPTED}")
    try:
        return Path(address).expanduser()
    except RuntimeError:
        raise UsageError(f"{address!r} names a home folder that cannot be found: {_ACCEPTED}") from None


def split_s3(address: str) -> tuple[str, str]:
    """Split `s3://bucket/prefix` into the bucket and the prefix, without a slash at its end."""
    bucket, _, prefix = address.removeprefix(S3_SCHEME).partition("/")
    if not bucket:
        raise UsageError(f"{address!r} has no bucket: {_ACCEPTED}")
    check_prefix(prefix)
    return bucket, prefix.removesuffix("/")


def check_key(key: str) -> str:
    """Return a key that is relative and stays inside its store; raises UsageError for any other."""
    if "\0" in key or {"", ".", ".."} & set(key.split("/")):
        raise UsageError(
            f"{key!r} is not a key: use a relative name with single slashes, without '.', '..' or NUL as a part of it"
        )
    return key


def check_prefix(prefix: str) -> str:
    """Return the beginning of keys (empty, or with a slash at its end); raises UsageError as `check_key`."""
    if prefix:
        check_key(prefix.removesuffix("/"))
    return prefix


def check_text(key: str) -> str:
    """Return a key that is Unicode, as S3 wants it; raises UsageError for a local name that is not."""
    try:
        key.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{key!a} cannot be a name on S3, it is not Unicode: rename the file") from None
    return key


def is_hidden(key: str) -> bool:
    """Tell whether any part of a key starts with a dot: temporary files and locks do."""
    return key.startswith(".") or "/." in key
