"""Mails a finished run: its alert, with the results attached."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from quality.delivery.alert_texts import daily_alert, scan_alert
from quality.delivery.mail_message import MAX_ATTACHMENT_BYTES, Attachment, compose
from quality.delivery.smtp import SmtpSettings, send
from quality.findings import schema as findings_files
from quality.findings import summary as summaries
from quality.storage import Store

_ATTACHED = {
    findings_files.NOTEBOOK_REPORT_KEY: "text/csv",
    findings_files.CSV_KEY: "text/csv",
    summaries.KEY: "application/json",
}


def mail_run(run: Store, settings: SmtpSettings, where: str | None = None) -> str:
    """Send the alert of a finished run, and give its subject.

    Args:
        run: The run.
        settings: The mail server, and who writes to whom.
        where: Where the reader finds the results; None for the run's own address.

    Raises:
        InputError: The run is not finished.
        DeliveryError: The mail did not reach everybody; the results are where they were.

    """
    place = where or run.address
    subject, body = alert(summaries.read(run), place)
    attached, too_large = [], []
    for entry in run.entries():
        if entry.key in _ATTACHED:
            name = entry.key.rpartition("/")[2]
            if entry.size > MAX_ATTACHMENT_BYTES:
                too_large.append((name, entry.size))
            else:
                attached.append(Attachment(name, run.read(entry.key), _ATTACHED[entry.key]))
    send(compose(subject, body, settings, attached, too_large=too_large, where=place), settings)
    return subject


def alert(summary: Mapping[str, Any], where: str) -> tuple[str, str]:
    """Give subject and body for a run: the notebook's alert for a checked day, else the scan's summary."""
    if summary.get("job") != "check":
        return scan_alert(summary, where)
    issues = [(str(line["key"]), str(line["issue"])) for line in summary.get("report", [])]
    return daily_alert(dt.date.fromisoformat(str(summary["last_session"])), issues)
