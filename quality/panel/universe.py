"""Remembers beside a panel which tickers its earlier years hold, so that a daily check need not read them."""

import json
import logging
from collections.abc import Callable, Sequence

from quality.digests import digest_of
from quality.errors import QualityError
from quality.panel.partitions import Year
from quality.storage import Store

# Hidden, so no reader of the panel takes it for data; it can be deleted at any time.
KEY = ".universe.json"
_log = logging.getLogger(__name__)


def tickers_of(panel: Store, years: Sequence[Year], read: Callable[[], set[str]]) -> set[str]:
    """Give the tickers of whole years: those remembered where the files are the same, else those read.

    A panel that cannot be written to is read each time.
    """
    files = digest_of([(entry.key, entry.size, entry.version) for year in years for entry in year.entries])
    remembered = _recall(panel, files)
    if remembered is not None:
        return remembered
    tickers = read()
    try:
        panel.write(KEY, (json.dumps({"files": files, "tickers": sorted(tickers)}) + "\n").encode())
    except QualityError as error:
        _log.info("not remembered: %s", error)
    return tickers


def _recall(panel: Store, files: str) -> set[str] | None:
    try:
        told = json.loads(panel.read(KEY))
        return set(told["tickers"]) if told["files"] == files else None
    except (QualityError, ValueError, KeyError, TypeError):
        return None
