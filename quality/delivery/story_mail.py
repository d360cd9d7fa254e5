"""A run's story as a mail: text, page and charts, and the findings as CSV as far as they fit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from quality.delivery.mail_message import Attachment, compose
from quality.delivery.smtp_settings import SmtpSettings
from quality.delivery.story import Story
from quality.delivery.story_html import as_html
from quality.delivery.story_text import as_text
from quality.findings.schema import CSV_KEY
from quality.storage import Store

if TYPE_CHECKING:
    from email.message import EmailMessage

# The CSV of the mail as it is meant, and of the one for a server that takes less.
_CSV_BYTES = (1_000_000, 50_000)


def compose_mails(story: Story, run: Store | None, settings: SmtpSettings) -> list[EmailMessage]:
    """Compose a mail, and smaller ones for a server that finds it too large: with less of the CSV, and with nothing.

    Args:
        story: What is told.
        run: The run whose findings are attached; None where there is none.
        settings: Who writes to whom.

    """
    mails = [_compose(story, run, settings, most) for most in _CSV_BYTES]
    bare = "Nothing is attached: the mail server takes no larger message."
    return [*mails, _compose_parts(replace(story, charts={}), settings, (), bare)]


def _compose(story: Story, run: Store | None, settings: SmtpSettings, most: int) -> EmailMessage:
    if most < _CSV_BYTES[0]:
        story = replace(story, charts={})
    total = sum(int(story.summary.get(name) or 0) for name in ("findings", "suppressed", "covered"))
    attachment, note = _findings_csv(run, most, total) if run is not None else (None, "")
    return _compose_parts(story, settings, (attachment,) if attachment else (), note)


def _compose_parts(story: Story, settings: SmtpSettings, attached: Sequence[Attachment], note: str) -> EmailMessage:
    names = {ticker: f"chart{number}" for number, ticker in enumerate(story.charts, start=1)}
    html = as_html(story, {ticker: f"cid:{name}" for ticker, name in names.items()}, note)
    text = as_text(story) + (f"\n{note}\n" if note else "")
    images = {name: story.charts[ticker] for ticker, name in names.items()}
    return compose(story.subject, text, settings, attached, html=html, images=images)


def _findings_csv(run: Store, most: int, total: int) -> tuple[Attachment | None, str]:
    """Give as many rows of the findings as fit into a number of bytes, and what to say of the others."""
    size = next((entry.size for entry in run.entries(CSV_KEY) if entry.key == CSV_KEY), 0)
    if not size:
        return None, ""
    with run.open(CSV_KEY) as file:
        head = file.read(most + 1)
    if len(head) <= most:
        rows = _rows(head)
        return (Attachment(CSV_KEY, head, "text/csv"), "") if rows else (None, "")
    kept = head[:most].rpartition(b"\n")[0] + b"\n"
    of_all = f" of {total:,}" if total else ""
    note = f"The attached {CSV_KEY} holds the first {_rows(kept):,} findings{of_all}; all are in {run.url(CSV_KEY)}."
    return Attachment(CSV_KEY, kept, "text/csv"), note


def _rows(csv: bytes) -> int:
    # A message may hold a line break in quotes, which begins no row.
    return len(re.findall(rb"\n(?=\d{4}-)", csv))
