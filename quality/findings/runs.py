"""Finds the runs at an address: one run, or all of a folder or prefix of runs."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from quality.errors import InputError
from quality.findings import summary as summaries
from quality.findings.columns import is_partition_key, year_of_key
from quality.storage import S3Options, Store, open_store


@dataclass(frozen=True)
class Run:
    """One run.

    Attributes:
        name: Its address below the folder of runs, or where it is the only one, its own address.
        store: Where it is.
        sizes: All its files: by key, their bytes.
        is_finished: Whether it has a summary.

    """

    name: str
    store: Store
    sizes: Mapping[str, int] = field(repr=False)

    @property
    def is_finished(self) -> bool:
        """Whether it has come to its end."""
        return summaries.KEY in self.sizes

    @cached_property
    def summary(self) -> Mapping[str, Any]:
        """Its summary; of a run that is not finished, nothing."""
        return summaries.read(self.store) if self.is_finished else {}

    @property
    def findings(self) -> dict[str, int]:
        """The keys of its findings, and the year of each."""
        years = {key: year_of_key(key) for key in self.sizes}
        return {key: year for key, year in years.items() if year is not None}

    @property
    def first_session(self) -> dt.date | None:
        """The first session that it looked at."""
        return _date(self.summary.get("first_session"))

    @property
    def last_session(self) -> dt.date | None:
        """The last session that it looked at."""
        return _date(self.summary.get("last_session"))

    @property
    def order(self) -> tuple[str, str, str]:
        """What sorts runs by time: when they were started, where they say so; their last session; their name."""
        return str(self.summary.get("started") or ""), str(self.summary.get("last_session") or ""), self.name


def find_runs(address: str, options: S3Options | None = None) -> list[Run]:
    """List the run at an address, or the runs below it, the earliest first.

    A run that was stopped has findings and no summary; it is listed too.

    Raises:
        InputError: There is none.

    """
    store = open_store(address, options)
    sizes = {entry.key: entry.size for entry in store.entries()}
    if summaries.KEY in sizes or any(map(is_partition_key, sizes)):
        return [Run(store.address, store, sizes)]
    folders = {folder for key in sizes if (folder := _folder(key))}
    runs = [
        Run(folder, open_store(f"{address.rstrip('/')}/{folder}", options), _below(folder, sizes))
        for folder in sorted(folders)
    ]
    if not runs:
        raise InputError(
            f"no finished run at {store.address}: neither it nor a folder in it has a {summaries.KEY}; "
            "run `pricewatch scan` or `check` first"
        )
    return sorted(runs, key=lambda run: run.order)


def _folder(key: str) -> str:
    """Give the run that a file belongs to, "" where it is of none."""
    folder, _, name = key.rpartition("/")
    if name == summaries.KEY:
        return folder
    folder, found, rest = key.rpartition("/findings/")
    return folder if found and is_partition_key(f"findings/{rest}") else ""


def _below(folder: str, sizes: Mapping[str, int]) -> dict[str, int]:
    return {key.removeprefix(f"{folder}/"): size for key, size in sizes.items() if key.startswith(f"{folder}/")}


def _date(text: object) -> dt.date | None:
    return dt.date.fromisoformat(str(text)[:10]) if text else None
