"""`pricewatch batch`."""

import json
import shutil

import pytest

from quality.servers.smtp import SmtpServer
from quality.storage import open_store


@pytest.fixture
def config(tmp_path):
    def write(batch, rest=""):
        (tmp_path / "nightly.toml").write_text(f"[batch]\n{batch}\n{rest}", encoding="utf-8")
        return "nightly.toml"

    return write


def test_scans_into_the_days_run(pricewatch, default_panels, config):
    file = config(f'job = "scan"\npanel = "{default_panels.faulty}"\nrun = "runs/{{date}}"\nruleset = "notebook"')
    done = pricewatch("batch", file, "--date", "2022-09-26")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("runs/2022-09-26: ")
    assert open_store("runs/2022-09-26").exists("summary.json")


def test_checks_publishes_and_mails(pricewatch, acceptance, config, bucket, monkeypatch):
    with SmtpServer() as server:
        monkeypatch.setenv("PRICEWATCH_MAIL_PASSWORD", server.password)
        file = config(
            f'job = "check"\npanel = "{acceptance.history}"\nfile = "{acceptance.file}"\nrun = "run"\n'
            f'ruleset = "notebook"\npublish = "{bucket}/{{date}}"\nmail = true\nfail_on = "error"',
            f'[mail]\nhost = "{server.host}"\nport = {server.port}\nuser = "{server.user}"\n'
            f'ca_file = "{server.ca_file}"\n'
            'sender = "alerts@example.com"\nrecipients = ["desk@example.com"]\n',
        )
        done = pricewatch("batch", file, "--date", "2022-09-26", "--json")
        assert len(server.messages) == 1
    assert (done.code, done.err) == (1, "")
    assert json.loads(done.out)["findings"] == 14
    assert open_store(f"{bucket}/2022-09-26").read("anomalies/anomaly_report_1.csv").decode() == acceptance.csv


def test_what_cannot_be_delivered_is_code_4_one_line_each_and_the_results_are_there(
    pricewatch, flat_panel, config, monkeypatch, bucket
):
    monkeypatch.setenv("PRICEWATCH_MAIL_ATTEMPTS", "1")
    file = config(
        f'job = "scan"\npanel = "{flat_panel.address}"\nrun = "run"\nruleset = "notebook"\n'
        f'publish = "{bucket}-none"\nmail = true\nfail_on = "error"',
        '[mail]\nhost = "127.0.0.1"\nport = 9\nsender = "a@example.com"\nrecipients = ["desk@example.com"]\n',
    )
    done = pricewatch("batch", file)
    assert done.code == 4
    published, mailed = done.err.splitlines()
    assert published.startswith("pricewatch batch: not delivered: ")
    assert "no such bucket" in published
    assert "mail server 127.0.0.1:9: 0 of 1 recipients reached" in mailed
    assert mailed.endswith("; the results are in run")
    assert open_store("run").exists("summary.json")


def test_a_day_that_cannot_be_appended_is_code_3_and_reported(pricewatch, acceptance, config, tmp_path):
    shutil.copytree(acceptance.history, tmp_path / "history")
    day = f'job = "check"\npanel = "history"\nfile = "{acceptance.file}"\nruleset = "notebook"'
    file = config(f'{day}\nrun = "run"\nappend = true')
    done = pricewatch("batch", file)
    assert done.code == 3
    assert "pricewatch batch: 2022-09-26 is not appended" in done.err
    assert "run: 14 issues on 2022-09-26" in done.out


@pytest.mark.parametrize(
    ("batch", "code", "says"),
    [
        ('job = "scan"', 2, "[batch] lacks panel, run"),
        ('job = "scan"\npanel = "none"\nrun = "run"', 3, "no panel at none"),
        ('job = "scan"\npanel = "none"\nrun = "run"\nmail = true', 2, "mail."),
        ('job = "check"\npanel = "none"\nrun = "run"\nfile = "none.csv"', 3, "none.csv"),
    ],
)
def test_what_is_wrong_is_one_line(pricewatch, config, batch, code, says):
    assert says in pricewatch("batch", config(batch)).failed(code)


def test_a_configuration_that_is_not_there_is_one_line(pricewatch):
    assert "cannot read none.toml: no such file" in pricewatch("batch", "none.toml").failed(2)
