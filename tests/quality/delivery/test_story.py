"""A story as it is read: its subject, its text and its page."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from quality.delivery.changes import Changes
from quality.delivery.story import unprocessed_of
from quality.delivery.story_html import as_html
from quality.delivery.story_text import as_text

NOTHING = Changes()


def test_a_subject_has_the_outcome_and_the_counts(story):
    assert story.subject == "[pricewatch] equities 2022-09-26: 1 error, 2 warnings (2 new)"


@pytest.mark.parametrize(
    ("changes", "subject", "outcome"),
    [
        ({"summary": {"cells": 1200}}, "clean, 1,200 prices checked", "clean"),
        (
            {"summary": {"cells": 9}, "unprocessed": ["year 2021: damaged"]},
            "1 part NOT PROCESSED",
            "incomplete",
        ),
        ({"failure": "in/day.csv did not arrive"}, "FAILED: in/day.csv did not arrive", "failed"),
        ({"summary": {"by_severity": {"info": 2}}}, "2 info", "info"),
    ],
)
def test_a_subject_says_how_it_went(story, changes, subject, outcome):
    told = replace(story, **{"changes": NOTHING} | changes)
    assert told.subject == f"[pricewatch] equities 2022-09-26: {subject}"
    assert told.outcome == outcome


def test_what_was_not_processed_is_never_an_all_clear(story):
    told = replace(story, summary={"cells": 9}, changes=NOTHING, unprocessed=["year 2021: damaged"])
    for text in (told.subject, as_text(told), as_html(told, {})):
        assert "clean" not in text.lower().replace("clean_", "")
    assert "year 2021: damaged" in as_text(told)


def test_the_text_has_new_incidents_first_and_then_what_goes_on_and_what_ended(story):
    assert (
        as_text(story)
        == """\
equities 2022-09-26: 1 error, 2 warnings; 1,200 prices checked.
Incidents since the run of 2022-09-23: 2 new, 1 ongoing, 1 resolved.

NEW (2)
  error    ST0055    Missing Price
  warning  <b>X</b>  Price Spike (120%) & more

ONGOING (1)
  warning  ST0003  Frozen; since 2022-09-23, 2 sessions

RESOLVED (1)
  warning  ST0007  Drop; on 2022-09-23

Findings by rule
  2  price_spike
  1  missing_price

Results: s3://b/quality/20220926T183000000Z-abcdef
Open the results: https://example.com/?a=1&b=2
To see the same:
  pricewatch sql worst_tickers --run s3://b/q
"""
    )


class Reader(HTMLParser):
    """Reads a page strictly: every tag that is opened is closed, and the texts in order."""

    VOID = frozenset({"meta", "img", "br"})

    def __init__(self):
        super().__init__()
        self.open, self.texts, self.links, self.images = [], [], [], []

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.open.append(tag)
        self.links += [value for name, value in attrs if name == "href"]
        self.images += [value for name, value in attrs if name == "src"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.texts.append(data)


def test_the_page_says_the_same_and_no_ticker_writes_html(story):
    page = Reader()
    page.feed(as_html(replace(story, charts={"ST0055": b"png"}), {"ST0055": "cid:chart1"}))
    assert page.open == []
    words = " ".join(page.texts)
    for text in ("<b>X</b>", "Price Spike (120%) & more", "since 2022-09-23, 2 sessions", "2 new, 1 ongoing"):
        assert text in words
    assert page.links == ["https://example.com/?a=1&b=2"]
    assert page.images == ["cid:chart1"]


def test_long_lists_are_cut_and_the_rest_counted(story):
    many = story.changes.new.head(1)
    changes = replace(
        story.changes, new=many.clear().vstack(many.select(many.columns)).sample(300, with_replacement=True)
    )
    for text in (as_text(replace(story, changes=changes)), as_html(replace(story, changes=changes), {})):
        assert "280 more: see the results" in text


def test_what_a_run_could_not_process_is_named():
    assert unprocessed_of({"outcome": "complete", "damaged": [], "conflicts": 0}) == []
    assert unprocessed_of({"outcome": "partial", "damaged": [{"year": 2021, "reason": "short"}]}) == [
        "year 2021: short"
    ]
    assert unprocessed_of(
        {
            "outcome": "partial",
            "failed_files": [{"file": "a.csv", "reason": "no table"}],
            "rows_refused": 3,
            "conflicts": 1,
        }
    ) == ["a.csv: no table", "3 rows refused", "1 price in conflict with others"]
    assert unprocessed_of({"outcome": "partial"}) == ["the run is partial"]
