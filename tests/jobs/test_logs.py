"""The log for machines: one JSON object a line, with the run, the instant and the duration of each step."""

import datetime as dt
import json


def test_each_step_of_a_batch_is_a_line_of_json(process, flat_panel, tmp_path):
    (tmp_path / "nightly.toml").write_text(f'[batch]\njob = "scan"\npanel = "{flat_panel.address}"\nrun = "run"\n')
    done = process("batch", "nightly.toml", "--log-format", "json")
    assert done.code == 0
    lines = [json.loads(line) for line in done.err.splitlines()]
    steps = {line["step"]: line for line in lines if "step" in line}
    assert list(steps) == ["scan", "deliver"]
    assert steps["scan"]["run"] == json.loads((tmp_path / "run" / "summary.json").read_text())["run_id"]
    assert steps["scan"]["batch"] == steps["deliver"]["batch"]
    assert steps["scan"]["seconds"] > 0
    assert dt.datetime.fromisoformat(steps["scan"]["timestamp"]).tzinfo == dt.UTC


def test_an_untrusted_text_stays_within_its_line(process):
    done = process("scan", "a\nb\x1b[2J", "run", "--log-format", "json")
    log = [json.loads(line) for line in done.err.splitlines() if line.startswith("{")]
    (message,) = [line for line in done.err.splitlines() if not line.startswith("{")]
    assert [line["level"] for line in log]
    assert message.startswith("pricewatch scan: ")
    assert "\x1b" not in done.err
