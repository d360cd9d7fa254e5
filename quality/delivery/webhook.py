"""Posts a run's story to a chat: JSON that Slack and what imitates it show, and other programs can read."""

import json
import logging
import random
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from quality.delivery.story import Story
from quality.delivery.story_text import compared, headline, incident_line, shown
from quality.errors import DeliveryError, UsageError
from quality.text import visible

_log = logging.getLogger(__name__)

_EMOJI = {
    "failed": ":rotating_light:",
    "incomplete": ":rotating_light:",
    "error": ":red_circle:",
    "warning": ":large_orange_circle:",
    "info": ":large_blue_circle:",
    "clean": ":white_check_mark:",
}
# Slack cuts a block's text at 3,000 characters.
_MOST_CHARACTERS = 2900
_MOST_INCIDENTS = 10
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True)
class WebhookSettings:
    """Where to post; the address is a secret and shows in no message.

    Attributes:
        url: Its address, http or https.
        timeout: Seconds to wait for the server.
        retry_after: Seconds to wait before each further try.

    """

    url: str = field(repr=False)
    timeout: float = 10.0
    retry_after: tuple[float, ...] = (2.0, 10.0, 60.0)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError("webhook.url: what is given is no http or https address")

    @property
    def server(self) -> str:
        """The server's name, which is no secret."""
        return str(urlsplit(self.url).hostname)


def as_json(story: Story) -> dict[str, Any]:
    """Give the message: `text` and `blocks` for Slack, and `pricewatch` for programs."""
    head = f"{_EMOJI[story.outcome]} *{_plain(story.subject.removeprefix('[pricewatch] '))}*"
    lines = [_plain(headline(story).partition(": ")[2]), _plain(compared(story.changes))]
    lines += [f"*Not processed:* {_plain(line)}" for line in story.unprocessed]
    for kind in ("new", "ongoing", "resolved"):
        rows, _ = shown(getattr(story.changes, kind))
        total = story.changes.counts()[kind]
        lines += [
            f"• {kind}: `{_plain(row['ticker'])}` {_plain(incident_line(row, kind))} ({row['severity']})"
            for row in rows[:_MOST_INCIDENTS]
        ]
        if total > _MOST_INCIDENTS:
            lines.append(f"• … {total - _MOST_INCIDENTS:,} more {kind}")
    links = [f"<{address}|{_plain(label)}>" for label, address in story.links.items()]
    lines += [" · ".join([*links, *([f"Results: {_plain(story.where)}"] if story.where else [])])]
    body = "\n".join(filter(None, lines))
    return {
        "text": f"{head}\n{body}"[:_MOST_CHARACTERS],
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": head[:_MOST_CHARACTERS]}},
            {"type": "section", "text": {"type": "mrkdwn", "text": (body or " ")[:_MOST_CHARACTERS]}},
        ],
        "pricewatch": {
            "panel": story.panel,
            "date": story.day.isoformat(),
            "job": story.job,
            "outcome": story.outcome,
            "run_id": story.summary.get("run_id"),
            "by_severity": story.severities,
            "incidents": story.changes.counts(),
            "not_processed": list(story.unprocessed),
            "failure": story.failure,
            "results": story.where,
        },
    }


def post(story: Story, settings: WebhookSettings, sleep: Callable[[float], None] = time.sleep) -> None:
    """Post the story, trying again what may pass.

    Raises:
        DeliveryError: It was not taken; the message names the server, and not the address.

    """
    data = json.dumps(as_json(story), default=str).encode()
    for pause in (*settings.retry_after, None):
        problem, may_pass = _try(data, settings)
        if not problem:
            return
        if pause is None or not may_pass:
            raise DeliveryError(f"webhook at {settings.server}: {problem}; check webhook.url")
        _log.warning("webhook at %s: %s; next try in %.0f s", settings.server, problem, pause)
        sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads load, no secret


def _try(data: bytes, settings: WebhookSettings) -> tuple[str, bool]:
    """Post once; give the problem, and whether it may pass."""
    request = urllib.request.Request(  # noqa: S310 - the scheme was checked
        settings.url, data, {"Content-Type": "application/json", "User-Agent": "pricewatch"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=settings.timeout):  # noqa: S310 - likewise
            return "", False
    except urllib.error.HTTPError as error:
        return f"it answered {error.code}", error.code in _PASSING
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        return visible(f"no answer, {getattr(reason, 'strerror', None) or type(reason).__name__}"), True


def _plain(text: object) -> str:
    """Give text that Slack shows as it is: its three special characters are escaped, and no format is obeyed."""
    escaped = visible(str(text)).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"{char}\u200b" if char in "*_~`" else char for char in escaped)
