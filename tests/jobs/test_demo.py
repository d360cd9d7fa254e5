"""`pricewatch demo`: the notebook end to end, run once, looked at from every side."""

import email
import email.policy
import json
import os

import polars as pl
import pytest

from jobs import demo
from jobs.cli import main


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """Run the demo once; give its folder, what it printed, and the report as read from its S3 server."""
    folder = tmp_path_factory.mktemp("demo") / "demo"
    lines, on_s3 = [], []
    publish_check, say = demo._Demo.publish_check, demo.Console.say

    def and_read_back(self, bucket):
        publish_check(self, bucket)
        on_s3.append(bucket.read("anomalies/anomaly_report_1.csv").decode())
        on_s3.append([entry.key for entry in bucket.entries()])

    def and_keep(self, text=""):
        lines.extend(text.split("\n"))
        say(self, text)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo._Demo, "publish_check", and_read_back)
        patch.setattr(demo.Console, "say", and_keep)
        environment = dict(os.environ)
        try:
            assert main(["demo", str(folder)]) == 0
        finally:
            os.environ.clear()
            os.environ.update(environment)
    return folder, lines, on_s3


def test_the_14_issues_as_printed_in_their_order(shown, acceptance):
    _, lines, _ = shown
    start = next(at for at, line in enumerate(lines) if line.strip() == "14 issues:") + 1
    assert [line.strip() for line in lines[start : start + 14]] == acceptance.lines
    assert not lines[start + 14].startswith("       ")


def test_the_report_on_s3_as_read_back(shown, acceptance):
    folder, lines, (report, keys) = shown
    assert report == acceptance.csv
    assert "     read back: 14 issues below the header 'Ticker/Key,Issue'" in lines
    size = (folder / "runs/check/anomalies/anomaly_report_1.csv").stat().st_size
    assert f"     s3://pricewatch-demo/anomalies/anomaly_report_1.csv   {size:,} bytes" in lines
    assert {"summary.json", "scan/summary.json", "scan/anomalies.csv"} <= set(keys)


def test_the_mail_as_it_arrived(shown, acceptance):
    folder, lines, _ = shown
    message = email.message_from_bytes((folder / "mail.eml").read_bytes(), policy=email.policy.default)
    assert message["Subject"] == "Stock Anomaly Alert - 2022-09-26"
    body = message.get_body(("plain",)).get_content().splitlines()
    assert body == ["📅 Detected 14 anomalies on 2022-09-26:", "", *acceptance.lines]
    (report,) = (part for part in message.iter_attachments() if part.get_filename() == "anomaly_report_1.csv")
    assert report.get_payload(decode=True).decode() == acceptance.csv
    assert "     Subject: Stock Anomaly Alert - 2022-09-26" in lines


def test_the_panels_and_the_scan_are_the_published_ones(shown):
    folder, lines, _ = shown
    assert "     714 sessions × 100 tickers = 71,400 prices" in lines
    assert "     3,570: price_drop 904, price_spike 876, duplicate_value 559, missing_value 514" in "".join(
        line for line in lines if line.startswith("     3,570: ")
    )
    summary = json.loads((folder / "runs/scan/summary.json").read_text(encoding="utf-8"))
    assert (summary["by_rule"]["price_decrease"], summary["by_rule"]["price_increase"]) == (4_831, 2_536)
    assert pl.read_parquet(folder / "truth.parquet").height == 3_570


def test_every_step_is_numbered_and_timed(shown):
    _, lines, _ = shown
    steps = [line for line in lines if line[:1].isdigit()]
    assert [line.partition(".")[0] for line in steps] == [str(number) for number in range(1, len(steps) + 1)]
    assert all(line.endswith(" s") for line in steps)
    assert len(steps) == 8


def test_everything_that_it_names_is_there(shown):
    folder, lines, _ = shown
    start = next(at for at, line in enumerate(lines) if line.startswith("Everything is in"))
    named = [name for line in lines[start + 1 :] if line.startswith("  ") for name in line[2:22].split(",")]
    assert len(named) == 8
    assert all((folder / name.strip()).exists() for name in named)


def test_a_folder_with_other_files_is_left_alone(pricewatch, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/precious").write_text("x")
    assert "holds other files" in pricewatch("demo", "mine").failed(2)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["precious"]
    assert "is a file" in pricewatch("demo", "mine/precious").failed(2)
    assert (tmp_path / "mine/precious").read_text() == "x"
