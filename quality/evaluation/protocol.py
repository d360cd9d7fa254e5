"""What a rule set is to a scan and to a check: the sessions that it needs, and findings from a grid."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import pyarrow as pa

from quality.engine.connection import Connection
from quality.panel.grid import Grid, Integers
from quality.rules.model import RuleSet


@dataclass(frozen=True)
class Evaluated:
    """What came of the judged sessions of a grid.

    Attributes:
        findings: The findings' columns as an Arrow table (texts as dictionaries), sorted by date, ticker and rule.
        absent: By year, the cells that were expected and have no row.

    """

    findings: pa.Table
    absent: Mapping[int, int]


class Common(Protocol):
    """What all tickers of some sessions have in common; small, and it pickles."""

    def of_tickers(self, tickers: Sequence[str]) -> Self:
        """Keep what concerns some tickers."""
        ...


class FirstPass(Protocol):
    """How a set learns what the tickers of a session have in common, where no grid holds them all.

    Attributes:
        look_back: Sessions before the judged ones that it needs.

    """

    look_back: int

    def measure(self, groups: Callable[[], Iterable[Grid]]) -> Any:  # noqa: ANN401 - each set has its own
        """Measure judged sessions; `groups` gives, each time, grids that hold all tickers, in the order of their bytes.

        What it gives pickles, and has a few hundred bytes a session, and more where incidents and swaps have cells.
        """
        ...

    def conclude(self, values: Sequence[Any]) -> Common:
        """Put what was measured of consecutive sessions together."""
        ...


@dataclass(frozen=True)
class Group:
    """What is to be known of all tickers where a grid holds some of them.

    Attributes:
        is_first: Whether the findings of whole sessions are to be this group's: they are one group's only.
        ranks: By ticker of the grid, its place among all as people count them, from 0.
        late_ranks: The places of those whose first session is not before the grid, ascending.
        late_seen: The numbers of these sessions.
        common: What the set's first pass says; None for a set without.

    """

    is_first: bool
    ranks: Integers
    late_ranks: Integers
    late_seen: Integers
    common: Any = None


class Evaluation(Protocol):
    """How the rules of one set are evaluated; a rule set has one module or package that implements this.

    Attributes:
        look_back: Sessions before a judged one that the set's own metrics need.
        look_ahead: Sessions after a judged one that they need.
        version: Of what is computed outside of SQL: raised whenever that code changes, which a test guards.
        statements: The statements below `sql/` that decide findings beside the rules' files.
        extras: The optional columns of a panel that it reads, where the panel has them.
        reports_positions: Whether a check reports as the notebook did, a missing ticker as a position.
        remembers: Whether a ticker without rows in the grid is still expected: if so, the grid has all tickers.

    """

    look_back: int
    look_ahead: int
    version: int
    statements: tuple[str, ...]
    remembers: bool
    reports_positions: bool
    extras: tuple[str, ...]

    @property
    def first_pass(self) -> FirstPass | None:
        """What the set must know before it judges some of the tickers; None for nothing."""
        ...

    def evaluate(
        self,
        connection: Connection,
        grid: Grid,
        ruleset: RuleSet,
        start: dt.date,
        end: dt.date,
        *,
        group: Group | None = None,
    ) -> Evaluated:
        """Evaluate every rule on the judged sessions of a grid, between two dates.

        Args:
            connection: An engine.
            grid: The grid.
            ruleset: The rules.
            start: The first date.
            end: The last one.
            group: What is to be known of all tickers, where the grid holds some of them.

        Raises:
            UsageError: A rule's SELECT or message is wrong; the message names its file.

        """
        ...

    def evaluate_all(
        self, connection: Connection, grids: Iterable[Grid], ruleset: RuleSet, start: dt.date, end: dt.date
    ) -> Iterator[tuple[int, Evaluated]]:
        """Evaluate every rule on consecutive grids, on as many at once as is cheaper, and with the same findings.

        Gives how many of the grids each result is of.

        Raises:
            UsageError: A rule's SELECT or message is wrong; the message names its file.

        """
        ...
