"""The files of a panel while it is read: fetched once, indexed, and their prices decoded when they are wanted."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Lock

import numpy as np
import pyarrow as pa

from quality.digests import digest_bytes
from quality.errors import InputError
from quality.panel.catalogue import Catalogue, Damage, catalogue_of
from quality.panel.digests import check_bytes, digest_of_year
from quality.panel.extras import EXTRAS
from quality.panel.grid import FloatMatrix
from quality.panel.version import PanelVersion
from quality.panel.year_files import read_cells, read_prices
from quality.panel.year_index import YearIndex, index_year, lay_out
from quality.panel.years import Year
from quality.storage import Store, is_local

_FETCHED_AT_ONCE = 8
# What tells one version of a file from another.
_Stamp = tuple[int, int, int]


class PanelFiles:
    """The files of some years of a panel; it serves `YearPrices` to many threads.

    A panel is read in one version: a file that was replaced since it was indexed is an error.
    """

    def __init__(self, panel: Store, years: Sequence[Year], stack: ExitStack) -> None:
        self._panel = panel
        self._years = {year.year: year for year in years}
        self._stack = stack
        self._version = PanelVersion(panel, years)
        self._paths: dict[int, list[Path]] = {}
        self._stamps: dict[int, list[_Stamp]] = {}
        self._wanted: Counter[tuple[int, str]] = Counter()
        self._decoded: dict[tuple[int, str], FloatMatrix] = {}
        self._locks = {year: Lock() for year in self._years}
        self._entering = Lock()

    @property
    def panel(self) -> Store:
        """Where the panel is."""
        return self._panel

    @property
    def years(self) -> list[Year]:
        """The partitions."""
        return list(self._years.values())

    def catalogue(self, threads: int) -> Catalogue:
        """Index all years, and put what is known of them together.

        Raises:
            InputError: Not one partition can be read, or they hold no rows.

        """
        return catalogue_of(self.index_years(threads))

    def index_years(self, threads: int) -> list[YearIndex | Damage]:
        """Index all years while they are fetched: each byte is read once."""
        with ThreadPoolExecutor(_FETCHED_AT_ONCE) as fetchers, ThreadPoolExecutor(threads) as pool:
            fetched = {year: fetchers.submit(self.fetch, year) for year in self._years if not self._years[year].problem}

            def index(year: int) -> YearIndex | Damage:
                if year in fetched:
                    wait([fetched[year]])
                return self.index_year(year)

            return list(pool.map(index, self._years))

    def index_year(self, year: int) -> YearIndex | Damage:
        """Index a year, or say why it cannot be."""
        try:
            if problem := self._years[year].problem:
                return Damage(year, problem)
            return self._index(year)
        except InputError as error:
            return Damage(year, str(error))

    def fetch(self, year: int) -> list[Path]:
        """Give the local paths of a year's files, which stay until all are closed."""
        if year not in self._paths:
            paths = [self._enter(key) for key in self._years[year].keys]
            self._stamps[year] = [_stamp(path) for path in paths]
            self._paths[year] = paths
        return self._paths[year]

    def check_version(self, found: Sequence[YearIndex | Damage]) -> list[Damage]:
        """Name the years of which it is not sure that what was read of them is of one version of the panel.

        Args:
            found: What was found in each year when it was read.

        """
        changed = self._version.changed()
        why = "was replaced while the panel was read, so that findings may be of two versions of it; run again"
        half = [year for year in self._version.half_replaced(_contents(found)) if year not in changed]
        why_half = (
            f"is one of {len(half)} years that are being replaced, or whose ingest was stopped: some are as they were, "
            "others as they are to be; wait for it, or ingest the same files again, then run again"
        )
        return [*(Damage(year, why) for year in changed), *(Damage(year, why_half) for year in half)]

    def require_one_version(self, found: Sequence[YearIndex | Damage]) -> None:
        """Make sure that all that was read is of one version of the panel.

        Args:
            found: What was found in each year when it was read.

        Raises:
            MixedVersionsError: It is of two, or may be.

        """
        self._version.check(_contents(found))

    def share(self, years: Iterable[int]) -> None:
        """Say which years are wanted, and how often: what is wanted again is kept until then."""
        self._wanted = Counter((year, name) for year in years for name in ("price", *EXTRAS))

    def lay(self, index: YearIndex, into: FloatMatrix, name: str = "price") -> None:
        """Lay the prices of a year, or an optional column, into a matrix of its tickers and sessions that holds NaN."""
        key = index.year, name
        if index.before is not None:
            self._read(index, into, name)
        elif self._wanted[key] > 1 or key in self._decoded:
            into[...] = self.whole(index, name)
        else:
            self._wanted[key] -= 1
            self._read(index, into, name)

    def whole(self, index: YearIndex, name: str = "price") -> FloatMatrix:
        """Give the prices of a year, or an optional column, tickers by sessions, to be read only."""
        key = index.year, name
        if index.before is not None:
            some = np.full((len(index.tickers), len(index.sessions)), np.nan)
            self._read(index, some, name)
            return some
        with self._locks[index.year]:
            prices = self._decoded.get(key)
            if prices is None:
                prices = np.full((len(index.tickers), len(index.sessions)), np.nan)
                self._read(index, prices, name)
                self._decoded[key] = prices
            self._wanted[key] -= 1
            if self._wanted[key] <= 0:
                del self._decoded[key]
            return prices

    def _enter(self, key: str) -> Path:
        copy = self._panel.local_copy(key)
        path = copy.__enter__()
        with self._entering:
            self._stack.push(copy)
        return path

    def _index(self, year: int) -> YearIndex:
        files = [path.read_bytes() for path in self.fetch(year)]
        digests = [digest_bytes(data) for data in files]
        for key, digest in zip(self._years[year].keys, digests, strict=True):
            check_bytes(self._version.digests, key, digest, self._panel.url(key))
        return index_year(year, files, digest_of_year(digests))

    def _read(self, index: YearIndex, into: FloatMatrix, name: str) -> None:
        rows = (index.before[1], index.before[1] + index.rows) if index.before and index.is_sorted else None
        if rows and index.year not in self._paths and not is_local(self._panel):
            # Of what is not here yet, the row groups of these tickers alone are fetched.
            with ExitStack() as opened:
                files = [opened.enter_context(self._panel.open(key)) for key in self._years[index.year].keys]
                lay_out(index, read_prices([pa.PythonFile(file) for file in files], name, rows), into)
            return
        paths = self.fetch(index.year)
        cells = () if index.is_sorted else read_cells(paths, index.year)[1]
        lay_out(index, read_prices(paths, name, rows), into, cells)
        if [_stamp(path) for path in paths] != self._stamps[index.year]:
            raise InputError(f"the files of year={index.year} were replaced while they were read; scan again")


@contextmanager
def panel_files(panel: Store, years: Sequence[Year]) -> Iterator[PanelFiles]:
    """Open the files of some years; copies are removed at exit."""
    with ExitStack() as stack:
        yield PanelFiles(panel, years, stack)


def _contents(found: Sequence[YearIndex | Damage]) -> dict[int, str | None]:
    return {part.year: part.digest if isinstance(part, YearIndex) else None for part in found}


def _stamp(path: Path) -> _Stamp:
    try:
        status = path.stat()
    except OSError as error:
        raise InputError(f"{path} is gone: {error.strerror}; scan again") from error
    return status.st_mtime_ns, status.st_size, status.st_ino
