"""Turns what a batch did, or failed to do, into the story that its channels tell."""

import datetime as dt
import logging
import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath

import polars as pl

from quality.batch import templates
from quality.batch.config import Task
from quality.batch.history import changes_of, findings_of
from quality.batch.state import read_state
from quality.batch.work import Done
from quality.delivery.changes import Changes
from quality.delivery.price_chart import SESSIONS, can_draw, draw
from quality.delivery.story import Story, unprocessed_of
from quality.errors import QualityError
from quality.findings import summary as summaries
from quality.findings.identity import run_id_of
from quality.panel.partitions import list_years, read_year
from quality.settings import Settings
from quality.storage import Store, browser_link, open_store

_log = logging.getLogger(__name__)

_MOST_CHARTS = 3


def story_of(done: Done, changes: Changes, where: Store, settings: Settings) -> Story:
    """Give the story of a job that is done."""
    unprocessed = unprocessed_of(done.summary)
    if done.not_appended:
        unprocessed.append(done.not_appended)
    return Story(
        panel=done.task.name,
        day=done.day,
        job=done.job,
        summary=done.summary,
        changes=changes,
        unprocessed=unprocessed,
        where=where.address,
        commands=_commands(done, changes, where),
        links=_links(done, where),
        charts=_charts(done, changes, settings),
    )


def story_of_run(run: Store, settings: Settings, where: Store | None = None) -> Story:
    """Give the story of a finished run by its address alone.

    Where the address holds the run's date, the runs beside it are its history.

    Raises:
        InputError: The run is not finished.

    """
    summary = summaries.read(run)
    panel = str(summary.get("panel", ""))
    day = dt.date.fromisoformat(str(summary.get("last_session") or summary["ended"])[:10])
    job = str(summary.get("job"))
    task = Task(PurePosixPath(panel).name or "panel", (job,), panel, run.address, mail=True)
    done = Done(job, task, day, run, summary, read_state(run, day))
    beside = replace(task, run=run.address.replace(day.isoformat(), "{date}", 1))
    return story_of(done, changes_of(done, beside, settings), where or run, settings)


def _commands(done: Done, changes: Changes, where: Store) -> list[str]:
    if done.job == "ingest":
        return []
    run = shlex.quote(where.address)
    commands = [f"pricewatch sql open_incidents --run {run}"]
    for incident in changes.new.head(1).iter_rows(named=True):
        if not str(incident["ticker"]).startswith("_"):
            ticker = shlex.quote(str(incident["ticker"]))
            panel = shlex.quote(done.task.panel)
            commands.append(f"pricewatch explain {ticker} {incident['first_date']} --run {run} --panel {panel}")
    return commands


def _links(done: Done, where: Store) -> Mapping[str, str]:
    links = {}
    if done.task.link:
        run = run_id_of(done.summary)
        links["Open the results"] = templates.fill(
            done.task.link, done.day, panel=done.task.name, job=done.job, run=run
        )
    if address := browser_link(where):
        links["Open in the S3 console"] = address
    return links


def _charts(done: Done, changes: Changes, settings: Settings) -> Mapping[str, bytes]:
    """Draw the worst tickers; without the extra, or where that fails, there are no charts."""
    if not done.task.mail or not changes.new.height or not can_draw():
        return {}
    try:
        wanted = changes.new.filter(~pl.col("ticker").str.starts_with("_"), pl.col("worst_deviation").is_not_null())
        tickers = wanted.get_column("ticker").unique(maintain_order=True).head(_MOST_CHARTS).to_list()
        prices = _tail(open_store(done.task.panel, settings.s3), tickers, done)
        found = findings_of(done.run).filter(pl.col("ticker").is_in(tickers))
        charts = {}
        for ticker in tickers:
            own = found.filter(pl.col("ticker") == ticker)
            today = own.select("date", "price").drop_nulls()
            series = pl.concat([prices.filter(pl.col("ticker") == ticker).select("date", "price"), today])
            charts[ticker] = draw(ticker, series.unique("date").sort("date"), own)
    except (QualityError, pl.exceptions.PolarsError, ValueError) as error:
        _log.warning("no charts in the mail: %s", error)
        return {}
    return charts


def _tail(panel: Store, tickers: list[str], done: Done) -> pl.DataFrame:
    """Read the last sessions of some tickers, from as few years as that takes."""
    frames: list[pl.DataFrame] = [pl.DataFrame(schema={"date": pl.Date, "ticker": pl.String, "price": pl.Float64})]
    sessions = 0
    damaged = {damage["year"] for damage in done.summary.get("damaged") or ()}
    for year in reversed([year for year in list_years(panel) if year.year not in damaged]):
        rows = read_year(panel, year)
        frames.append(rows.filter(pl.col("ticker").is_in(tickers)))
        sessions += rows.get_column("date").n_unique()
        if sessions > SESSIONS:
            break
    return pl.concat(frames).filter(pl.col("price").is_finite() | pl.col("price").is_null())
