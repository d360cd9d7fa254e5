"""The one place that makes boto3 clients."""

from functools import cache
from typing import Any, TypeAlias

import boto3  # noqa: TID251  (a part of the one door)
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError
from botocore.loaders import Loader

from quality.errors import UsageError
from quality.storage.store import S3Options

Client: TypeAlias = Any
"""A boto3 client: its methods are made at run time, so there is no type to name."""


def make_client(options: S3Options, service: str = "s3", *, attempts: int = 1, **credentials: str) -> Client:
    """Make a client; nothing is contacted yet.

    `credentials` (boto3's names) are for servers that this program itself started; without them boto3's
    usual chain decides. Raises UsageError where the settings cannot make a client.
    """
    try:
        return _session().client(
            service,
            endpoint_url=options.endpoint_url,
            region_name=options.region,
            config=_config(options, attempts),
            **credentials,
        )
    except (BotoCoreError, ValueError) as error:
        raise UsageError(
            "the settings for S3 make no sense to boto3: check AWS_ENDPOINT_URL (http://host:port),"
            f" AWS_DEFAULT_REGION and AWS_PROFILE ({type(error).__name__})"
        ) from error


def _config(options: S3Options, attempts: int) -> Config:
    return Config(
        connect_timeout=options.connect_timeout,
        read_timeout=options.read_timeout,
        # Requests are tried again by `trying`, for a stated time; an upload in parts by boto3, part by part.
        retries={"mode": "standard", "total_max_attempts": attempts},
        # Stores other than AWS refuse the checksums that boto3 adds of its own accord.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )


def _session() -> boto3.session.Session:
    # Never boto3's default session: it would keep the credentials of the first client for all others.
    session = botocore.session.Session()
    session.register_component("data_loader", _loader())
    return boto3.session.Session(botocore_session=session)


@cache
def _loader() -> Loader:
    """Keep AWS's descriptions of its services: reading them is most of the time that a client takes."""
    return Loader()
