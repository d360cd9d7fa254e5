"""What an executor runs: units of work that need no more than their own files, an engine, and a place for results."""

from collections.abc import Iterable
from typing import Any, Protocol

from quality.engine.connection import Connection
from quality.panel.grid_files import YearPrices
from quality.panel.years import Year
from quality.storage import Store


class Unit(Protocol):
    """A unit of work: small, and it pickles."""

    @property
    def files(self) -> tuple[Year, ...]:
        """The partitions that it reads."""
        ...

    @property
    def laid_out(self) -> Iterable[int]:
        """The years that it lays out whole, as often as it does: others may want them, too."""
        ...

    def work(self, prices: YearPrices, engine: Connection, run: Store) -> Any:  # noqa: ANN401 - each has its own result
        """Do it; what it gives pickles, too.

        Args:
            prices: Where the prices of its years come from.
            engine: An engine that nobody else uses meanwhile.
            run: Where results go.

        """
        ...
