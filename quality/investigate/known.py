"""What a run knew beside its panel, laid over a grid again: calendars and listed corporate actions."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from quality.calendar.exchanges import PANEL
from quality.calendar.groups import Calendars, closures_of
from quality.errors import UsageError
from quality.panel.action_file import open_actions
from quality.panel.actions import CorporateActions
from quality.panel.grid import Grid
from quality.storage import S3Options


def known_of(summary: Mapping[str, Any], s3: S3Options | None) -> tuple[Callable[[Grid], Grid], list[str]]:
    """Give what lays over a grid what a run knew, and notes about what of it is not to be had any more."""
    notes: list[str] = []
    actions, listed = CorporateActions(), summary.get("corporate_actions") or {}
    try:
        actions = open_actions(listed.get("file") or None, s3)
        if actions.digest != (listed.get("digest") or ""):
            notes.append(f"{actions.name} lists other corporate actions now than the run knew")
    except UsageError as error:
        notes.append(f"the run knew {listed.get('listed')} corporate actions, which are left out here: {error}")
    calendars = Calendars(summary.get("calendar") or PANEL, summary.get("calendars") or {})
    try:
        calendars.check()
    except UsageError as error:
        notes.append(f"the run's calendars are left out here: {error}")
        calendars = Calendars()

    def with_known(grid: Grid) -> Grid:
        closed = closures_of(calendars, grid.sessions).of(grid.tickers, grid.sessions)
        return replace(grid, actions=actions.about(grid.tickers, grid.sessions[0], grid.sessions[-1]), closed=closed)

    return with_known, notes
