"""What a check knows of the sessions before its day: the tail of the panel, and the tickers of the rest."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from quality.engine.connection import Connection, run
from quality.engine.statements import statement
from quality.errors import NotEnoughHistoryError
from quality.panel.partitions import Year
from quality.panel.ticker_order import natural_order
from quality.panel.universe import tickers_of
from quality.storage import Store

# Fewer sessions before the day than this tell nothing.
_LEAST_HISTORY = 7


@dataclass(frozen=True)
class History:
    """What a check needs to know of the sessions before its day.

    Attributes:
        sessions: The last of them, as many as the rules look back on, ascending.
        tickers: All tickers that history holds, in natural order.
        holds_day: Whether the panel holds the day itself already.
        yesterday: How many tickers the last of the sessions holds.

    """

    sessions: tuple[dt.date, ...]
    tickers: tuple[str, ...]
    holds_day: bool
    yesterday: int = 0


def too_little_history() -> NotEnoughHistoryError:
    """Give the notebook's error for a day with too few sessions before it."""
    return NotEnoughHistoryError("Not enough historical data to compute moving average.")


def read_history(
    engine: Connection, panel: Store, years: Sequence[Year], paths: Mapping[str, Path], *, day: dt.date, look_back: int
) -> History:
    """Read the tail into the table `tail`, going back year by year until it is long enough."""
    sessions: list[dt.date] = []
    tail_years = 0
    while tail_years < len(years) and len([date for date in sessions if date < day]) < look_back:
        tail_years += 1
        files = _files(years[-tail_years], paths)
        sessions = [
            date for (date,) in run(engine, statement("check/history"), {"files": files, "day": day})
        ] + sessions
    before = [date for date in sessions if date < day][-look_back:] if look_back else []
    if len(before) < min(look_back, _LEAST_HISTORY):
        raise too_little_history()
    tail_files = [file for year in years[-tail_years:] for file in _files(year, paths)]
    first = before[0] if before else day
    run(engine, statement("check/tail"), {"files": tail_files, "from_session": first, "day": day})
    tickers = natural_order(sorted(_tickers(engine, panel, years, paths, day)))
    ((yesterday,),) = run(engine, statement("check/yesterday"))
    return History(tuple(before), tuple(tickers), day in sessions, yesterday)


def _files(year: Year, paths: Mapping[str, Path]) -> list[str]:
    return [str(paths[key]) for key in year.keys]


def _tickers(
    engine: Connection, panel: Store, years: Sequence[Year], paths: Mapping[str, Path], day: dt.date
) -> set[str]:
    earlier = [year for year in years if year.year < day.year]
    same_year = [file for year in years if year.year == day.year for file in _files(year, paths)]

    def read_earlier() -> set[str]:
        files = [file for year in earlier for file in _files(year, paths)]
        return {ticker for (ticker,) in run(engine, statement("check/tickers"), {"files": files})}

    known = tickers_of(panel, earlier, read_earlier) if earlier else set()
    if same_year:
        found = run(engine, statement("check/tickers_before"), {"files": same_year, "day": day})
        known |= {ticker for (ticker,) in found}
    return known
