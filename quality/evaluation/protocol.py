"""What a rule set is to a scan and to a check: the sessions that it needs, and findings from a grid."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from quality.engine.connection import Connection
from quality.panel.grid import Grid
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


class Evaluation(Protocol):
    """How the rules of one set are evaluated; a rule set has one module or package that implements this.

    Attributes:
        look_back: Sessions before a judged one that the set's own metrics need.
        look_ahead: Sessions after a judged one that they need.
        version: Of what is computed outside of SQL: raised whenever that code changes, which a test guards.
        statements: The statements below `sql/` that decide findings beside the rules' files.
        extras: The optional columns of a panel that it reads, where the panel has them.
        remembers: Whether a ticker without rows in the grid is still expected: if so, the grid has all tickers.

    """

    look_back: int
    look_ahead: int
    version: int
    statements: tuple[str, ...]
    remembers: bool
    extras: tuple[str, ...]

    def evaluate(self, connection: Connection, grid: Grid, ruleset: RuleSet, start: dt.date, end: dt.date) -> Evaluated:
        """Evaluate every rule on the judged sessions of a grid, between two dates.

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
