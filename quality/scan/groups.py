"""Years that no task can hold: a first pass over all tickers, then a group of them a task, then all put together."""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from quality.calendar.groups import Closures
from quality.digests import digest_of
from quality.engine.connection import Connection, EngineError, first_line
from quality.errors import InputError
from quality.evaluation.protocol import Evaluated, Group
from quality.evaluation.sets import evaluation_of
from quality.panel.actions import CorporateActions
from quality.panel.catalogue import Damage
from quality.panel.grid import Grid
from quality.panel.grid_files import Section, YearPrices
from quality.panel.years import Year
from quality.scan.chunk import ChunkResult, ChunkTask, Judged, YearTask, findings_of_year, grid_of, write_year
from quality.storage import Store

Bounds = tuple[tuple[int, int], ...]
# Where a run keeps what groups of tickers come to until their year is whole.
PARTS = "parts/"
# Beside the findings of a group: how many of its cells are absent.
_ABSENT = b"absent"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SessionsTask:
    """The first pass over a year: what the tickers of a session have in common, a group of them at a time.

    Attributes:
        section: What the grids are loaded by.
        bounds: By group, the positions of its first ticker and of the one after its last.
        files: The partitions of the year, and of those before it.
        judged: The rules.
        actions: The corporate actions about its sessions.
        closures: The sessions on which exchanges are closed.

    """

    section: Section
    bounds: Bounds
    files: tuple[Year, ...]
    judged: Judged
    actions: CorporateActions
    closures: Closures
    laid_out: tuple[int, ...] = ()

    def work(self, prices: YearPrices, engine: Connection, run: Store) -> Any:  # noqa: ANN401 - the set's own values
        """Measure the year, or say why that cannot be."""
        del engine, run
        first_pass = evaluation_of(self.judged.ruleset).first_pass
        assert first_pass is not None  # noqa: S101 - else nobody makes such a task
        (year,) = self.section.judged

        def groups() -> Iterator[Grid]:
            for begin, end in self.bounds:
                yield grid_of(self.section.of_tickers(begin, end), prices, self.actions, self.closures)

        try:
            return first_pass.measure(groups)
        except InputError as error:
            _log.warning("year=%d could not be scanned: %s", year, error)
            return Damage(year, str(error))


@dataclass(frozen=True)
class GroupTask:
    """Some tickers of a chunk: their findings are kept as parts of the run until all groups of a year have come.

    Attributes:
        chunk: The chunk, with a section of these tickers.
        group: What is to be known of the others.
        parts: By year, the key of the part.

    """

    chunk: ChunkTask
    group: Group
    parts: Mapping[int, str]
    laid_out: tuple[int, ...] = ()

    @property
    def files(self) -> tuple[Year, ...]:
        """The partitions that hold its sessions."""
        return self.chunk.files

    def work(self, prices: YearPrices, engine: Connection, run: Store) -> list[Damage]:
        """Evaluate the group, and keep what it finds; say which years cannot be scanned."""
        judged = self.chunk.judged
        try:
            chunk = self.chunk
            grid = grid_of(chunk.section, prices, chunk.actions, chunk.closures, judged.tickers)
            evaluated = evaluation_of(judged.ruleset).evaluate(
                engine, grid, judged.ruleset, judged.start, judged.end, group=self.group
            )
        except (InputError, EngineError) as error:
            _log.warning("year=%s could not be scanned: %s", ", ".join(map(str, self.parts)), error)
            return [Damage(year, first_line(error)) for year in self.parts]
        for year, key in self.parts.items():
            run.write(key, _encode(findings_of_year(evaluated.findings, year), evaluated.absent.get(year, 0)))
        return []


@dataclass(frozen=True)
class MergeTask:
    """The parts of a year: put together, they are its findings."""

    year: int
    known: YearTask
    judged: Judged
    parts: tuple[str, ...]
    files: tuple[Year, ...] = ()
    laid_out: tuple[int, ...] = ()

    def work(self, prices: YearPrices, engine: Connection, run: Store) -> ChunkResult:
        """Write the year, and take its parts away."""
        del prices, engine
        tables = [pa.ipc.open_file(run.read(key)).read_all() for key in self.parts]
        absent = sum(int(table.schema.metadata[_ABSENT]) for table in tables)
        findings = _in_order(pa.concat_tables([table.replace_schema_metadata() for table in tables]))
        record = write_year(self.known, self.judged, Evaluated(findings, {self.year: absent}), self.year, run)
        for key in self.parts:
            run.delete(key)
        return ChunkResult(records=(record,))


def part_key(year: int, known: YearTask, tickers: Sequence[str]) -> str:
    """Give the key of what some tickers of a year come to: whatever decides it decides the key."""
    return f"{_folder(year)}{digest_of(known.key, list(tickers))}.arrow"


def clear_parts(run: Store, of_years: Collection[int]) -> None:
    """Take the parts away that no later run can use: all but those of years that failed."""
    kept = tuple(_folder(year) for year in of_years)
    for entry in run.entries(PARTS):
        if not entry.key.startswith(kept):
            run.delete(entry.key)


def _folder(year: int) -> str:
    return f"{PARTS}year={year:04d}/"


def scan_groups(
    chunks: Sequence[tuple[ChunkTask, Bounds]],
    first_passes: Sequence[SessionsTask],
    group_of: Callable[[Section, int], Group],
    run_units: Callable[[str, Sequence[Any]], list[Any]],
    run: Store,
) -> list[ChunkResult]:
    """Scan chunks in groups of tickers: a first pass a year, then a task a group, then one a year to put it together.

    Args:
        chunks: The chunks, and how the tickers of each are grouped.
        first_passes: The first pass over each year of theirs, margins included; empty for a set that needs none.
        group_of: Gives what a group is to know, from the chunk's whole section and the position of its first ticker.
        run_units: Runs units of work at a stage, and gives their results in order.
        run: Where the findings go; parts that are there already are not made again.

    """
    made = {entry.key for entry in run.entries(PARTS)}
    values: dict[int, Any] = {}
    if first_passes:
        found = run_units("first pass", first_passes)
        values = {task.section.judged[0]: value for task, value in zip(first_passes, found, strict=True)}
    damaged: dict[int, Damage] = {}
    units: list[GroupTask] = []
    parts: dict[int, list[str]] = {}
    for chunk, bounds in chunks:
        of_chunk = [values[index.year] for index in chunk.section.indexes] if values else []
        if lost := [value for value in of_chunk if isinstance(value, Damage)]:
            damaged |= {year: Damage(year, lost[0].reason) for year in chunk.years}
            continue
        first_pass = evaluation_of(chunk.judged.ruleset).first_pass
        common = first_pass.conclude(of_chunk) if first_pass else None
        for begin, end in bounds:
            section = chunk.section.of_tickers(begin, end)
            keys = {year: part_key(year, known, section.tickers) for year, known in chunk.years.items()}
            for year, key in keys.items():
                parts.setdefault(year, []).append(key)
            if not set(keys.values()) <= made:
                group = replace(group_of(chunk.section, begin), common=common and common.of_tickers(section.tickers))
                own = replace(group, ranks=group.ranks[begin:end])
                units.append(GroupTask(replace(chunk, section=section), own, keys))
    for result in run_units("scan", units):
        damaged |= {damage.year: damage for damage in result}
    known = {year: (task, chunk.judged) for chunk, _ in chunks for year, task in chunk.years.items()}
    merges = [MergeTask(year, *known[year], tuple(keys)) for year, keys in parts.items() if year not in damaged]
    return [*run_units("merge", merges), ChunkResult(damaged=tuple(damaged.values()))]


def _encode(findings: pa.Table, absent: int) -> bytes:
    table = findings.unify_dictionaries().combine_chunks().replace_schema_metadata({_ABSENT: str(absent)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _in_order(findings: pa.Table) -> pa.Table:
    """Sort findings by date and ticker; each group's own are sorted by rule, too."""
    findings = findings.unify_dictionaries().combine_chunks()
    if not len(findings):
        return findings
    keys = findings.column("ticker").combine_chunks()
    names = keys.dictionary.to_pylist()
    place = np.empty(len(names), dtype=np.int64)
    place[np.array(sorted(range(len(names)), key=names.__getitem__), dtype=np.int64)] = np.arange(len(names))
    date = findings.column("date").to_numpy().astype("datetime64[D]")
    return findings.take(pa.array(np.lexsort((place[keys.indices.to_numpy()], date))))
