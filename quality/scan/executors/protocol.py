"""What runs the units of a scan: threads of this machine, or a cluster."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from quality.panel.catalogue import Damage
from quality.panel.panel_files import PanelFiles
from quality.panel.year_index import YearIndex
from quality.scan.chunk import ChunkResult, ChunkTask
from quality.scan.options import ScanOptions
from quality.storage import Store


class Executor(Protocol):
    """Runs what a scan consists of; it changes no bit of any finding."""

    def index_years(self, files: PanelFiles, options: ScanOptions) -> Iterable[YearIndex | Damage]:
        """Index every year of a panel, ascending; a year that cannot be read is said to be damaged."""
        ...

    def run_chunks(
        self,
        chunks: Sequence[ChunkTask],
        files: PanelFiles,
        run: Store,
        options: ScanOptions,
        progress: Callable[[int], None],
    ) -> list[ChunkResult]:
        """Evaluate chunks, each of which writes its findings, and give what came of them in the order of the chunks.

        Args:
            chunks: The units of work.
            files: The files of the panel.
            run: Where the findings go.
            options: How much of the machine a scan may take.
            progress: Told how many chunks are done.

        """
        ...
