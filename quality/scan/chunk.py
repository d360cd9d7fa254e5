"""One chunk to its findings: the unit of work of a scan, whoever runs it."""

import datetime as dt
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

import polars as pl

from quality.calendar.exchanges import PANEL, check_calendar
from quality.engine.connection import Connection, EngineError, first_line, run, view_files
from quality.engine.statements import statement
from quality.errors import InputError, UsageError
from quality.evaluation.notebook import ChunkInputs, Judgement, judge
from quality.evaluation.session_findings import SessionFinding, joined
from quality.evaluation.suspects import Suspects
from quality.findings import schema as findings_files
from quality.findings import summary as summaries
from quality.findings.suppressions import NO_SUPPRESSIONS, Suppressions, mark
from quality.panel.catalogue import Catalogue, Damage
from quality.panel.partitions import Year
from quality.rules.model import RuleSet
from quality.scan.ledger import Record, write_record
from quality.scan.plan import Chunk, chunk_sessions, plan_chunks, whole_chunk_sessions
from quality.storage import Store

_log = logging.getLogger(__name__)

FORMATS = ("parquet", "csv")


@dataclass(frozen=True)
class ScanOptions:
    """What a scan covers, what it writes, and how much of the machine it takes.

    Attributes:
        start: First session whose findings are wanted, None for the panel's first.
        end: Last session whose findings are wanted, None for the panel's last.
        formats: Of `FORMATS`; Parquet is always written, since the others are made from it.
        threads: Chunks in work at once.
        memory_limit: Of all engines together, in bytes.
        rows_a_chunk: Rows that one unit of work holds at most, unless it is a single year.
        calendar: Which days are sessions (`calendars.open_calendar`).
        suppressions: The findings that do not count.
        resume: Keep the years that an earlier run into the same place has finished, from the same input,
            rules, range and versions; without it, everything is made anew.

    """

    start: dt.date | None = None
    end: dt.date | None = None
    formats: Sequence[str] = FORMATS
    threads: int = 2
    memory_limit: int = 1 << 30
    rows_a_chunk: int = 1_000_000
    resume: bool = False
    calendar: str = PANEL
    suppressions: Suppressions = NO_SUPPRESSIONS

    def __post_init__(self) -> None:
        check_calendar(self.calendar)
        unknown = [name for name in self.formats if name not in FORMATS]
        if unknown or not self.formats:
            raise UsageError(f"--format {','.join(self.formats)}: choose from {', '.join(FORMATS)}")
        if self.start and self.end and self.start > self.end:
            raise UsageError(f"--start {self.start} is after --end {self.end}")


@dataclass
class ScanWork:
    """What the chunks of one scan share."""

    catalogue: Catalogue
    contents: Mapping[int, str]
    paths: Mapping[str, Path]
    years: Mapping[int, Year]
    ruleset: RuleSet
    options: ScanOptions
    run: Store
    wanted: Suspects
    engines: SimpleQueue[Connection] = field(default_factory=SimpleQueue)
    keys: Mapping[int, str] = field(default_factory=dict)
    session_findings: Mapping[int, Sequence[SessionFinding]] = field(default_factory=dict)
    seen: str = ""

    @property
    def start(self) -> dt.date:
        """The first date whose findings are wanted."""
        return self.options.start or dt.date.min

    @property
    def end(self) -> dt.date:
        """The last date whose findings are wanted."""
        return self.options.end or dt.date.max

    @property
    def damaged_years(self) -> set[int]:
        """The years that the catalogue could not read."""
        return {damage.year for damage in self.catalogue.damaged}

    @property
    def last_session(self) -> dt.date:
        """The panel's last session, whose year is the one that grows."""
        last: dt.date = self.catalogue.dates.item(-1, "date")
        return last

    def rows_digest(self, year: int, day: dt.date) -> str:
        """Digest the rows of a year up to a day; days that are added later do not change it."""
        files = [str(file) for file in self.files([year])]
        with self.engine() as engine:
            return str(run(engine, statement("panel/rows_digest"), {"files": files, "day": day})[0][0])

    @contextmanager
    def engine(self) -> Iterator[Connection]:
        """Lend an engine; a chunk that failed has given it back before its years are tried one by one."""
        engine = self.engines.get()
        try:
            yield engine
        finally:
            self.engines.put(engine)

    def files(self, years: Sequence[int]) -> list[Path]:
        """List the local files of some years."""
        return [self.paths[key] for year in years for key in self.years[year].keys]


@dataclass(frozen=True)
class ChunkResult:
    """What came of a chunk: the years that are finished, and those that could not be."""

    records: tuple[Record, ...] = ()
    damaged: tuple[Damage, ...] = ()


def scan_chunk(work: ScanWork, chunk: Chunk) -> ChunkResult:
    """Judge the years of a chunk; write each year's findings whole, and then the note that it is finished."""
    try:
        with work.engine() as engine:
            judgement = _judge(work, engine, chunk)
    except (InputError, EngineError) as error:
        return _one_by_one(work, chunk, error)
    return ChunkResult(records=tuple(write_year_of(work, judgement, year) for year in chunk.years))


def write_year_of(work: ScanWork, judgement: Judgement, year: int) -> Record:
    """Write the findings of a year whole, and then the note that it is finished."""
    of_rules = judgement.findings.filter(pl.col("date").dt.year() == year)
    of_year, matched = mark(joined(of_rules, work.session_findings.get(year, ())), work.options.suppressions)
    tally = summaries.Tally()
    tally.add(of_year, matched)
    work.run.write(findings_files.partition_key(year), findings_files.encode_parquet(of_year))
    absent = judgement.absent.get(year, 0)
    content = work.contents.get(year, "")
    last = work.last_session
    seen = (last.isoformat(), work.seen) if year == last.year else ()
    record = Record(year, work.keys[year], content, _rows(work, year), absent, tally, *seen)
    write_record(work.run, record)
    return record


def _rows(work: ScanWork, year: int) -> int:
    judged = (pl.col("year") == year) & pl.col("date").is_between(work.start, work.end)
    return int(work.catalogue.dates.filter(judged).get_column("row_count").sum())


def _one_by_one(work: ScanWork, chunk: Chunk, error: Exception) -> ChunkResult:
    """Find out which year of a failed chunk is damaged; the others are still done."""
    if len(chunk.years) == 1:
        _log.warning("year=%d could not be scanned: %s", chunk.years[0], error)
        return ChunkResult(damaged=(Damage(chunk.years[0], first_line(error)),))
    ruleset = work.ruleset
    singles = plan_chunks(work.catalogue, list(chunk.years), ruleset.look_back, 0, ruleset.look_ahead)
    results = [scan_chunk(work, single) for single in singles]
    return ChunkResult(
        tuple(record for result in results for record in result.records),
        tuple(damage for result in results for damage in result.damaged),
    )


def _judge(work: ScanWork, engine: Connection, chunk: Chunk) -> Judgement:
    files = work.files(chunk.years)
    view_files(engine, "filed_rows", files)
    margins = work.files(chunk.look_back_years), work.files(chunk.look_ahead_years)
    view_files(engine, "near_rows", [*margins[0], *files, *margins[1]])
    judgement = _judge_as(work, engine, chunk, in_file_order=True)
    if not judgement.in_order:
        _log.info("years %s are not sorted by ticker and date: sorting them", chunk.years)
        judgement = _judge_as(work, engine, chunk, in_file_order=False)
    return judgement


def _judge_as(work: ScanWork, engine: Connection, chunk: Chunk, *, in_file_order: bool) -> Judgement:
    inputs = _inputs(work, chunk, in_file_order=in_file_order)
    return judge(engine, inputs, work.ruleset, work.start, work.end, wanted=work.wanted)


def _inputs(work: ScanWork, chunk: Chunk, *, in_file_order: bool) -> ChunkInputs:
    if work.ruleset.name == "robust":
        sessions = whole_chunk_sessions(work.catalogue, chunk, work.ruleset.look_back, work.ruleset.look_ahead)
        return ChunkInputs(sessions, work.catalogue.tickers, pl.DataFrame({"ticker": []}))
    sessions = chunk_sessions(work.catalogue, chunk, work.ruleset.look_back, in_file_order=in_file_order)
    last = sessions.get_column("session").max()
    presence = pl.concat([work.catalogue.presence_by_year[year] for year in chunk.years])
    # Numbered anew: a ticker that comes after the chunk must not count in the position of one before it.
    known = work.catalogue.numbered_tickers.filter(pl.col("first_session") <= last)
    return ChunkInputs(sessions, known.drop("number").with_row_index("number", offset=1), presence)
