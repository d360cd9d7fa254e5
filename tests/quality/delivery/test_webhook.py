"""The webhook, on a real server: what Slack shows, what programs read, what is tried again."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from quality.delivery.webhook import WebhookSettings, as_json, post
from quality.errors import DeliveryError, UsageError


@contextmanager
def listening(*codes):
    """Answer with one code after the other, the last one for ever; what was posted is kept."""
    posted, answers = [], list(codes)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(answers.pop(0) if len(answers) > 1 else answers[0])
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/services/SECRET", posted
    server.shutdown()
    server.server_close()


def test_a_story_is_posted_once(story):
    with listening(200) as (url, posted):
        post(story, WebhookSettings(url))
    (message,) = posted
    assert message["text"].startswith(":red_circle: *equities 2022-09-26: 1 error, 2 warnings (2 new)*")
    assert message["pricewatch"]["incidents"] == {"new": 2, "ongoing": 1, "resolved": 1, "suppressed": 0}
    assert (message["pricewatch"]["outcome"], message["pricewatch"]["results"]) == ("error", story.where)
    assert {block["type"] for block in message["blocks"]} == {"section"}


def test_no_ticker_formats_the_message(story):
    text = as_json(story)["text"]
    assert "&lt;b&gt;X&lt;/b&gt;" in text
    assert "<b>" not in text
    assert "<https://example.com/?a=1&b=2|Open the results>" in text


def test_what_may_pass_is_tried_again(story):
    pauses = []
    with listening(503, 429, 200) as (url, posted):
        post(story, WebhookSettings(url), pauses.append)
    assert (len(posted), len(pauses)) == (3, 2)


def test_what_will_not_pass_is_an_error_that_keeps_the_secret(story):
    with (
        listening(404) as (url, posted),
        pytest.raises(DeliveryError, match=r"webhook at 127\.0\.0\.1: it answered 404"),
    ):
        post(story, WebhookSettings(url))
    assert len(posted) == 1
    with pytest.raises(DeliveryError, match="Connection refused") as raised:
        post(story, WebhookSettings(url), lambda _: None)
    assert "SECRET" not in str(raised.value)
    assert "SECRET" not in repr(WebhookSettings(url))


@pytest.mark.parametrize("url", ["hooks.example.com", "ftp://example.com", "file:///etc/passwd", "https://"])
def test_another_address_is_refused_without_showing_it(url):
    with pytest.raises(UsageError, match="is no http or https address"):
        WebhookSettings(url)
