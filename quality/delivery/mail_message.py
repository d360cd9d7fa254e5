"""What a mail carries: its text as it is, and what is attached."""
# ruff: noqa: PLC0415 -- this is SMTP's one door; smtplib and email cost 60 ms, paid only by who mails

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quality.text import visible

if TYPE_CHECKING:
    from email.message import EmailMessage
from quality.delivery.smtp import SmtpSettings

MAX_ATTACHMENT_BYTES = 10_000_000


@dataclass(frozen=True)
class Attachment:
    """Hold a file to send along: its name, its bytes and its media type, such as `text/csv`."""

    name: str
    data: bytes
    media_type: str


def compose(
    subject: str,
    body: str,
    settings: SmtpSettings,
    attachments: Sequence[Attachment] = (),
    *,
    max_attachment_bytes: int = MAX_ATTACHMENT_BYTES,
    too_large: Sequence[tuple[str, int]] = (),
    where: str = "the run's folder",
    html: str = "",
    images: Mapping[str, bytes] | None = None,
) -> EmailMessage:
    """Return a message ready to send; its text arrives byte for byte.

    Attachments that would take their total above `max_attachment_bytes` are left out, as are the `too_large`
    (name and bytes), which nobody read; the body then ends with their names, sizes and `where` they are. `html`
    is the same for clients that show it, with `images` (PNG, by content id) in it.
    """
    from email.message import EmailMessage
    from email.utils import make_msgid

    attached, left_out = _fitting(attachments, max_attachment_bytes)
    message = EmailMessage()
    message["Subject"] = visible(subject)
    message["From"] = settings.sender
    message["To"] = ", ".join(settings.recipients)
    message["Date"] = dt.datetime.now(dt.UTC)
    message["Message-ID"] = make_msgid(domain=settings.sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    # Bytes in base64: no relay has a long line to cut, a "From " to quote or a dot to double.
    missing = [*((each.name, len(each.data)) for each in left_out), *too_large]
    text = (body + _left_out_note(missing, where)).encode(errors="backslashreplace")
    message.set_content(text, "text", "plain", cte="base64", params={"charset": "utf-8"})
    if html:
        _add_html(message, html, images or {})
    for attachment in attached:
        maintype, _, subtype = attachment.media_type.partition("/")
        name = _file_name(attachment.name)
        message.add_attachment(attachment.data, maintype, subtype, filename=name)
    return message


def _add_html(message: EmailMessage, html: str, images: Mapping[str, bytes]) -> None:
    """Add the page as an alternative to the text, its images with it."""
    message.add_alternative(
        html.encode(errors="backslashreplace"), "text", "html", cte="base64", params={"charset": "utf-8"}
    )
    page = message.get_body(("html",))
    for name, data in images.items():
        if page is not None:
            page.add_related(data, "image", "png", cid=f"<{name}>", disposition="inline", filename=f"{name}.png")


def _fitting(attachments: Sequence[Attachment], max_bytes: int) -> tuple[list[Attachment], list[Attachment]]:
    """Split attachments, in order, into those that fit into `max_bytes` together and the others."""
    attached: list[Attachment] = []
    left_out: list[Attachment] = []
    room = max_bytes
    for attachment in attachments:
        fits = len(attachment.data) <= room
        (attached if fits else left_out).append(attachment)
        room -= len(attachment.data) if fits else 0
    return attached, left_out


def _left_out_note(left_out: Sequence[tuple[str, int]], where: str) -> str:
    """Return the end of a body that names what is not attached; nothing where all is."""
    lines = [f"not attached: {visible(name)}, {_size(size)}; it is in {visible(where)}\n" for name, size in left_out]
    return "\n" + "".join(lines) if lines else ""


def _size(count: int) -> str:
    """Return a number of bytes in the unit that a person would use."""
    return f"{count / 1e6:,.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"  # noqa: PLR2004


def _file_name(name: str) -> str:
    """Return an attachment's name without anything that a receiver could take for a path."""
    return re.sub(r"[/\\]", "_", visible(name))
