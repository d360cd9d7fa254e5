"""The files that make up a run: where they may go, and taking away those of an earlier run and no others."""

import re
from collections.abc import Collection

from quality.errors import UsageError
from quality.findings import summary as summaries
from quality.findings.columns import CSV_KEY, NOTEBOOK_REPORT_KEY
from quality.storage import S3Options, Store, has_link, is_same_place, open_store, overlaps

_BY_YEAR = re.compile(r"findings/year=\d{4}/findings\.parquet|ledger/year=\d{4}\.json")
# Where a run that was made from one file keeps what became of its rows.
BOOKS = "ingest"
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
    for key in (*_SINGLE, summaries.KEY, *(entry.key for entry in run.entries() if _BY_YEAR.fullmatch(entry.key))):
        if has_link(run, key):
            raise UsageError(
                f"{run.url(key)} is or lies behind a link, and a run would overwrite what is not its own: "
                "remove the link, or choose another place for the run"
            )


def own_panel(run: Store, s3: S3Options | None = None) -> Store:
    """Open the panel that a run holds itself, where it was made from one file."""
    return open_store(f"{run.address}/panel", s3)


def clear(run: Store, keep: Collection[str] = ()) -> None:
    """Take away what an earlier run left, its summary first: what is half gone must not look finished.

    Args:
        run: The run.
        keep: The keys of files that stay.

    """
    # Only what is there: who may write a new run need not be allowed to delete.
    present = [entry.key for entry in run.entries()]
    for key in (summaries.KEY, *_SINGLE):
        if key in present:
            run.delete(key)
    for key in present:
        if _BY_YEAR.fullmatch(key) and key not in keep:
            run.delete(key)
