"""Each step is a line of log, and a heartbeat."""

import json
import logging

import pytest

from quality.batch.steps import Steps


def test_a_step_is_told_with_its_duration_and_what_came_of_it(caplog, tmp_path):
    heartbeat = tmp_path / "heartbeat.json"
    steps = Steps("id", str(heartbeat))
    with caplog.at_level(logging.INFO), steps.step("scan", panel="us") as about:
        assert json.loads(heartbeat.read_text())["step"] == "scan"
        about["findings"] = 3
    (record,) = caplog.records
    assert (record.batch, record.step, record.panel, record.findings) == ("id", "scan", "us", 3)
    assert record.seconds >= 0
    steps.beat("ended", code=3)
    assert json.loads(heartbeat.read_text())["exit_code"] == 3


def test_a_step_that_fails_is_told_too(caplog):
    with caplog.at_level(logging.INFO), pytest.raises(ZeroDivisionError), Steps("id").step("scan"):
        raise ZeroDivisionError("none")
    assert caplog.records[0].error == "ZeroDivisionError: none"


def test_a_heartbeat_that_cannot_be_written_stops_nothing(caplog, tmp_path):
    (tmp_path / "file").write_text("")
    with Steps("id", str(tmp_path / "file" / "heartbeat")).step("scan"):
        pass
    assert "no heartbeat" in caplog.text
