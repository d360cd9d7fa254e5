"""Evaluates a rule set over one chunk of cells: the same statements for a scan's years and for a day."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from quality.engine.connection import Connection, EngineError, frame, register, run
from quality.engine.statements import statement
from quality.errors import InputError
from quality.evaluation.robust.set import Robust
from quality.evaluation.rule import FOUND, evaluate
from quality.evaluation.suspects import EVERY_CELL, Suspects, suspects
from quality.findings.schema import complete, in_order
from quality.panel.grid import Grid, doubled_rows, first_repeated
from quality.rules.model import RuleSet


@dataclass(frozen=True)
class ChunkInputs:
    """What the statements know of a chunk beside its rows.

    Attributes:
        sessions: date, part, session, is_filed, is_sorted, is_near (see `chunks.chunk_sessions`).
        tickers: ticker, number, first_session: all tickers ever seen up to the chunk's end.
        presence: part, ticker, first_session, last_session: who has rows in the chunk's parts.

    """

    sessions: pl.DataFrame
    tickers: pl.DataFrame
    presence: pl.DataFrame


@dataclass(frozen=True)
class Judgement:
    """What came of a chunk.

    Attributes:
        findings: The findings' columns, sorted by date, ticker and rule.
        absent: By year, the cells that were expected and have no row.
        in_order: False when the files were not sorted by ticker and date: nothing else is then valid.

    """

    findings: pl.DataFrame
    absent: Mapping[int, int]
    in_order: bool = True


def judge(
    connection: Connection,
    inputs: ChunkInputs,
    ruleset: RuleSet,
    start: dt.date,
    end: dt.date,
    *,
    wanted: Suspects | None = None,
) -> Judgement:
    """Evaluate every rule over the views `filed_rows` and `near_rows`, which the caller has made.

    Args:
        connection: The engine that holds the two views (date, ticker, price).
        inputs: Sessions, tickers and presence of the chunk.
        ruleset: The rules.
        start: First date whose findings are wanted.
        end: Last date whose findings are wanted.
        wanted: `suspects` of the rule set, for callers that judge many chunks.

    Raises:
        InputError: Two rows share a date and ticker.

    """
    for name, rows in (("sessions", inputs.sessions), ("tickers", inputs.tickers), ("presence", inputs.presence)):
        register(connection, name, rows)
    if ruleset.name == "robust":
        return _judge_robustly(connection, inputs, ruleset, start, end)
    for name in ("cells", f"metrics/{ruleset.name}", "chunk/cells"):
        connection.execute(statement(name))
    _keep_present(connection, wanted or suspects(connection, ruleset))
    disordered, doubled = run(connection, statement("chunk/disorder"))[0]
    if doubled:
        raise InputError(
            f"{doubled} rows repeat the date and ticker of another row; a panel holds one row a date and ticker: "
            "ingest the files again to settle which one counts"
        )
    if disordered:
        return Judgement(pl.DataFrame(), {}, in_order=False)
    for name in ("chunk/absent", "chunk/metrics"):
        connection.execute(statement(name))
    tickers = inputs.tickers.get_column("ticker")
    found = [part for rule in ruleset.rules for part in evaluate(connection, rule, tickers, start, end)]
    absent = dict(run(connection, statement("chunk/size"), {"start": start, "end": end}))
    return Judgement(complete(in_order(pl.concat([FOUND.to_frame(), *found]))), absent)


def _judge_robustly(
    connection: Connection, inputs: ChunkInputs, ruleset: RuleSet, start: dt.date, end: dt.date
) -> Judgement:
    """Evaluate the set that is measured on a grid; the order of the rows does not matter to it."""
    near = inputs.sessions.filter("is_near").sort("session")
    rows = frame(connection, "select date, ticker, coalesce(price, 'nan'::double) as price from near_rows")
    names = rows.get_column("ticker").unique().sort()
    sessions, first = near.get_column("date").to_numpy(), near.item(0, "session")
    session = np.searchsorted(sessions, rows.get_column("date").to_numpy())
    known = session < len(sessions)
    known[known] = sessions[session[known]] == rows.get_column("date").to_numpy()[known]
    ticker = rows.get_column("ticker").cast(pl.Enum(names)).to_physical().to_numpy().astype(np.int64)
    cells = (ticker * len(sessions) + session)[known]
    prices, present = (
        np.full((len(names), len(sessions)), np.nan),
        np.zeros((len(names), len(sessions)), dtype=np.bool_),
    )
    prices.put(cells, rows.get_column("price").to_numpy()[known])
    present.put(cells, True)  # noqa: FBT003 - NumPy takes values by position
    if doubled := len(cells) - int(np.count_nonzero(present)):
        cell = first_repeated(cells)
        raise doubled_rows(doubled, sessions[cell % len(sessions)], names[cell // len(sessions)])
    turns = near.get_column("is_sorted").to_numpy().nonzero()[0]
    judged = slice(int(turns[0]), int(turns[-1]) + 1)
    grid = Grid(sessions, tuple(names), prices, present, judged, first, np.ones(len(names), dtype=np.int64))
    evaluated = Robust().evaluate(connection, grid, ruleset, start, end)
    return Judgement(complete(pl.DataFrame(pl.from_arrow(evaluated.findings))), evaluated.absent)


def _keep_present(connection: Connection, wanted: Suspects) -> None:
    """Make the table `present` of the cells that rules may find."""
    try:
        run(connection, statement("chunk/present").format(suspect=wanted.condition), wanted.parameters)
    except EngineError:
        # A rule's condition may stand only in its own SELECT; what is wrong with it, its own turn will tell.
        if wanted is EVERY_CELL:
            raise
        _keep_present(connection, EVERY_CELL)
