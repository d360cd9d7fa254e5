"""`pricewatch doctor`: what it says of configurations, good and bad, and that it changes nothing."""

import json
from pathlib import Path

import pytest

from quality.servers.smtp import SmtpServer
from quality.storage import open_store


@pytest.fixture
def config(flat_panel):
    """Write a configuration whose [batch] scans a small panel."""

    def write(batch="", rest=""):
        text = f'[batch]\njob = "scan"\npanel = {flat_panel.address!r}\nrun = "runs/{{date}}"\n{batch}\n{rest}\n'
        Path("nightly.toml").write_text(text, encoding="utf-8")
        return "nightly.toml"

    return write


@pytest.fixture
def examined(pricewatch):
    """Run the doctor: give its exit code, and by what was looked at its state and detail."""

    def examined(*arguments):
        done = pricewatch("doctor", *arguments, "--json")
        told = json.loads(done.out)
        assert told["would_run"] == (done.code == 0)
        return done.code, {one["what"]: (one["state"], one["detail"]) for one in told["examined"]}

    return examined


def test_a_good_configuration_would_run_and_nothing_changes(pricewatch, config, tmp_path):
    name = config()
    before = sorted(tmp_path.rglob("*"))
    done = pricewatch("doctor", name, "--date", "2022-09-26")
    assert (done.code, done.err) == (0, "")
    assert "runs/2022-09-26: writable" in done.out
    assert done.out.splitlines()[-1] == "it would run"
    assert sorted(tmp_path.rglob("*")) == before


def test_the_settings_in_force_can_be_looked_at_alone(examined):
    code, found = examined()
    assert (code, set(found)) == (0, {"rules", "suppressions", "corporate actions", "calendar", "temporary folder"})


def test_all_that_is_wrong_is_told_at_once(examined, config):
    name = config('suppressions = "gone.csv"\ncalendar = "XNYSS"\nruleset = "robst"')
    code, found = examined(name)
    assert code == 2
    assert {what for what, (state, _) in found.items() if state == "wrong"} == {"rules", "suppressions", "calendar"}
    assert found["panel"][0] == "ok"


def test_a_section_that_cannot_be_is_wrong(examined, config):
    code, found = examined(config('job_ = "x"'))
    assert (code, found["batch"][0]) == (2, "wrong")
    assert "no setting batch.job_" in found["batch"][1]


def test_an_unreadable_configuration_is_one_line(pricewatch):
    assert "cannot read gone.toml" in pricewatch("doctor", "gone.toml").failed(2)


def test_a_panel_that_is_not_there_is_code_3(examined, tmp_path):
    Path("a.toml").write_text('[batch]\njob = "scan"\npanel = "none"\nrun = "run"\n')
    code, found = examined("a.toml")
    assert (code, found["panel"][0]) == (3, "failed")
    assert not (tmp_path / "run").exists()


def test_a_place_below_a_file_cannot_be_written(examined, config):
    Path("runs").write_text("")
    code, found = examined(config())
    assert (code, found["run"][0]) == (3, "failed")


def test_a_run_in_its_panel_is_wrong(examined, flat_panel):
    place = flat_panel.address
    Path("a.toml").write_text(f'[batch]\njob = "scan"\npanel = {place!r}\nrun = "{place}/run"\n')
    code, found = examined("a.toml")
    assert (code, found["run"][0]) == (2, "wrong")


def test_a_file_may_come_later(examined, flat_panel):
    Path("a.toml").write_text(
        f'[batch]\njob = "check"\nfile = "{{date}}.csv"\npanel = {flat_panel.address!r}\nrun = "r"'
    )
    code, found = examined("a.toml", "--date", "2022-09-26")
    assert (code, found["file"]) == (0, ("ok", "2022-09-26.csv: not there yet"))


def test_a_bucket_is_tried_and_left_as_it_is(examined, config, bucket):
    code, found = examined(config(f'publish = "{bucket}/out"'))
    assert (code, found["publish"]) == (0, ("ok", f"{bucket}/out: writable"))
    assert open_store(bucket).entries() == []


def test_a_bucket_that_is_not_there_is_code_3(examined, config, bucket):
    code, found = examined(config(f'publish = "{bucket}-gone/out"'))
    assert (code, found["publish"][0]) == (3, "failed")


class TestMail:
    @pytest.fixture
    def server(self, monkeypatch):
        with SmtpServer() as server:
            monkeypatch.setenv("PRICEWATCH_MAIL_PASSWORD", server.password)
            yield server

    def settings(self, server):
        return (
            f'[mail]\nhost = "{server.host}"\nport = {server.port}\n'
            f'user = "{server.user}"\nca_file = "{server.ca_file}"\n'
            'sender = "a@example.com"\nrecipients = ["b@example.com"]\n'
        )

    def test_the_login_is_tried_and_nothing_sent(self, examined, config, server):
        code, found = examined(config("mail = true", self.settings(server)))
        assert (code, found["mail"][0]) == (0, "ok")
        assert server.messages == []

    def test_a_wrong_password_is_code_3_and_not_shown(self, examined, config, server, monkeypatch):
        monkeypatch.setenv("PRICEWATCH_MAIL_PASSWORD", "hunter2")
        code, found = examined(config("mail = true", self.settings(server)))
        assert (code, found["mail"][0]) == (3, "failed")
        assert "hunter2" not in str(found)
        assert "was refused" in found["mail"][1]

    def test_missing_recipients_are_wrong(self, examined, config):
        code, found = examined(config("mail = true"))
        assert (code, found["mail"][0]) == (2, "wrong")
