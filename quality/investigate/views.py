"""Makes the views that a query needs, and nothing else, on an engine that can read only their files."""

import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from quality.engine.connection import Connection, EngineError, EngineOptions, first_line, open_engine, register, run
from quality.engine.statements import statement
from quality.errors import InputError, MixedVersionsError, UsageError
from quality.findings.runs import Run
from quality.investigate.files import Relation
from quality.investigate.sources import Sources, runs_frame, spans_frame
from quality.panel.extras import EXTRAS, extras_among

# What each view is made from beside itself.
_NEEDS = {
    "sessions": {"panel"},
    "incidents": {"findings", "dates"},
}
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """How much a question may take.

    Attributes:
        threads: Threads of the engine.
        memory: Bytes of the engine, and of an answer that is kept.
        disk: Bytes that the engine may spill.
        seconds: How long it may take; 0 for as long as it wants.

    """

    threads: int = 2
    memory: int = 1 << 30
    disk: int = 8 << 30
    seconds: float = 120.0


@contextmanager
def open_views(
    sources: Sources, wanted: Collection[str], limits: Limits, columns: Collection[str] | None = None
) -> Iterator[Connection]:
    """Open an engine with some of the views.

    Args:
        sources: Where they come from.
        wanted: Their names (see `catalogue.views`); each must be among `sources.offers`.
        limits: What the engine may take.
        columns: The columns that are asked for; None for all. On S3, each file is asked whether it has an optional one.

    Raises:
        InputError: A source cannot be read.
        MixedVersionsError: The panel is half replaced; or, at the end, it was replaced meanwhile.

    """
    needed = set(wanted).union(*(_NEEDS.get(name, set()) for name in wanted))
    with ExitStack() as stack:
        extras = EXTRAS if columns is None else extras_among(columns)
        relations = _relations(sources, needed, extras, stack)
        files = [path for relation in relations.values() for path in relation.paths]
        options = EngineOptions(
            limits.threads, f"{limits.memory >> 20}MiB", files, disk_limit=f"{limits.disk >> 20}MiB"
        )
        engine = stack.enter_context(open_engine(options))
        try:
            _create(engine, sources, needed, relations)
        except EngineError as error:
            raise InputError(f"{first_line(error)}; is the file whole?") from error
        yield engine


def _relations(sources: Sources, needed: set[str], extras: Sequence[str], stack: ExitStack) -> dict[str, Relation]:
    relations: dict[str, Relation] = {}
    if "panel" in needed:
        relations["panel"] = sources.panel_relation(stack, extras)
    elif "dates" in needed:
        try:
            relations["panel"] = sources.panel_relation(stack)
        except MixedVersionsError:
            raise
        except (InputError, UsageError) as error:
            _log.warning("%s: weekdays are taken for sessions", error)
    if "findings" in needed:
        relations["findings"] = sources.findings_relation(stack)
    if "truth" in needed:
        relations["truth"] = sources.truth_relation(stack)
    for name in ("refused", "conflicts"):
        if name in needed:
            relations[name] = sources.list_relation(name, stack)
    return relations


def _create(engine: Connection, sources: Sources, needed: set[str], relations: dict[str, Relation]) -> None:
    for name in ("panel", "truth"):
        if name in relations:
            relations[name].create(engine, name)
    for name in ("findings", "refused", "conflicts"):
        if name in relations:
            relations[name].create_with_runs(engine, name)
            engine.execute(statement(f"investigate/{name}"))
    if "sessions" in needed:
        engine.execute(statement("investigate/sessions"))
    if "runs" in needed:
        register(engine, "runs", runs_frame(sources.known_runs))
    if "incidents" in needed:
        _create_incidents(engine, sources, has_panel="panel" in relations)


def has_panel(engine: Connection) -> bool:
    """Tell whether an engine with views has the panel, and can read it."""
    try:
        run(engine, "select 1 from panel limit 1")
    except EngineError:
        return False
    return True


def _create_incidents(engine: Connection, sources: Sources, *, has_panel: bool) -> None:
    register(engine, "run_spans", spans_frame(_of_one_panel(sources.known_runs)))
    try:
        engine.execute(statement("investigate/panel_dates" if has_panel else "investigate/likely_dates"))
    except EngineError as error:
        _log.warning("the panel's dates cannot be read (%s): weekdays are taken for sessions", first_line(error))
        engine.execute(statement("investigate/likely_dates"))
    for name in ("session_dates", "latest_findings"):
        engine.execute(statement(f"investigate/{name}"))
    engine.execute(statement("incidents/incidents"))
    engine.execute(statement("investigate/incidents"))


def _of_one_panel(runs: Sequence[Run]) -> list[Run]:
    """Give the runs over the panel of the latest one: incidents of several panels would run into each other."""
    judging = [run for run in runs if run.summary.get("job") != "ingest"]
    panels = {run.summary.get("panel") for run in judging[-1:]}
    return [run for run in judging if run.summary.get("panel") in panels or not run.is_finished]
