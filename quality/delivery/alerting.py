"""Mails a finished run: the notebook's alert for its own rules, else the run's story; with the results attached."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from quality.delivery.alert_texts import daily_alert, scan_alert
from quality.delivery.mail_message import MAX_ATTACHMENT_BYTES, Attachment, compose
from quality.delivery.smtp import SmtpSettings, send
from quality.delivery.story import Story
from quality.delivery.story_mail import compose_mails
from quality.findings import schema as findings_files
from quality.findings import summary as summaries
from quality.storage import Store

NOTEBOOK = "notebook"
_ATTACHED = {
    findings_files.NOTEBOOK_REPORT_KEY: "text/csv",
    findings_files.CSV_KEY: "text/csv",
    summaries.KEY: "application/json",
}


def mail_run(run: Store, settings: SmtpSettings, where: str | None = None, story: Story | None = None) -> str:
    """Send the alert of a finished run, and give its subject.

    Args:
        run: The run.
        settings: The mail server, and who writes to whom.
        where: Where the reader finds the results; None for the run's own address.
        story: What is told of the run; with it, only runs of the rule set `notebook` get the notebook's alert.

    Raises:
        InputError: The run is not finished.
        DeliveryError: The mail did not reach everybody; the results are where they were.

    """
    summary = summaries.read(run)
    if story is not None and summary.get("ruleset") != NOTEBOOK:
        first, *smaller = compose_mails(story, run, settings)
        send(first, settings, smaller=smaller)
        return story.subject
    return _mail_alert(run, summary, settings, where or run.address)


def mail_story(story: Story, settings: SmtpSettings) -> str:
    """Send the story of a run that is not there, and give its subject; errors as `mail_run`."""
    first, *smaller = compose_mails(story, None, settings)
    send(first, settings, smaller=smaller)
    return story.subject


def _mail_alert(run: Store, summary: Mapping[str, Any], settings: SmtpSettings, place: str) -> str:
    subject, body = alert(summary, place)
    attached, too_large = [], []
    for entry in run.entries():
        if entry.key in _ATTACHED:
            name = entry.key.rpartition("/")[2]
            if entry.size > MAX_ATTACHMENT_BYTES:
                too_large.append((name, entry.size))
            else:
                attached.append(Attachment(name, run.read(entry.key), _ATTACHED[entry.key]))
    left_out = [*too_large, *((each.name, len(each.data)) for each in attached)]
    bare = compose(subject, body, settings, too_large=left_out, where=place)
    send(compose(subject, body, settings, attached, too_large=too_large, where=place), settings, smaller=[bare])
    return subject


def alert(summary: Mapping[str, Any], where: str) -> tuple[str, str]:
    """Give subject and body for a run: the notebook's alert for a checked day, else the scan's summary."""
    if summary.get("job") != "check":
        return scan_alert(summary, where)
    issues, outside = (
        [(str(line["key"]), str(line["issue"])) for line in summary.get(name, [])]
        for name in ("report", "outside_report")
    )
    return daily_alert(dt.date.fromisoformat(str(summary["last_session"])), issues, outside)
