"""Gathers findings into incidents: one for as long as one family of rules finds one ticker."""

import datetime as dt
from collections.abc import Iterable

import polars as pl

from quality.engine.connection import EngineOptions, frame, open_engine, register
from quality.engine.statements import statement

SCHEMA = pl.Schema(
    {
        "incident": pl.String,  # stable: a digest of ticker, family and first date
        "ticker": pl.String,
        "rule": pl.String,  # of the finding that leads: what counts, the most severe, the earliest
        "severity": pl.String,
        "first_date": pl.Date,
        "last_date": pl.Date,
        "sessions": pl.Int64,  # on which it was found: those on which nothing was judged are left out
        "worst_deviation": pl.Float64,
        "status": pl.String,  # open: found on the last session that was judged; resolved; suppressed
        "family": pl.String,
        "findings": pl.Int64,  # that count: neither suppressed nor covered by a stretch
        "factor": pl.Float64,  # of a stretch
        "message": pl.String,
    }
)
# What is looked at of findings, and what stands for columns that an older run has not got.
_NEEDED = pl.Schema(
    {
        "date": pl.Date,
        "ticker": pl.String,
        "rule": pl.String,
        "severity": pl.String,
        "deviation": pl.Float64,
        "message": pl.String,
        "first_date": pl.Date,
        "last_date": pl.Date,
        "factor": pl.Float64,
        "covered": pl.Boolean,
        "suppressed": pl.Boolean,
    }
)
_FLAGS = ("covered", "suppressed")


def find_incidents(
    findings: pl.DataFrame, sessions: Iterable[dt.date], *, threads: int = 1, memory_limit: int = 1 << 30
) -> pl.DataFrame:
    """Gather findings into incidents.

    A session on which the ticker was not judged (no price, or a day that was found wrong as a whole) neither
    ends an incident nor extends it. A stretch is one incident from its first date to its last.

    Args:
        findings: The findings' columns; those after `message` may be missing.
        sessions: The dates that were judged, in any order; without them, what lies between two findings is unknown.
        threads: Threads of the engine.
        memory_limit: Bytes of the engine.

    Returns:
        The columns of `SCHEMA`, by first date, ticker and family.

    """
    dates = pl.DataFrame({"date": pl.Series(list(sessions), dtype=pl.Date)})
    with open_engine(EngineOptions(threads=threads, memory_limit=f"{memory_limit >> 20}MiB")) as engine:
        register(engine, "findings", _needed(findings))
        register(engine, "session_dates", dates)
        engine.execute(statement("incidents/incidents"))
        return frame(engine, "select * from incidents_of('findings', 'session_dates')").cast(SCHEMA)


def _needed(findings: pl.DataFrame) -> pl.DataFrame:
    missing = [name for name in _NEEDED if name not in findings.columns]
    absent = [pl.lit(False if name in _FLAGS else None, dtype=_NEEDED[name]).alias(name) for name in missing]
    return findings.with_columns(absent).select(pl.col(name).cast(dtype) for name, dtype in _NEEDED.items())
