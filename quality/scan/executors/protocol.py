"""What runs the units of a scan: threads of this machine, or a cluster."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from quality.panel.catalogue import Damage
from quality.panel.panel_files import PanelFiles
from quality.panel.year_index import YearIndex
from quality.scan.options import ScanOptions
from quality.scan.units import Unit
from quality.storage import Store


class Executor(Protocol):
    """Runs what a scan consists of; it changes no bit of any finding."""

    def index_years(self, files: PanelFiles, options: ScanOptions) -> Iterable[YearIndex | Damage]:
        """Index every year of a panel, ascending; a year that cannot be read is said to be damaged."""
        ...

    def run_units(
        self,
        units: Sequence[Unit],
        files: PanelFiles,
        run: Store,
        options: ScanOptions,
        progress: Callable[[int], None],
    ) -> list[Any]:
        """Run units of work, and give what came of them in their order.

        Args:
            units: The units of work.
            files: The files of the panel.
            run: Where the findings go.
            options: How much of the machine a scan may take.
            progress: Told how many units are done.

        """
        ...
