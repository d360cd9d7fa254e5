"""Takes a finished run to its place, its summary last, and reads back what arrived."""

import logging
from collections.abc import Callable

from quality.errors import DeliveryError, QualityError, UsageError
from quality.findings import summary as summaries
from quality.findings.run_files import check_links, clear, files_of
from quality.storage import Entry, Store, holding, is_same_place, lies_at, lies_in

_log = logging.getLogger(__name__)


def publish(run: Store, destination: Store, progress: Callable[[int, int], None] = lambda _d, _a: None) -> list[Entry]:
    """Copy a finished run to another place; what an earlier run left there is replaced.

    The summary goes last, so that a run that is half there does not look finished.

    Args:
        run: The run.
        destination: Where it goes.
        progress: Told how many files are there, and of how many.

    Returns:
        What the destination lists afterwards, each file of the size that was sent.

    Raises:
        InputError: The run is not finished.
        UsageError: The destination is the run, or lies in it or in its panel; or a part of it is a link to elsewhere.
        DeliveryError: It could not be copied whole, or another run is writing there; the run is untouched.

    """
    panel = str(summaries.read(run).get("panel") or "")
    if is_same_place(run, destination):
        raise UsageError(f"{run.address} cannot be published onto itself: choose another destination")
    if lies_in(destination, run):
        raise UsageError(
            f"{destination.address} lies in the run {run.address}, which would hold a copy of itself: "
            "choose another destination"
        )
    if panel and lies_at(destination, panel):
        raise UsageError(
            f"{destination.address} lies in the panel {panel} that the run is of: choose another destination"
        )
    files = files_of(run)
    check_links(destination, [entry.key for entry in files])
    try:
        with holding(destination):
            clear(destination, keep={entry.key for entry in files})
            for done, entry in enumerate(files, start=1):
                with run.local_copy(entry.key) as source, destination.writing(entry.key) as target:
                    target.write_bytes(source.read_bytes())
                progress(done, len(files))
        return _read_back(files, destination)
    except QualityError as error:
        if isinstance(error, DeliveryError):
            raise
        raise DeliveryError(str(error)) from error


def _read_back(files: list[Entry], destination: Store) -> list[Entry]:
    listed = {entry.key: entry for entry in destination.entries()}
    wrong = [entry.key for entry in files if entry.key not in listed or listed[entry.key].size != entry.size]
    if wrong:
        raise DeliveryError(
            f"{destination.address}: {len(wrong)} of {len(files)} files did not arrive whole, such as {wrong[0]}; "
            "publish the run again"
        )
    _log.info("published %d files to %s", len(files), destination.address)
    return [listed[entry.key] for entry in files]
