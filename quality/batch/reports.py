"""Writes a run's report beside it, for those who get the run; without the extra there is none."""

import logging
from importlib.util import find_spec

from quality.batch.work import Done
from quality.errors import QualityError
from quality.investigate.queries import Limits, Sources
from quality.investigate.report.data import collect_report
from quality.investigate.report.page import render_report
from quality.settings import Settings

_log = logging.getLogger(__name__)

KEY = "report.html"


def wants_report(done: Done) -> bool:
    """Tell whether a run is to have a report and has none yet: one that is published, if the extra is installed."""
    task = done.task
    if done.job == "ingest" or not task.publish or not task.report or find_spec("jinja2") is None:
        return False
    return not (done.is_same and done.run.exists(KEY))


def write_report(done: Done, settings: Settings) -> None:
    """Write the report of a run; what goes wrong with it is logged, and stops nothing."""
    task = done.task
    try:
        limits = Limits(settings.threads, settings.memory_limit, seconds=0)
        page = render_report(collect_report(Sources(task.panel, (done.run.address,), None, settings.s3), limits))
        done.run.write(KEY, page.encode())
    except QualityError as error:
        _log.warning("no report: %s", error)
