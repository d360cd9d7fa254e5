"""Writing an object only if it is new, or only over one version, as well as the store at hand can do it."""

import logging
from collections import defaultdict
from dataclasses import dataclass

from quality.errors import DestinationBusyError
from quality.storage.s3_bucket import Bucket, UnknownConditionError
from quality.storage.s3_errors import MissingObjectError

logger = logging.getLogger(__name__)

_QUOTED, _BARE, _NEITHER = "quoted", "bare", "neither"


@dataclass
class _Ability:
    """What a store was seen to do: nothing is assumed, each is tried once a process."""

    keeps_new: bool | None = None
    """Whether `If-None-Match: *` refuses to write over an object."""
    match: str = _QUOTED
    """How it wants the version in `If-Match`: Ceph refuses the quotes that it sends itself."""


_abilities: defaultdict[str, _Ability] = defaultdict(_Ability)


def put_new(bucket: Bucket, name: str, data: bytes) -> None:
    """Write an object that must not be there; of many that try, one wins.

    Where the store knows no `If-None-Match`, that is said once, and the object is looked for first.

    Raises:
        DestinationBusyError: It is there.

    """
    ability = _abilities[bucket.endpoint]
    if ability.keeps_new is not False:
        try:
            bucket.put(name, data, IfNoneMatch="*")
        except UnknownConditionError:
            _has_no_conditions(bucket, ability)
        else:
            if ability.keeps_new is None:
                _try_again(bucket, name, data, ability)
            return
    if _version(bucket, name) is not None:
        raise DestinationBusyError(f"{bucket.url(name)} is there already")
    bucket.put(name, data)


def _try_again(bucket: Bucket, name: str, data: bytes, ability: _Ability) -> None:
    """Find out whether the store keeps its word: what was just written must not be written again."""
    try:
        bucket.put(name, data, IfNoneMatch="*")
    except DestinationBusyError:
        ability.keeps_new = True
    else:
        _has_no_conditions(bucket, ability)


def _has_no_conditions(bucket: Bucket, ability: _Ability) -> None:
    ability.keeps_new = False
    logger.warning(
        "the store at %s does not know If-None-Match: two runs at once on one place are kept apart only"
        " if the second starts a moment later",
        bucket.endpoint,
    )


def replace_version(bucket: Bucket, name: str, data: bytes, etag: str) -> None:
    """Write over one version of an object, by compare-and-swap where the store can do it.

    Raises:
        DestinationBusyError: The object has changed.

    """
    ability = _abilities[bucket.endpoint]
    for style in dict.fromkeys((ability.match, _QUOTED, _BARE)):
        if style == _NEITHER:
            break
        try:
            bucket.put(name, data, IfMatch=etag if style == _QUOTED else etag.strip('"'))
        except DestinationBusyError:
            if _version(bucket, name) != etag:
                raise
        except UnknownConditionError:
            break
        else:
            ability.match = style
            return
    if ability.match != _NEITHER:
        ability.match = _NEITHER
        logger.info("the store at %s refuses its own ETag in If-Match: it is compared here", bucket.endpoint)
    if _version(bucket, name) != etag:
        raise DestinationBusyError(f"{bucket.url(name)} was changed by another run")
    bucket.put(name, data)


def _version(bucket: Bucket, name: str) -> str | None:
    try:
        return bucket.get(name, lambda answer: str(answer["ETag"]))
    except MissingObjectError:
        return None
