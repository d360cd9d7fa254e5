"""What went wrong on S3, in a few words, and what to do about it."""

from collections.abc import Iterator
from contextlib import contextmanager

from boto3.exceptions import Boto3Error  # noqa: TID251  (a part of the one door)
from botocore import exceptions as boto
from botocore.exceptions import BotoCoreError, ClientError

from quality.errors import InputError, QualityError
from quality.text import visible

_CREDENTIALS = "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
_SERVER = "check AWS_ENDPOINT_URL and the network, then run again"

_DENIED = (
    "access is denied; ask for s3:ListBucket, s3:GetObject and s3:PutObject there (s3:DeleteObject only where"
    f" something is to be replaced or removed), or {_CREDENTIALS}"
)
_MISSING = "there is no such file; check the address"
_REGION = "the bucket is in another region; set AWS_DEFAULT_REGION to it"
_TOKEN = "the session has ended or its token is wrong; log in again, or renew AWS_SESSION_TOKEN"  # noqa: S105
_OVERLOADED = "the server is overloaded or failing; try again later"

_BY_CODE = {
    "403": _DENIED,
    "AccessDenied": _DENIED,
    "InvalidAccessKeyId": f"the server does not know the access key; {_CREDENTIALS}, and AWS_ENDPOINT_URL",
    "SignatureDoesNotMatch": f"the secret key is wrong; {_CREDENTIALS}",
    "ExpiredToken": _TOKEN,
    "InvalidToken": _TOKEN,
    "NoSuchBucket": "there is no such bucket; create it, or check the address and AWS_ENDPOINT_URL",
    "InvalidBucketName": "the bucket's name is not valid; check the address",
    "404": _MISSING,
    "NoSuchKey": _MISSING,
    "PreconditionFailed": "it changed while it was read; run again when its writer is done",
    "301": _REGION,
    "PermanentRedirect": _REGION,
    "AuthorizationHeaderMalformed": _REGION,
    "RequestTimeTooSkewed": "this machine's clock is wrong; set it",
    "500": _OVERLOADED,
    "503": _OVERLOADED,
    "InternalError": _OVERLOADED,
    "ServiceUnavailable": _OVERLOADED,
    "SlowDown": _OVERLOADED,
}

# The first that fits counts: special kinds stand before general ones.
_BY_KIND: tuple[tuple[type[BotoCoreError], str], ...] = (
    (boto.NoCredentialsError, f"there are no credentials; {_CREDENTIALS}"),
    (boto.PartialCredentialsError, f"the credentials are incomplete; {_CREDENTIALS}"),
    (boto.CredentialRetrievalError, f"the credentials cannot be had; {_CREDENTIALS}"),
    (boto.ProfileNotFound, "there is no such profile; check AWS_PROFILE"),
    (boto.ParamValidationError, "the bucket's name or the key is not valid; check the address"),
    (boto.ConnectTimeoutError, f"the server did not answer in time; {_SERVER}"),
    (boto.ReadTimeoutError, f"the server did not answer in time; {_SERVER}"),
    (boto.IncompleteReadError, f"the connection was lost; {_SERVER}"),
    (boto.ConnectionError, f"the server cannot be reached; {_SERVER}"),
    (boto.HTTPClientError, f"the connection was lost; {_SERVER}"),
)


class MissingObjectError(InputError):
    """There is no object of the name that was to be read."""


@contextmanager
def s3_errors(verb: str, url: str, kind: type[QualityError]) -> Iterator[None]:
    """Turn an error of boto3 inside into one that names the address, the cause and what to do next.

    `verb` completes "cannot …". Nothing that the server sent is repeated but its error code.
    """
    try:
        yield
    except (BotoCoreError, Boto3Error, ClientError) as error:
        if kind is InputError and isinstance(error, ClientError) and error_code(error) == "NoSuchKey":
            kind = MissingObjectError
        raise kind(f"cannot {verb} {visible(url)}: {_explain(error)}") from error


def error_code(error: ClientError) -> str:
    """Return the server's short code for an error, such as `NoSuchKey`."""
    return str(error.response.get("Error", {}).get("Code", "unknown"))


def _explain(error: BaseException) -> str:
    if isinstance(error, Boto3Error) and error.__context__:
        return _explain(error.__context__)  # an upload in parts wraps what stopped it
    if isinstance(error, ClientError):
        code = error_code(error)
        return _BY_CODE.get(code, f"the server answered {code!r}; look it up in its manual")
    for kind, text in _BY_KIND:
        if isinstance(error, kind):
            return text
    return f"{type(error).__name__}; check the AWS_* settings"
