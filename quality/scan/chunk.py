"""One chunk to its findings: the unit of work of a scan, whoever runs it."""

import datetime as dt
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from quality.calendar.groups import Closures
from quality.digests import digest_bytes
from quality.engine.connection import Connection, EngineError, first_line
from quality.errors import InputError
from quality.evaluation.protocol import Evaluated
from quality.evaluation.session_findings import SessionFinding, joined
from quality.evaluation.sets import evaluation_of
from quality.findings.columns import partition_key
from quality.findings.summary import Tally
from quality.findings.suppressions import Suppressions, mark
from quality.findings.table import SCHEMA, complete, encode_parquet, of_tickers
from quality.panel.actions import CorporateActions
from quality.panel.catalogue import Damage
from quality.panel.grid import Grid
from quality.panel.grid_files import Section, YearPrices, load_grid
from quality.panel.years import Year
from quality.rules.model import RuleSet
from quality.scan.ledger import Record, write_record
from quality.storage import Store

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Judged:
    """What the chunks of a scan share: the rules, and the dates and tickers whose findings are wanted.

    Attributes:
        ruleset: The rules.
        start: The first date.
        end: The last date.
        suppressions: The findings that do not count.
        tickers: The tickers; None for all, and for what is found of whole days.

    """

    ruleset: RuleSet
    start: dt.date
    end: dt.date
    suppressions: Suppressions
    tickers: tuple[str, ...] | None = None


@dataclass(frozen=True)
class YearTask:
    """What is known of a year before its findings are made.

    Attributes:
        key: A digest of everything that they depend on (see `ledger.Record`).
        content: A digest of its files; "" where it has none.
        rows: Its rows between the dates that are wanted.
        session_findings: Days on which panel and calendar disagree.
        seen: Of the panel's last year, its last session and a digest of its rows up to then; else empty.

    """

    key: str
    content: str = ""
    rows: int = 0
    session_findings: Sequence[SessionFinding] = ()
    seen: tuple[str, str] | tuple[()] = ()


@dataclass(frozen=True)
class ChunkTask:
    """A chunk: consecutive years, and all that it takes to make their findings; small, and it pickles.

    Attributes:
        section: What its grid is loaded by.
        years: By year that is judged, what is known of it.
        files: The partitions of these years and of their margins.
        portions: The years whose prices are laid out together.
        judged: The rules and the range.
        actions: The corporate actions that are listed for its tickers about its sessions.
        closures: The sessions of these years on which some tickers' exchanges are closed.

    """

    section: Section
    years: Mapping[int, YearTask]
    files: tuple[Year, ...]
    portions: tuple[tuple[int, ...], ...]
    judged: Judged
    actions: CorporateActions = field(default_factory=CorporateActions)
    closures: Closures = field(default_factory=Closures)

    @property
    def sections(self) -> tuple[Section, ...]:
        """What the grid of each portion is loaded by."""
        return tuple(self.section.of_years(years) for years in self.portions)

    @property
    def laid_out(self) -> Iterator[int]:
        """The years that its grids are laid out from, as often as they are."""
        return (index.year for section in self.sections for index in section.indexes)

    def work(self, prices: YearPrices, engine: Connection, run: Store) -> "ChunkResult":
        """Evaluate the chunk; see `scan_chunk`."""
        return scan_chunk(self, prices, engine, run)

    def of_year(self, year: int) -> "ChunkTask":
        """Give the chunk of one of the years alone."""
        return replace(self, section=self.section.of_years([year]), years={year: self.years[year]}, portions=((year,),))


@dataclass(frozen=True)
class ChunkResult:
    """What came of a chunk: the years that are finished, and those that could not be."""

    records: tuple[Record, ...] = ()
    damaged: tuple[Damage, ...] = ()


def scan_chunk(task: ChunkTask, prices: YearPrices, engine: Connection, run: Store) -> ChunkResult:
    """Evaluate the years of a chunk; write each year's findings whole, and then the note that it is finished.

    Args:
        task: The chunk.
        prices: Where the prices of its years come from.
        engine: An engine that nobody else uses meanwhile.
        run: Where the findings go.

    """
    records: list[Record] = []
    try:
        for evaluated, years in _evaluated(task, prices, engine):
            records += (write_year(task.years[year], task.judged, evaluated, year, run) for year in years)
            del evaluated  # it makes room for the next
    except (InputError, EngineError) as error:
        return _one_by_one(task, prices, engine, run, error)
    return ChunkResult(records=tuple(records))


def _evaluated(task: ChunkTask, prices: YearPrices, engine: Connection) -> Iterator[tuple[Evaluated, tuple[int, ...]]]:
    """Evaluate the rules on one grid after the other, each gone before what follows; give the years of each result."""
    judged, portions = task.judged, list(task.portions)
    evaluation = evaluation_of(judged.ruleset)
    grids = (grid_of(section, prices, task.actions, task.closures, judged.tickers) for section in task.sections)
    for count, evaluated in evaluation.evaluate_all(engine, grids, judged.ruleset, judged.start, judged.end):
        yield evaluated, tuple(year for years in portions[:count] for year in years)
        del evaluated, portions[:count]


def grid_of(
    section: Section,
    prices: YearPrices,
    actions: CorporateActions,
    closures: Closures,
    wanted: Sequence[str] | None = None,
) -> Grid:
    """Load a grid with what is known beside the panel, and which tickers are wanted; None for all."""
    grid = load_grid(section, prices)
    counted = None if wanted is None else np.isin(np.array(grid.tickers), np.array(wanted))
    return replace(grid, actions=actions, closed=closures.of(grid.tickers, grid.sessions), counted=counted)


def write_year(known: YearTask, judged: Judged, evaluated: Evaluated, year: int, run: Store) -> Record:
    """Write the findings of a year whole, and then the note that it is finished."""
    found = joined(findings_of_year(evaluated.findings, year), known.session_findings)
    findings, matched = mark(
        found if judged.tickers is None else of_tickers(found, judged.tickers), judged.suppressions
    )
    tally = Tally()
    tally.add(findings, matched)
    data = encode_parquet(findings)
    run.write(partition_key(year), data)
    record = Record(
        year,
        known.key,
        known.content,
        known.rows,
        evaluated.absent.get(year, 0),
        tally,
        *known.seen or ("", ""),
        findings=digest_bytes(data),
    )
    write_record(run, record)
    return record


def write_year_without_sessions(year: int, known: YearTask, judged: Judged, run: Store) -> Record:
    """Write a year of which the panel holds nothing: a calendar may miss its sessions."""
    return write_year(known, judged, Evaluated(SCHEMA.empty_table(), {}), year, run)


def findings_of_year(findings: pa.Table, year: int) -> pa.Table:
    """Cut the findings of a year out of those of a chunk, which are sorted by date."""
    # Numbers of days are seen where they lie; dates would be copied, for each year all of them.
    days = findings.column("date").combine_chunks().view(pa.int32()).to_numpy()
    begin, end = np.searchsorted(
        days, [np.datetime64(f"{first:04d}", "D").astype(np.int32) for first in (year, year + 1)]
    )
    part = findings.slice(begin, end - begin)
    return complete({name: part.column(name) for name in part.column_names}, len(part))


def _one_by_one(task: ChunkTask, prices: YearPrices, engine: Connection, run: Store, error: Exception) -> ChunkResult:
    """Find out which year of a failed chunk is damaged; the others are still done."""
    if len(task.years) == 1:
        (year,) = task.years
        _log.warning("year=%d could not be scanned: %s", year, error)
        return ChunkResult(damaged=(Damage(year, first_line(error)),))
    results = [scan_chunk(task.of_year(year), prices, engine, run) for year in task.years]
    return ChunkResult(
        tuple(record for result in results for record in result.records),
        tuple(damage for result in results for damage in result.damaged),
    )
