"""The rule set `robust` as a whole: what must hold for every panel, whatever rules stand beside it."""

import datetime as dt
import inspect
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.engine.connection import Connection, EngineOptions, open_engine
from quality.evaluation.robust import set as robust
from quality.evaluation.robust.margins import LOOK_AHEAD, LOOK_BACK, REACHES
from quality.evaluation.robust.metrics import Needs
from quality.evaluation.robust.set import Robust
from quality.panel.grid import Grid
from quality.rules.loading import load_ruleset
from quality.rules.model import Rule, RuleSet, Thresholds
from quality.rules.severities import SEVERITIES
from tests.code_digests import digest_of_code
from tests.random_panels import draw_panel, make_grid, part_of

MINE = """-- name: {name}
-- severity: {severity}
-- message: mine
-- parameters: {parameters}
-- look-back: 120
{hindsight}select date, ticker, price, expected, deviation from metrics where {condition}
"""


@pytest.fixture(scope="module")
def engine() -> Iterator[Connection]:
    with open_engine(EngineOptions()) as opened:
        yield opened


def findings(engine: Connection, grid: Grid, ruleset: RuleSet) -> pl.DataFrame:
    evaluated = Robust().evaluate(engine, grid, ruleset, dt.date.min, dt.date.max)
    return pl.DataFrame(pl.from_arrow(evaluated.findings))


def with_a_wrong_repeat(grid: Grid) -> Grid:
    """Plant a wrong price that is repeated: only the days after show that the repeat is wrong."""
    count = len(grid.sessions)
    grid.prices[6, 150:] = 50 + 0.1 * np.arange(count - 150) + 0.01 * (np.arange(count - 150) % 9)
    grid.prices[6, 202:204], grid.present[6, 150:] = 90.0, True
    return grid


@pytest.mark.parametrize("hindsight", ["", "-- look-ahead: 15\n-- retrospective: yes\n"])
@settings(max_examples=6, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    severity=st.sampled_from(["error", "warning", "info"]),
    condition=st.sampled_from(
        ["true", "price is null", "own_move < $own_move", "volatility > 0.01 and usable = 7", "price = previous"]
    ),
)
def test_a_rule_of_the_users_changes_no_finding_of_the_others(
    engine: Connection,
    tmp_path_factory: pytest.TempPathFactory,
    hindsight: str,
    seed: int,
    severity: str,
    condition: str,
) -> None:
    folder = tmp_path_factory.mktemp("rules")
    parameters = "own_move = 0.001" if "$own_move" in condition else "none"
    for name in ("a_first", "zz_last"):
        text = MINE.format(
            name=name, severity=severity, parameters=parameters, hindsight=hindsight, condition=condition
        )
        Path(folder, f"{name}.sql").write_text(text)
    grid = with_a_wrong_repeat(draw_panel(seed))
    alone, beside = (findings(engine, grid, load_ruleset("robust", folders)) for folders in ([], [folder]))
    is_mine = pl.col("rule").is_in(["a_first", "zz_last"])
    assert beside.filter(is_mine).height > 0
    assert "hindsight" in alone.get_column("status")
    assert beside.filter(~is_mine).equals(alone)


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 1_000_000),
    extreme=st.booleans(),
    limit=st.sampled_from([0.01, 0.2]),
    own_move=st.sampled_from([0.02, 0.1]),
)
def test_the_rules_of_the_set_find_the_same_where_everything_is_measured(
    engine: Connection, *, seed: int, extreme: bool, limit: float, own_move: float
) -> None:
    """What is left out of the metrics of suspects makes no difference to any rule, whatever its thresholds."""
    values = {"limit": limit, "own_move": own_move}
    rules = load_ruleset("robust").rules
    own = {rule.name: Thresholds({key: values[key] for key in rule.parameters if key in values}) for rule in rules}
    grid, ruleset = draw_panel(seed, extreme=extreme), load_ruleset("robust", thresholds=own)
    few = findings(engine, grid, ruleset)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(robust, "needs_of", lambda _rules: Needs(every_cell=True))
        every = findings(engine, grid, ruleset)
    assert few.height > 0
    assert few.equals(every)


@settings(max_examples=10, deadline=None)
@given(
    seed=st.integers(0, 1_000_000),
    extreme=st.booleans(),
    cuts=st.lists(st.integers(1, 259), max_size=3, unique=True),
)
def test_parts_of_a_grid_give_the_findings_of_the_whole(
    engine: Connection, *, seed: int, extreme: bool, cuts: list[int]
) -> None:
    grid = draw_panel(seed, extreme=extreme)
    count = len(grid.sessions)
    edges = sorted({0, count, *(cut for cut in cuts if cut < count)})
    ruleset = load_ruleset("robust")
    parts = [part_of(grid, first, last, LOOK_BACK, LOOK_AHEAD) for first, last in itertools.pairwise(edges)]
    whole = findings(engine, grid, ruleset)
    assert pl.concat([findings(engine, part, ruleset) for part in parts]).equals(whole)
    # Rules that are asked of all parts at once find the same.
    ((count, together),) = Robust().evaluate_all(engine, parts, ruleset, dt.date.min, dt.date.max)
    assert count == len(parts)
    assert pl.DataFrame(pl.from_arrow(together.findings)).equals(whole)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1_000_000), extreme=st.booleans(), day=st.integers(0, 259))
def test_a_day_alone_finds_what_the_scan_says_was_found_on_it(
    engine: Connection, *, seed: int, extreme: bool, day: int
) -> None:
    grid, ruleset = draw_panel(seed, extreme=extreme), load_ruleset("robust")
    day = min(day, len(grid.sessions) - 1)
    on_the_day = ["date", "ticker", "first_rule", "price", "expected", "deviation", "lower", "upper"]
    scanned = findings(engine, grid, ruleset)
    known = scanned.filter((pl.col("date") == grid.sessions[day]) & pl.col("first_rule").is_not_null())
    checked = findings(engine, part_of(grid, day, day + 1, ruleset.causal.look_back, 0), ruleset.causal)
    assert checked.select(on_the_day).sort(on_the_day).equals(known.select(on_the_day).sort(on_the_day))


@pytest.mark.parametrize("rule", load_ruleset("robust").rules, ids=lambda rule: rule.name)
def test_a_rule_looks_as_far_as_its_metrics_reach(rule: Rule) -> None:
    read = set(re.findall(r"[a-z_]+", re.sub(r" as \w+", "", rule.sql)))
    named = [reach for name, reach in REACHES.items() if name in read]
    assert rule.look_back == max(reach.back for reach in named)
    assert rule.look_ahead == max(reach.ahead for reach in named)


def test_no_rule_takes_an_error_back_to_less() -> None:
    severity = {rule.name: SEVERITIES.index(rule.severity) for rule in load_ruleset("robust").rules}
    for rule in load_ruleset("robust").rules:
        # On the day of return all is said at once, and later of the prices that were wrong: those keep the error.
        said_of_the_stretch = {"block_error", "swapped_tickers"} if rule.name == "back_to_level" else set()
        milder = [name for name in rule.reclassifies if severity[name] == 0 < severity[rule.name]]
        milder = [name for name in milder if name not in said_of_the_stretch]
        assert milder == [], f"{rule.name} takes back {milder}"


def test_a_digit_too_many_that_lasts_stays_what_it_was(engine: Connection) -> None:
    prices = 100 + 0.1 * np.arange(300.0)[np.newaxis] + 0.01 * (np.arange(300) % 7)
    for factor in (10, 100, 0.1, 0.01):
        wrong = prices.copy()
        wrong[0, 150:] *= factor
        found = findings(engine, make_grid(wrong, np.ones_like(wrong, dtype=np.bool_)), load_ruleset("robust"))
        (first,) = found.filter(pl.col("date") == pl.lit(found["date"].min())).iter_rows(named=True)
        assert first["rule"] != "level_shift"
        assert SEVERITIES.index(first["severity"]) <= SEVERITIES.index("error" if factor in (100, 0.01) else "warning")


def test_code_that_decides_findings_is_not_changed_without_its_version() -> None:
    """Where this fails: raise `Robust.version`, and note the new digest here; a resumed run then starts anew."""
    folder = Path(inspect.getfile(Robust)).parent
    assert (Robust.version, digest_of_code(sorted(folder.glob("*.py")))) == (9, "87e67d6f1667a2c3")
