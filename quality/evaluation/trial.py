"""Tries rules of the user's own on a few made-up prices: what is wrong with one is known before anything is done."""

import datetime as dt

import numpy as np

from quality.engine.connection import EngineOptions, open_engine
from quality.engine.limits import LimitReachedError, within
from quality.engine.plain_select import plain_select
from quality.engine.statements import sql_root
from quality.errors import UsageError
from quality.evaluation.protocol import Evaluation
from quality.evaluation.sets import evaluation_of
from quality.panel.grid import Grid
from quality.rules.model import RuleSet

_FIRST = np.datetime64("2020-01-01")
_TICKERS = ("A", "B")
# A rule takes milliseconds on so few prices: one that takes this has no end.
_MOST_SECONDS = 20.0
_MOST_BYTES = 1 << 30


def try_rules(ruleset: RuleSet) -> None:
    """Evaluate a rule set on a grid of two tickers; nothing where all its rules come with the job.

    Raises:
        UsageError: A rule looks further than its set, or its SELECT or message is wrong, or does not end; the message
            names its file.

    """
    evaluation = evaluation_of(ruleset)
    own = [rule.source for rule in ruleset.rules if not rule.source.startswith(str(sql_root()))]
    if not own:
        return
    grid = _grid(evaluation)
    with open_engine(EngineOptions(threads=1)) as engine:
        try:
            within(
                engine,
                lambda: evaluation.evaluate(engine, grid, ruleset, dt.date.min, dt.date.max),
                seconds=_MOST_SECONDS,
                memory=_MOST_BYTES,
            )
        except LimitReachedError as error:
            much = f"{_MOST_SECONDS:.0f} seconds" if error.of == "time" else f"{_MOST_BYTES >> 20:,} MiB of memory"
            raise UsageError(
                f"{', '.join(own)}: not done after {much} on two tickers' prices; make the SELECT simpler"
            ) from error


def rules_over_cells(ruleset: RuleSet) -> list[str]:
    """Name the user's own rules that do more than to look at cells one by one: they may compare tickers."""
    own = [rule for rule in ruleset.rules if not rule.source.startswith(str(sql_root()))]
    if not own:
        return []
    with open_engine(EngineOptions(threads=1)) as engine:
        return [rule.name for rule in own if plain_select(engine, rule.sql, "metrics") is None]


def _grid(evaluation: Evaluation) -> Grid:
    """Give two tickers, one of which stops, whose prices move a little, with one session that is judged."""
    count = evaluation.look_back + 1 + evaluation.look_ahead
    sessions = _FIRST + np.arange(count)
    prices = 100 + np.sin(np.arange(2 * count, dtype=np.float64)).reshape(2, count)
    present = np.ones(prices.shape, dtype=np.bool_)
    present[1, evaluation.look_back :] = False
    prices[~present] = np.nan
    judged = slice(evaluation.look_back, evaluation.look_back + 1)
    return Grid(sessions, _TICKERS, prices, present, judged, 1, np.array([1, 1]))
