"""Whether what is read of a panel is of one version: nothing half-replaced, and nothing replaced meanwhile."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager

from quality.digests import digest_bytes
from quality.errors import MixedVersionsError, QualityError
from quality.panel.digests import announced_years, digest_of_year, half_replaced, read_digests
from quality.panel.years import Year, list_years
from quality.storage import Store

_SHOWN = 3


class PanelVersion:
    """Years of a panel as they were listed, and what their files may be.

    The digests are read after the listing, and whoever replaces files announces it before the first of them: a listing
    from the midst of that is either announced, or no longer true when the last file was read.
    """

    def __init__(self, panel: Store, years: Sequence[Year]) -> None:
        self._panel = panel
        self._years = {year.year: year for year in years}
        self.digests = read_digests(panel)

    def changed(self, among: Collection[int] | None = None) -> list[int]:
        """Name the years that are no longer as they were listed; of some years, or of all and those that are new."""
        now = {year.year: year for year in list_years(self._panel)}
        years = sorted({*now, *self._years} if among is None else among)
        return [year for year in years if now.get(year) != self._years.get(year)]

    def half_replaced(self, contents: Mapping[int, str | None]) -> list[int]:
        """Name the years that are replaced together, where some are as they were and others as they are to be.

        Args:
            contents: By year that the panel holds, the digest of its files as they were read; None where it is not
                known.

        """
        return half_replaced(self.digests, contents)

    def check_now(self) -> None:
        """Make sure, before anything is read, that no years are half replaced; files that nobody replaces stay unread.

        Raises:
            MixedVersionsError: Some are.

        """
        announced = [self._years[year] for year in announced_years(self.digests) if year in self._years]
        self._check_half({year.year: self._content(year) for year in announced})

    @contextmanager
    def reading(self, contents: Mapping[int, str] | None = None) -> Iterator[None]:
        """Make sure, at the end, that what was read meanwhile is of one version.

        Args:
            contents: By year, the digest of its files, noted by the reader as it goes: no other year is read, and these
                are held against each other. None where any year may be read.

        Raises:
            MixedVersionsError: It is of two, or may be.

        """
        try:
            yield
        except QualityError:
            # What a reader makes of a file that is replaced under its hands has many names.
            self._check_unchanged()
            raise
        self._check_unchanged(contents)
        if contents is not None:
            self._check_half({**dict.fromkeys(self._years), **contents})

    def check(self, contents: Mapping[int, str | None]) -> None:
        """Make sure that all that was read is of one version.

        Args:
            contents: By year that the panel holds, the digest of its files as they were read; None where it is not
                known.

        Raises:
            MixedVersionsError: It is of two, or may be.

        """
        self._check_unchanged()
        self._check_half(contents)

    def _content(self, year: Year) -> str:
        return digest_of_year([digest_bytes(self._panel.read(key)) for key in year.keys])

    def _check_unchanged(self, among: Collection[int] | None = None) -> None:
        if changed := self.changed(among):
            raise MixedVersionsError(
                f"{self._panel.address} was replaced while it was read ({_listed(changed)}); run again"
            )

    def _check_half(self, contents: Mapping[int, str | None]) -> None:
        if half := self.half_replaced(contents):
            raise MixedVersionsError(
                f"{self._panel.address} is half replaced: of {_listed(half)} some files are as they were, others as "
                "they are to be; wait for who writes them, or, where that was stopped, ingest the same files again; "
                "then run again"
            )


@contextmanager
def one_version(panel: Store) -> Iterator[list[Year]]:
    """Give the years of a panel, whose files are then read.

    Raises:
        InputError: There is no panel (see `list_years`).
        MixedVersionsError: It is half replaced; or by the end, some of it was replaced.

    """
    years = list_years(panel)
    version = PanelVersion(panel, years)
    version.check_now()
    with version.reading():
        yield years


def _listed(years: Sequence[int]) -> str:
    shown = ", ".join(f"year={year:04d}" for year in years[:_SHOWN])
    return shown + (f" and {len(years) - _SHOWN} more years" if len(years) > _SHOWN else "")
