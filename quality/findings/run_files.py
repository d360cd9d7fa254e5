"""The files that make up a run: where they may go, and taking away those of an earlier run and no others."""

import re
from collections.abc import Collection

from quality.errors import UsageError
from quality.findings import summary as summaries
from quality.findings.columns import CSV_KEY, NOTEBOOK_REPORT_KEY, is_partition_key
from quality.storage import Entry, S3Options, Store, has_link, is_local, is_same_place, open_store, overlaps

_RECORD = re.compile(r"ledger/year=\d{4}\.json|parts/year=\d{4}/[0-9a-f]+\.arrow")
# Where a run that was made from one file keeps what became of its rows.
BOOKS = "ingest"
# And the panel that it became.
_PANEL = "panel"
_SINGLE = (CSV_KEY, NOTEBOOK_REPORT_KEY)


def check_destination(run: Store, panel: Store) -> None:
    """Make sure that a run can be written to a place without harm to anything else there.

    Raises:
        UsageError: The place is the panel, lies in it or holds it, unless it is the run's own; or a part of it
            is a link to elsewhere.

    """
    is_own = is_same_place(panel, own_panel(run)) and run.exists(f"{BOOKS}/{summaries.KEY}")
    if overlaps(run, panel) and not is_own:
        raise UsageError(
            f"the run {run.address} and its panel {panel.address} lie in one another: choose another place for the run"
        )
    check_links(run)


def check_links(run: Store, keys: Collection[str] = ()) -> None:
    """Make sure that nothing of a run, nor any of some keys in its place, is a link to elsewhere; UsageError if so."""
    if not is_local(run):
        return
    there = (entry.key for entry in run.entries() if _is_of_year(entry.key))
    for key in (*_SINGLE, summaries.KEY, *there, *keys):
        if has_link(run, key):
            raise UsageError(
                f"{run.url(key)} is or lies behind a link, and a run would overwrite what is not its own: "
                "remove the link, or choose another place for the run"
            )


def _is_of_year(key: str) -> bool:
    return is_partition_key(key) or bool(_RECORD.fullmatch(key))


def files_of(run: Store) -> list[Entry]:
    """List what is delivered of a run, its summary last: all that lies there, but for a panel of its own."""
    entries = run.entries()
    is_of_file = any(entry.key == f"{BOOKS}/{summaries.KEY}" for entry in entries)
    kept = [entry for entry in entries if not (is_of_file and entry.key.startswith(f"{_PANEL}/"))]
    return sorted(kept, key=lambda entry: entry.key == summaries.KEY)


def own_panel(run: Store, s3: S3Options | None = None) -> Store:
    """Open the panel that a run holds itself, where it was made from one file."""
    return open_store(f"{run.address}/{_PANEL}", s3)


def clear(run: Store, keep: Collection[str] = ()) -> None:
    """Take away what an earlier run left, its summary first: what is half gone must not look finished.

    Args:
        run: The run.
        keep: The keys of files that stay.

    """
    # Only what is there: who may write a new run need not be allowed to delete.
    present = [entry.key for entry in run.entries()]
    if summaries.KEY in present:
        run.delete(summaries.KEY)
    for key in present:
        if (key in _SINGLE or _is_of_year(key)) and key not in keep:
            run.delete(key)
