"""Lineage events as a file and as a server get them."""

import json
from dataclasses import replace

import pytest

from quality.delivery.lineage import LineageSettings, emit
from quality.errors import DeliveryError, UsageError
from tests.quality.delivery.test_webhook import listening


def events(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_run_is_a_start_and_an_end_with_the_rules_as_assertions(story, tmp_path):
    emit(story, LineageSettings(file=str(tmp_path / "events.jsonl")))
    start, end = events(tmp_path / "events.jsonl")
    assert (start["eventType"], end["eventType"]) == ("START", "COMPLETE")
    assert start["run"]["runId"] == end["run"]["runId"]
    assert end["job"] == {"namespace": "pricewatch", "name": "equities.check", "facets": {}}
    (panel,) = end["inputs"]
    assert (panel["namespace"], panel["name"]) == ("s3://b", "panel")
    found = panel["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert {each["assertion"]: each["success"] for each in found} == {
        "price_spike": False,
        "missing_price": False,
        "zero_price": True,
    }
    assert panel["inputFacets"]["dataQualityMetrics"]["rowCount"] == 1200
    assert end["outputs"][0]["name"] == "quality/20220926T183000000Z-abcdef"


def test_the_same_run_is_the_same_to_the_server(story, tmp_path):
    for _ in range(2):
        emit(story, LineageSettings(file=str(tmp_path / "events.jsonl")))
    assert len({event["run"]["runId"] for event in events(tmp_path / "events.jsonl")}) == 1


def test_a_failure_is_told_as_one(story, tmp_path):
    emit(replace(story, summary={}, failure="no file"), LineageSettings(file=str(tmp_path / "events.jsonl")))
    end = events(tmp_path / "events.jsonl")[-1]
    assert end["eventType"] == "FAIL"
    assert end["run"]["facets"]["errorMessage"]["message"] == "no file"


def test_a_server_gets_them_too(story):
    with listening(201) as (url, posted):
        emit(story, LineageSettings(url=url.rpartition("/services")[0]))
    assert [event["eventType"] for event in posted] == ["START", "COMPLETE"]


def test_a_server_that_refuses_is_a_failed_delivery(story):
    with listening(401) as (url, _), pytest.raises(DeliveryError, match=r"lineage to 127\.0\.0\.1"):
        emit(story, LineageSettings(url=url, api_key="SECRET"))


@pytest.mark.parametrize("given", [{}, {"url": "http://a", "file": "b"}, {"url": "a"}])
def test_one_target_is_needed(given):
    with pytest.raises(UsageError, match=r"lineage"):
        LineageSettings(**given)
