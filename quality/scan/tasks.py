"""What a scan has to do: its years, what the findings of each depend on, and the chunks that they go into."""

import datetime as dt
import hashlib
import logging
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from itertools import pairwise

import numpy as np

from quality.calendar.groups import EVERY, Closures, closures_of
from quality.digests import digest_of
from quality.errors import UsageError
from quality.evaluation.protocol import Group
from quality.evaluation.session_findings import SessionFinding, Span, findings_of_groups
from quality.evaluation.sets import evaluation_of, fingerprint
from quality.evaluation.trial import rules_over_cells
from quality.findings.summary import versions
from quality.panel.actions import CorporateActions
from quality.panel.catalogue import Catalogue
from quality.panel.grid import Days
from quality.panel.grid_files import Section, YearPrices, section_of
from quality.panel.ticker_order import natural_order
from quality.panel.year_index import YearIndex
from quality.panel.years import Year
from quality.patterns import fitting
from quality.rules.model import RuleSet
from quality.scan.chunk import ChunkTask, Judged, YearTask
from quality.scan.groups import Bounds, SessionsTask
from quality.scan.ledger import Record
from quality.scan.options import ScanOptions
from quality.scan.plan import group_portions, plan_chunks, tickers_a_task
from quality.text import quoted, similar

_log = logging.getLogger(__name__)


class Tasks:
    """The work of one scan.

    Attributes:
        catalogue: The panel's table of contents.
        ruleset: The rules.
        options: Range, formats, resources.
        contents: By year that the panel holds, damaged ones left out, a digest of its files.
        judged: The rules and the range, as chunks know them.

    """

    def __init__(
        self,
        catalogue: Catalogue,
        partitions: Mapping[int, Year],
        prices: YearPrices,
        ruleset: RuleSet,
        options: ScanOptions,
    ) -> None:
        self.catalogue = catalogue
        self.ruleset = ruleset
        self.options = options
        self.contents = {index.year: index.digest for index in catalogue.indexes}
        self.judged = Judged(
            ruleset, options.first_date, options.last_date, options.suppressions, _wanted(options.tickers, catalogue)
        )
        self._partitions = partitions
        self._prices = prices
        self._evaluation = evaluation_of(ruleset)

    @cached_property
    def sessions_in_range(self) -> Days:
        """The sessions whose findings are wanted.

        Raises:
            UsageError: There is none.

        """
        sessions = self.catalogue.sessions
        wanted = sessions[self._in_range(sessions)]
        if not len(wanted):
            raise UsageError(f"--start and --end leave no session: the panel holds {sessions[0]} to {sessions[-1]}")
        return wanted

    @cached_property
    def years(self) -> dict[int, YearTask]:
        """By year whose findings are wanted, what is known of it; ascending."""
        wanted = sorted({int(day.item().year) for day in np.unique(self.sessions_in_range.astype("datetime64[Y]"))})
        last = self.catalogue.indexes[-1]
        tasks = {}
        for year in wanted:
            index = self.catalogue.by_year[year]
            rows = self._rows_in_range(index)
            seen = (str(last.sessions[-1]), self.digest_up_to(year, last.sessions[-1].item())) if index is last else ()
            section = self._section((year,))
            key = digest_of(*self._inputs_of(section), *self._common(year), *self._known_of(section))
            tasks[year] = YearTask(key, index.digest, rows, self._session_findings.get(year, ()), seen)
        for year in self.years_without_sessions:
            tasks[year] = YearTask(digest_of(*self._common(year)), session_findings=self._session_findings[year])
        return dict(sorted(tasks.items()))

    def finished(self, records: Mapping[int, Record]) -> dict[int, Record]:
        """Give the years that an earlier run finished, and whose findings would be the same if they were made again."""
        known = ((year, records.get(year), task.key) for year, task in self.years.items())
        return {year: record for year, record, key in known if record and record.key == key}

    def sessions_of(self, year: int) -> int:
        """Count the sessions of a year whose findings are wanted."""
        index = self.catalogue.by_year.get(year)
        return 0 if index is None else int(self._in_range(index.sessions).sum())

    @cached_property
    def tickers(self) -> Sequence[str]:
        """The tickers whose findings are wanted."""
        return tuple(self.catalogue.first_seen) if self.judged.tickers is None else self.judged.tickers

    @cached_property
    def years_without_sessions(self) -> list[int]:
        """The years that a calendar alone knows."""
        present_years = {int(day.item().year) for day in np.unique(self.sessions_in_range.astype("datetime64[Y]"))}
        return sorted(set(self._session_findings) - present_years)

    def chunks(self, leaving_out: Collection[int]) -> list[ChunkTask]:
        """Group the years that are to be done, and that fit a task, into chunks."""
        todo = [year for year in self._todo(leaving_out) if not self._is_wide(year)]
        portions = plan_chunks(self.catalogue, todo, self.options.rows_a_chunk)
        return [self._chunk(together) for together in group_portions(portions, self.options.threads)]

    def wide_chunks(self, leaving_out: Collection[int]) -> list[tuple[ChunkTask, Bounds]]:
        """Group the other years that are to be done into chunks, and the tickers of each into groups."""
        todo = [year for year in self._todo(leaving_out) if self._is_wide(year)]
        chunks = [self._chunk((years,)) for years in plan_chunks(self.catalogue, todo, self.options.rows_a_chunk)]
        return [(chunk, self._bounds(chunk.section)) for chunk in chunks]

    def first_passes(self, chunks: Sequence[tuple[ChunkTask, Bounds]]) -> list[SessionsTask]:
        """Give the first pass over each year that some wide chunks are judged by, margins included."""
        first_pass = self._evaluation.first_pass
        if first_pass is None:
            return []
        years = sorted({index.year for chunk, _ in chunks for index in chunk.section.indexes})
        passes = []
        for year in years:
            section = section_of(self.catalogue, (year,), first_pass.look_back, 0, remembers=self._evaluation.remembers)
            files = tuple(self._partitions[index.year] for index in section.indexes)
            bounds = self._bounds(section)
            beside = self._actions_of(section), self._closures_of(section)
            passes.append(SessionsTask(section, bounds, files, self.judged, *beside))
        return passes

    def group_of(self, section: Section, begin: int) -> Group:
        """Give what a group of tickers is to know of all tickers of a section, but for what they have in common."""
        place = {name: number for number, name in enumerate(natural_order(section.tickers))}
        ranks = np.array([place[name] for name in section.tickers], dtype=np.int64)
        is_late = section.first_seen >= section.first_number
        order = np.argsort(ranks[is_late])
        return Group(begin == 0, ranks, ranks[is_late][order], section.first_seen[is_late][order])

    def _todo(self, leaving_out: Collection[int]) -> list[int]:
        return [year for year in self.years if year not in leaving_out and year in self.catalogue.by_year]

    def _chunk(self, portions: tuple[tuple[int, ...], ...]) -> ChunkTask:
        years = tuple(year for portion in portions for year in portion)
        section = self._section(years)
        files = tuple(self._partitions[index.year] for index in section.indexes)
        of_years = {year: self.years[year] for year in years}
        beside = self._actions_of(section), self._closures_of(section)
        return ChunkTask(section, of_years, files, portions, self.judged, *beside)

    def _is_wide(self, year: int) -> bool:
        index = self.catalogue.by_year[year]
        return self._may_split and len(index.tickers) > tickers_a_task(self.options.tickers_a_task, index)

    def _bounds(self, section: Section) -> Bounds:
        largest = max(section.indexes, key=lambda index: len(index.sessions))
        most = tickers_a_task(self.options.tickers_a_task, largest)
        edges = [*range(0, len(section.tickers), most), len(section.tickers)]
        return tuple(pairwise(edges))

    @cached_property
    def _may_split(self) -> bool:
        """Whether no rule compares tickers: one of the user's own may."""
        if others := rules_over_cells(self.ruleset):
            _log.warning(
                "years are scanned with all their tickers at once: %s look at several cells", ", ".join(others)
            )
        return not others

    def digest_up_to(self, year: int, day: dt.date) -> str:
        """Digest the rows of a year up to a day, whatever their order; days that are added later do not change it."""
        index = self.catalogue.by_year[year]
        count = int(np.searchsorted(index.sessions, np.datetime64(day, "D"), side="right"))
        present = index.present[:, :count]
        is_there = np.asarray(present.any(axis=1))
        digest = hashlib.sha256(repr((count, index.sessions[:count].tolist())).encode())
        digest.update(
            repr(
                [name for name, there in zip(index.tickers, np.asarray(is_there).tolist(), strict=True) if there]
            ).encode()
        )
        digest.update(np.ascontiguousarray(present[is_there]).tobytes())
        for name in ("price", *index.extras):
            digest.update(np.ascontiguousarray(self._prices.whole(index, name)[is_there, :count]).tobytes())
        return digest.hexdigest()[:32]

    def _section(self, years: tuple[int, ...]) -> Section:
        needs = self._evaluation
        return section_of(
            self.catalogue,
            years,
            needs.look_back,
            needs.look_ahead,
            remembers=needs.remembers,
            extras=needs.extras,
        )

    def _actions_of(self, section: Section) -> CorporateActions:
        """Give the listed actions that a section's findings depend on, those of the days beside it, too."""
        first, last = section.indexes[0].sessions[0], section.indexes[-1].sessions[-1]
        return self.options.actions.about(section.tickers, first, last)

    def _closures_of(self, section: Section) -> Closures:
        return self._closures.between(section.indexes[0].sessions[0], section.indexes[-1].sessions[-1])

    def _known_of(self, section: Section) -> tuple[str, str]:
        """Give digests of what is known of a section's tickers beside the panel."""
        return self._actions_of(section).digest, self._closures_of(section).digest

    @cached_property
    def _closures(self) -> Closures:
        return closures_of(self.options.calendar_groups, self.catalogue.sessions)

    def _rows_in_range(self, index: YearIndex) -> int:
        """Count the rows of a year whose findings are wanted."""
        is_wanted = self._in_range(index.sessions)
        if self.judged.tickers is None:
            return int(index.rows_by_session[is_wanted].sum())
        of_tickers = np.isin(np.array(index.tickers), np.array(self.judged.tickers))
        return int(np.count_nonzero(index.present[of_tickers][:, is_wanted]))

    def _in_range(self, sessions: Days) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        first, last = (np.datetime64(day, "D") for day in (self.options.first_date, self.options.last_date))
        return np.asarray((sessions >= first) & (sessions <= last))

    def _inputs_of(self, section: Section) -> tuple[object, ...]:
        """Give what of the panel a year's findings depend on: files, how far it can be looked, and who was known."""
        (year,) = section.judged
        position = [index.year for index in section.indexes].index(year)
        counts = [len(index.sessions) for index in section.indexes]
        history = min(section.first_number - 1 + sum(counts[:position]), section.look_back)
        future = min(sum(counts[position + 1 :]), section.look_ahead)
        dates = self.catalogue.sessions[section.first_seen - 1].astype(np.int64)
        known = hashlib.sha256(repr(section.tickers).encode() + dates.tobytes()).hexdigest()
        return [(index.year, index.digest) for index in section.indexes], history, future, known

    def _common(self, year: int) -> tuple[object, ...]:
        """Give what a year's findings depend on beside the panel's files."""
        days = [(str(day.date), day.rule, day.severity, day.message) for day in self._session_findings.get(year, ())]
        start, end = str(self.options.first_date), str(self.options.last_date)
        chosen = () if self.judged.tickers is None else (self.judged.tickers,)
        return self._fingerprint, start, end, self._versions, days, self.options.suppressions.digest(year), *chosen

    @cached_property
    def _fingerprint(self) -> str:
        return fingerprint(self.ruleset)

    @cached_property
    def _versions(self) -> dict[str, str]:
        return versions()

    @cached_property
    def _sessions_of_groups(self) -> dict[str, Span]:
        """Give the sessions on which any ticker of a group has a row, by the group's pattern."""
        calendars = self.options.calendar_groups
        if not calendars.by_pattern:
            return {EVERY: Span(self.catalogue.sessions.tolist())}
        found: dict[str, list[dt.date]] = {}
        for index in self.catalogue.indexes:
            row = {ticker: number for number, ticker in enumerate(index.tickers)}
            present = index.present
            for pattern, tickers in calendars.groups(index.tickers).items():
                is_session = present[[row[ticker] for ticker in tickers]].any(axis=0)
                found.setdefault(pattern, []).extend(index.sessions[is_session].tolist())
        return {pattern: Span(sessions) for pattern, sessions in found.items()}

    @cached_property
    def _session_findings(self) -> dict[int, list[SessionFinding]]:
        """Compare the panel's sessions with the calendars, by year; of a damaged year, nothing is known."""
        found: dict[int, list[SessionFinding]] = {}
        calendars = self.options.calendar_groups
        for day in findings_of_groups(calendars, self.ruleset.structural, self._sessions_of_groups):
            is_wanted = self.options.first_date <= day.date <= self.options.last_date
            if is_wanted and not self.catalogue.damaged_in(day.date.year):
                found.setdefault(day.date.year, []).append(day)
        return found


def _wanted(patterns: Sequence[str], catalogue: Catalogue) -> tuple[str, ...] | None:
    """Give the tickers whose findings are wanted; None for all."""
    if not patterns:
        return None
    names = catalogue.first_seen.keys()
    strange = [pattern for pattern in patterns if not fitting(pattern, names)]
    if strange:
        raise UsageError(f"--tickers: the panel holds no ticker {quoted(strange[0])}{similar(strange[0], names)}")
    return tuple(sorted({name for pattern in patterns for name in fitting(pattern, names)}))
